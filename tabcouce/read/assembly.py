"""From a header and columns of raw cells to the `Table`, with a note for every decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import Place, ReadError
from tabcouce.read.cells import MISSING_TOKENS, TypedCells, is_blank, type_cells
from tabcouce.read.grid import RawColumn, column_letter, label_text
from tabcouce.read.header import Header
from tabcouce.read.marginal import foot_start
from tabcouce.read.naming import check_names
from tabcouce.read.second_table import refuse_second_table
from tabcouce.read.table import Column, Note, Source, Table
from tabcouce.read.unit import unit_of_name


@dataclass(frozen=True)
class RawSheet:
    """A sheet split into header and columns, not yet typed.

    columns  one per column of the sheet, all of the same length: cells as found, or float64
             where the reader is sure already
    notes    what the reader of the file decided before
    """

    source: Source
    header: Header
    columns: tuple[RawColumn, ...]
    notes: tuple[Note, ...] = ()


def assemble(raw: RawSheet, *, missing: tuple[str, ...] = ()) -> Table:
    """Type the columns, drop what is not data, and write down what was decided.

    Raises  ReadError if two columns share a name, no row of data is left, or a second
            table begins further down
    """
    place = Place(file=raw.source.file, sheet=raw.source.sheet)
    header = raw.header
    end = foot_start(raw.columns)
    blank = [_blank_mask(column[:end]) for column in raw.columns]
    kept = [c for c, mask in enumerate(blank) if header.names[c] is not None or not mask.all()]
    check_names([header.names[c] if c in set(kept) else None for c in range(len(blank))], place)
    named = {header.names[c] for c in kept}
    columns = tuple(_column(header, c, named) for c in kept)
    present = ~np.logical_and.reduce([blank[c] for c in kept]) if kept else np.zeros(0, dtype=bool)
    if not present.any():
        names = ", ".join(repr(column.name) for column in columns)
        raise ReadError(
            f"there is no row of data below the header ({len(columns)} columns: {names})"
            if columns
            else "there is no data",
            place=place,
            remedy="Check that this is the right sheet and that the rows were saved.",
        )
    rows = header.first + 1 + np.flatnonzero(present)
    words = MISSING_TOKENS | {word.strip() for word in missing}
    typed = [_typed(raw.columns[c][:end], present, raw.source.decimal or ".", words) for c in kept]
    refuse_second_table([column.name for column in columns], typed, rows, place)
    notes = [*raw.notes, *_layout_notes(raw, end, present, place)]
    for column, cells in zip(columns, typed, strict=True):
        notes += _column_notes(column, cells, rows, place)
        # Without a header no column has a name, and one note says so.
        if header.rows and _called_by_letter(column):
            what = "the column has no name and is called by its letter"
            where = Place(place.file, place.sheet, int(rows[0]), column.name)
            notes.append(Note("unnamed-column", what, where, 1))
    frame = pd.DataFrame(
        {
            column.name: pd.Series(cells.values, dtype=cells.values.dtype)
            for column, cells in zip(columns, typed, strict=True)
        }
    )
    return Table(
        source=raw.source,
        columns=columns,
        frame=frame,
        rows=rows.astype(np.int64),
        header_rows=tuple(row + 1 for row in header.rows),
        unit_row=None if header.unit_row is None else header.unit_row + 1,
        notes=tuple(notes),
    )


def _blank_mask(cells: RawColumn) -> npt.NDArray[np.bool_]:
    if isinstance(cells, np.ndarray) and cells.dtype == np.float64:
        return np.isnan(cells)
    return np.fromiter((is_blank(cell) for cell in cells), dtype=bool, count=len(cells))


def _column(header: Header, position: int, named: set[str | None]) -> Column:
    letter = column_letter(position)
    name = header.names[position]
    if name is None:
        name = f"column {letter}"
        while name in named:
            name += "'"
        return Column(name=name, letter=letter, unit=header.units[position])
    return Column(name=name, letter=letter, unit=header.units[position] or unit_of_name(name))


def _typed(
    cells: RawColumn, present: npt.NDArray[np.bool_], decimal: str, missing: frozenset[str]
) -> TypedCells:
    if isinstance(cells, np.ndarray) and cells.dtype == np.float64:
        return TypedCells(values=cells[present])
    kept = list(cells) if present.all() else [cells[p] for p in np.flatnonzero(present).tolist()]
    return type_cells(kept, decimal=decimal, missing=missing)


def _layout_notes(raw: RawSheet, end: int, present: npt.NDArray[np.bool_], place: Place) -> list[Note]:
    """Notes on rows of the sheet that are not data."""
    header = raw.header
    first = header.first
    notes: list[Note] = []

    def note(rule: str, what: str, row: int, count: int) -> None:
        notes.append(Note(rule, what, Place(place.file, place.sheet, row + 1), count))

    if not header.rows:
        note("no-header", "no row of names was found; columns are called by their letters", first, 1)
    if header.spec_rows:
        count = len(header.spec_rows)
        note("spec-rows", f"{count} rows of limits or targets are not data", header.spec_rows[0], count)
    gap = _side_gap(raw.columns, header.names)
    if gap is not None:
        letter = column_letter(gap)
        what = f"column {letter} is blank between filled ones; are two tables side by side?"
        notes.append(Note("blank-column", what, Place(place.file, place.sheet, None, letter)))
    foot = [
        p for p in range(end, len(raw.columns[0])) if any(not _empty(column[p]) for column in raw.columns)
    ]
    if foot:
        labels = [next(column[p] for column in raw.columns if not _empty(column[p])) for p in foot]
        shown = ", ".join(repr(label_text(label)[:40]) for label in labels[:5])
        note(
            "foot-rows", f"{len(foot)} rows below the data were left out: {shown}", first + foot[0], len(foot)
        )
    gaps = np.flatnonzero(~present)
    inner = gaps[gaps < np.flatnonzero(present)[-1]]
    if len(inner):
        note(
            "blank-rows",
            f"{len(inner)} blank rows between the data were left out",
            first + int(inner[0]),
            len(inner),
        )
    return notes


def _side_gap(columns: tuple[RawColumn, ...], names: tuple[str | None, ...]) -> int | None:
    """The first nameless blank column with filled columns on both sides."""
    used = [
        name is not None or not all(_empty(cell) for cell in column)
        for column, name in zip(columns, names, strict=True)
    ]
    for position in range(used.index(True) + 1 if True in used else 0, len(used)):
        if not used[position] and any(used[position:]):
            return position
    return None


def _empty(cell: object) -> bool:
    return is_blank(cell) or (isinstance(cell, float) and cell != cell)


def _called_by_letter(column: Column) -> bool:
    return column.name.rstrip("'") == f"column {column.letter}"


def _column_notes(column: Column, cells: TypedCells, rows: npt.NDArray[np.int64], place: Place) -> list[Note]:
    """Notes on cells of one column that were not taken as they stand."""
    notes: list[Note] = []

    def note(rule: str, what: str, positions: Sequence[int]) -> None:
        where = Place(place.file, place.sheet, int(rows[positions[0]]), column.name)
        notes.append(Note(rule, what, where, len(positions)))

    if cells.missing:
        shown = ", ".join(repr(word) for word in cells.missing_words[:5])
        note("missing-token", f"{len(cells.missing)} cells read as missing: {shown}", cells.missing)
    if cells.errors:
        shown = ", ".join(cells.error_words[:5])
        note("error-cell", f"{len(cells.errors)} error cells read as missing: {shown}", cells.errors)
    if cells.coerced:
        note("coerced-number", f"{len(cells.coerced)} texts read as numbers", cells.coerced)
    if cells.odd:
        word = str(cells.values[cells.odd[0]])[:40]
        what = f"text in a column of numbers, so the column is text: {word!r} and {len(cells.odd) - 1} more"
        note("mixed-column", what if len(cells.odd) > 1 else what.partition(" and ")[0], cells.odd)
    if cells.repeated:
        note(
            "repeat-marks", f"{len(cells.repeated)} marks for 'as above' took the value above", cells.repeated
        )
    if cells.dated:
        what = f"{len(cells.dated)} real dates among text that is no certain date, so the column is text"
        note("mixed-dates", what, cells.dated)
    if pd.isna(cells.values).all():
        note("empty-column", "the column has a name but no value", range(len(cells.values)))
    return notes
