"""Workbooks of Excel 2 to 4 from before 1994, which calamine does not read."""

from __future__ import annotations

import xlrd

from tabcouce.errors import Place, ReadError
from tabcouce.read.file_content import FileContent


def read_old_sheet(content: FileContent) -> tuple[str, list[list[object]]]:
    """Name and rows of the first sheet; None where a cell is blank.

    Raises  ReadError if the file is damaged
    """
    try:
        book = xlrd.open_workbook(file_contents=content.data, logfile=_Silent())
        sheet = book.sheet_by_index(0)
        rows = [[_cell(cell, book.datemode) for cell in sheet.row(number)] for number in range(sheet.nrows)]
    except (xlrd.XLRDError, AssertionError, IndexError, ValueError, KeyError, UnicodeError) as error:
        raise ReadError(
            f"the old workbook is damaged ({error})",
            place=Place(file=content.name),
            remedy="Open it in Excel and save it as .xlsx or CSV.",
        ) from None
    width = max((len(row) for row in rows), default=0)
    return sheet.name, [[*row, *[None] * (width - len(row))] for row in rows]


def _cell(cell: xlrd.sheet.Cell, datemode: int) -> object:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, datemode)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code[cell.value]
    return None if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) else cell.value


class _Silent:
    """xlrd writes its warnings to a file; the notes of the reader are the ones that count."""

    def write(self, text: str) -> None:
        """Take the text and forget it."""
