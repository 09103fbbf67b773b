"""The doors of the reading room: a file goes in, a `Table` comes out."""

from __future__ import annotations

from pathlib import Path

from tabcouce.errors import Place, ReadError
from tabcouce.read.file_content import load
from tabcouce.read.table import Layout, Table
from tabcouce.read.text_file import read_text
from tabcouce.read.workbook import names_of_sheets, read_sheet, read_workbook


def read_table(path: Path, layout: Layout | None = None) -> Table:
    """Read the table of a CSV, TSV or text file (also .gz) or of one sheet of a workbook.

    The content decides, not the extension. Whatever was left out, reread or guessed is in
    `Table.notes`; nothing is filled in.

    layout  what to take as given instead of finding it out
    Raises  ReadError if there is no such file or sheet, or it holds no table that can be
            read without guessing at its cells
    """
    layout = layout or Layout()
    content = load(Path(path))
    if content.kind == "workbook":
        return read_workbook(content, layout)
    if layout.sheet is not None:
        raise ReadError(
            f"a text file has no sheets, but sheet {layout.sheet!r} was asked for",
            place=Place(file=content.name),
            remedy="Leave the sheet out, or give the workbook.",
        )
    return read_text(content, layout)


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
