"""Excel and OpenDocument workbooks, read with calamine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    WorksheetNotFound,
    XmlError,
    ZipError,
)

from tabcouce.errors import Place, ReadError
from tabcouce.read import bounds
from tabcouce.read.cells import is_blank
from tabcouce.read.column_letter import column_letter
from tabcouce.read.file_content import FileContent
from tabcouce.read.grid import Merge, filled
from tabcouce.read.head import HEAD_ROWS
from tabcouce.read.header import find_header
from tabcouce.read.note import MOST_CELLS, CellRead, Note
from tabcouce.read.rows import read_rows
from tabcouce.read.sheet_xml import SheetFacts, scan_sheet
from tabcouce.read.table import Layout, Source, Table
from tabcouce.read.unfollowed import unfollowed_notes

ROLES_SHEET = "roles"
"""Name of the sheet that holds roles; it is never data."""


@dataclass(frozen=True)
class SheetCells:
    """One sheet as calamine gives it: rows from row 1, merged ranges, facts from the XML."""

    name: str
    rows: list[list[object]]
    merges: tuple[Merge, ...]
    facts: SheetFacts
    notes: tuple[Note, ...] = ()


def names_of_sheets(content: FileContent) -> tuple[str, ...]:
    """Names of the worksheets in order, hidden ones included, chart sheets not."""
    book = _open(content)
    return tuple(sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet)


def read_sheet(content: FileContent, sheet: str) -> list[list[object]]:
    """Raw cells of a sheet from cell A1 on; '' where a cell is blank."""
    return _rows(_sheet(_open(content), sheet, Place(file=content.name, sheet=sheet)))


def read_workbook(content: FileContent, layout: Layout) -> Table:
    """The table of one sheet of a workbook; see `read_table`."""
    cells = _choose(content, layout)
    place = Place(file=content.name, sheet=cells.name)
    if not any(filled(row) for row in cells.rows):
        raise ReadError("the sheet is empty", place=place, remedy="Check that this is the right sheet.")
    source = Source(file=content.name, sha256=content.sha256, sheet=cells.name, decimal=layout.decimal or ".")
    table = read_rows(cells.rows, cells.merges, source, layout, cells.notes)
    facts = () if table.source.turned else _fact_notes(cells.facts, table)
    unfollowed = unfollowed_notes(content.data, Place(file=content.name))
    return replace(table, notes=(*table.notes, *facts, *_alike(content, cells, table), *unfollowed))


def _alike(content: FileContent, cells: SheetCells, table: Table) -> list[Note]:
    """A note on sheets that were not read but have the same columns: months, lots, machines."""
    place = Place(file=content.name)
    others = next((note.facts["names"] for note in cells.notes if note.rule == "other-sheets"), ())
    names = {column.name for column in table.columns}
    found: list[str] = []
    for other in others if isinstance(others, tuple) else ():
        loaded = _load(content, _open(content), other)
        header = find_header(loaded.rows[:HEAD_ROWS], merges=loaded.merges, place=place)
        held = {name for name in header.names if name is not None}
        if len(names & held) > 0.5 * max(len(names), len(held)):
            found.append(other)
    if not found:
        return []
    return [Note("same-columns", place, len(found), {"sheet": cells.name, "names": tuple(found)})]


def visible_sheets(content: FileContent) -> tuple[str, ...]:
    """Names of the worksheets that are not hidden, without the sheet of roles."""
    return tuple(
        sheet.name
        for sheet in _open(content).sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet
        and sheet.visible == SheetVisibleEnum.Visible
        and sheet.name.strip().casefold() != ROLES_SHEET
    )


def _open(content: FileContent) -> CalamineWorkbook:
    place = Place(file=content.name)
    locked = ReadError(
        "the workbook is protected by a password",
        place=place,
        remedy="Open it in Excel and save a copy without the password.",
    )
    try:
        with _panic_is_damage(place):
            return CalamineWorkbook.from_filelike(io.BytesIO(content.data))
    except PasswordError:
        raise locked from None
    except (CalamineError, ZipError, XmlError, OSError) as error:
        if "assword" in str(error):
            raise locked from None
        what = _not_a_workbook(content.data) or f"the workbook is damaged ({error})"
        remedy = "Open it in Excel, let Excel repair it and save it again; or copy it again."
        raise ReadError(what, place=place, remedy=remedy) from None


@contextmanager
def _panic_is_damage(place: Place) -> Iterator[None]:
    """calamine's compiled code trusts some sizes in a damaged file and stops with a panic.

    pyo3 makes it an exception that can only be told by its name, and that is none of Exception.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ReadError(
            f"the workbook is damaged ({error})",
            place=place,
            remedy="Open it in Excel, let Excel repair it and save it again; or copy it again.",
        ) from None


