"""The doors of the reading room: a file goes in, a `Table` comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tabcouce.errors import Place, ReadError
from tabcouce.read.file_content import FileContent, load
from tabcouce.read.join import join
from tabcouce.read.note import Note
from tabcouce.read.old_workbook import read_old_sheet
from tabcouce.read.parquet import read_parquet
from tabcouce.read.rows import read_rows
from tabcouce.read.stack import same_columns, stack
from tabcouce.read.table import Layout, Source, Table
from tabcouce.read.text_file import read_text
from tabcouce.read.workbook import names_of_sheets, read_sheet, read_workbook, visible_sheets


def read_table(path: Path, layout: Layout | None = None) -> Table:
    """Read the table of a CSV, TSV, text or Parquet file (also .gz) or of one sheet of a workbook.

    The content decides, not the extension. Whatever was left out, reread or guessed is in
    `Table.notes`; nothing is filled in unless the layout asks for it.

    layout  what to take as given instead of finding it out
    Raises  ReadError if there is no such file or sheet, or it holds no table that can be
            read without guessing at its cells
    """
    layout = layout or Layout()
    content = load(Path(path))
    if content.kind == "workbook":
        return _of_workbook(content, layout)
    if layout.sheet is not None or layout.join is not None:
        raise ReadError(
            f"this file has no sheets, but sheet {layout.sheet or layout.join!r} was asked for",
            place=Place(file=content.name),
            remedy="Leave the sheet out, or give the workbook.",
        )
    if content.kind == "parquet":
        return read_parquet(content, layout)
    if content.kind == "old workbook":
        name, rows = read_old_sheet(content)
        source = Source(content.name, content.sha256, sheet=name, decimal=layout.decimal or ".")
        return read_rows(rows, (), source, layout)
    return read_text(content, layout)


def read_tables(
    paths: Sequence[Path], layout: Layout | None = None, *, join_file: Path | None = None
) -> Table:
    """Several files as one table: stacked under each other, then joined with another file.

    Stacked files get a column 'file' with the name of each row's file.

    join_file  file whose columns are added to the rows with the same `layout.on`
    Raises     ReadError as `read_table` does, or if the files do not fit together
    """
    layout = layout or Layout()
    if join_file is not None and not layout.on:
        raise _no_key(Place(file=join_file.name))
    tables = [read_table(path, layout) for path in paths]
    labels = _labels(paths)
    table = tables[0] if len(tables) == 1 else stack(tables, labels, column="file")
    if join_file is None:
        return table
    other = read_table(join_file, Layout(missing=layout.missing))
    return join(table, other, layout.on, names=(", ".join(labels), join_file.name))


def _labels(paths: Sequence[Path]) -> list[str]:
    """File names, with their folders where two are called alike."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _of_workbook(content: FileContent, layout: Layout) -> Table:
    alone = replace(layout, join=None, stack_sheets=False)
    table = _stacked(content, alone) if layout.stack_sheets else read_workbook(content, alone)
    if layout.join is None:
        return table
    if not layout.on:
        raise _no_key(Place(file=content.name))
    other = read_workbook(content, Layout(sheet=layout.join, missing=layout.missing))
    # The note on sheets that were not read no longer holds for the joined one.
    table = replace(table, notes=tuple(note for note in table.notes if note.rule != "other-sheets"))
    return join(table, other, layout.on, names=(table.source.sheet or content.name, layout.join))


def _stacked(content: FileContent, layout: Layout) -> Table:
    """All visible sheets with the columns of the first one, one below the other."""
    tables: list[Table] = []
    names: list[str] = []
    left_out: list[Note] = []
    for name in visible_sheets(content):
        place = Place(file=content.name, sheet=name)
        try:
            table = read_workbook(content, replace(layout, sheet=name))
        except ReadError as error:
            left_out.append(Note("stack-left-out", place, 1, {"part": name, "reason": error.what}))
            continue
        if tables and not same_columns(tables[0], table):
            reason = ", ".join(column.name for column in table.columns[:6])
            left_out.append(Note("stack-left-out", place, 1, {"part": name, "reason": reason}))
            continue
        tables.append(table)
        names.append(name)
    if not tables:
        raise ReadError(
            "no visible sheet holds a table",
            place=Place(file=content.name),
            remedy="Check that this is the right workbook.",
        )
    table = stack(tables, names, column="sheet")
    return replace(table, notes=(*table.notes, *left_out))


def _no_key(place: Place) -> ReadError:
    return ReadError(
        "two tables are to be joined, but no key is named",
        place=place,
        remedy="Name the columns that both have, e.g. --on lot.",
    )


def read_grid(path: Path, sheet: str) -> list[list[object]]:
    """Raw cells of one sheet from cell A1 on, row by row; '' where a cell is blank.

    Raises  ReadError if the file is no workbook or has no such sheet
    """
    content = load(Path(path))
    if content.kind != "workbook":
        raise ReadError(
            f"a text file has no sheets, but sheet {sheet!r} was asked for",
            place=Place(file=content.name),
            remedy="Give the workbook.",
        )
    return read_sheet(content, sheet)


def sheet_names(path: Path) -> tuple[str, ...]:
    """Names of the worksheets in order, hidden ones included; () for a text file."""
    content = load(Path(path))
    return names_of_sheets(content) if content.kind == "workbook" else ()