def _not_a_workbook(data: bytes) -> str | None:
    """What a zip archive is when it is no workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return None
    if any(name in names for name in ("xl/workbook.xml", "xl/workbook.bin", "content.xml")):
        return None
    return f"this is a zip archive of {len(names)} files, not a workbook"


def _sheet(book: CalamineWorkbook, sheet: str, place: Place) -> CalamineSheet:
    try:
        with _panic_is_damage(place):
            found = book.get_sheet_by_name(sheet)
    except WorksheetNotFound:
        raise ReadError(
            f"there is no sheet {sheet!r}; the workbook has {_listed(book.sheet_names)}",
            place=Place(file=place.file),
            remedy="Give the name of one of its sheets.",
        ) from None
    except (CalamineError, ZipError, XmlError) as error:
        raise ReadError(
            f"the sheet cannot be read ({error})",
            place=place,
            remedy="Open the workbook in Excel, let Excel repair it and save it again.",
        ) from None
    if found.total_height * found.total_width > bounds.MOST_CELLS:
        raise ReadError(
            f"the sheet reaches down to row {found.total_height + 1}, column "
            f"{column_letter(found.total_width)}, which is too large to read",
            place=place,
            remedy="Delete the stray cells far from the table, or copy the table to a new workbook.",
        )
    return found


def _rows(sheet: CalamineSheet) -> list[list[object]]:
    return cast("list[list[object]]", sheet.to_python(skip_empty_area=False))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _choose(content: FileContent, layout: Layout) -> SheetCells:
    """The sheet named, or the first visible one with data; the others are noted."""
    book = _open(content)
    if layout.sheet is not None:
        return _load(content, book, layout.sheet)
    place = Place(file=content.name)
    visible: list[str] = []
    hidden: list[str] = []
    for sheet in book.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.name.strip().casefold() != ROLES_SHEET:
            (visible if sheet.visible == SheetVisibleEnum.Visible else hidden).append(sheet.name)
    for position, name in enumerate(visible):
        cells = _load(content, book, name)
        if any(filled(row) for row in cells.rows):
            rest = [other for other in visible[position + 1 :] if _sheet(book, other, place).height]
            return replace(cells, notes=_sheet_notes(name, rest, hidden, place))
    looked = f"visible: {_listed(visible)}" if visible else "none is visible"
    unseen = f"; hidden: {_listed(hidden)}" if hidden else ""
    raise ReadError(
        f"no sheet holds data ({looked}{unseen})",
        place=place,
        remedy="Name the sheet with the table, or check that the workbook was saved.",
    )


def _sheet_notes(chosen: str, rest: list[str], hidden: list[str], place: Place) -> tuple[Note, ...]:
    notes: list[Note] = []
    if rest:
        notes.append(Note("other-sheets", place, len(rest), {"sheet": chosen, "names": tuple(rest)}))
    if hidden:
        notes.append(Note("hidden-sheets", place, len(hidden), {"names": tuple(hidden)}))
    return tuple(notes)


def _load(content: FileContent, book: CalamineWorkbook, name: str) -> SheetCells:
    sheet = _sheet(book, name, Place(file=content.name, sheet=name))
    rows = _rows(sheet)
    facts = scan_sheet(content.data, name, content.signed)
    for (row, column), error in facts.errors.items():
        if row < len(rows) and column < len(rows[row]) and is_blank(rows[row][column]):
            rows[row][column] = error  # calamine leaves error cells blank
    ranges = sheet.merged_cell_ranges or []
    merges = tuple(Merge(top, left, bottom, right) for (top, left), (bottom, right) in ranges)
    return SheetCells(name, rows, merges, facts)


def _fact_notes(facts: SheetFacts, table: Table) -> list[Note]:
    """Notes on formulas never calculated, one a column, and on hidden rows among the data."""
    notes: list[Note] = []
    data = {int(row) for row in table.rows}
    for column in table.columns:
        rows = [
            row + 1
            for row, position in facts.uncalculated
            if column_letter(position) == column.letter and row + 1 in data
        ]
        if rows:
            where = Place(table.source.file, table.source.sheet, rows[0], column.name)
            cells = tuple(CellRead(f"{column.letter}{row}", "") for row in rows[:MOST_CELLS])
            notes.append(Note("uncalculated-formula", where, len(rows), {"column": column.name}, cells))
    hidden = [row + 1 for row in facts.hidden_rows if row + 1 in data]
    if hidden:
        where = Place(table.source.file, table.source.sheet, hidden[0])
        notes.append(Note("hidden-rows", where, len(hidden)))
    for column in table.columns:
        if any(column_letter(position) == column.letter for position in facts.hidden_columns):
            where = Place(table.source.file, table.source.sheet, None, column.name)
            notes.append(Note("hidden-columns", where))
    return notes
