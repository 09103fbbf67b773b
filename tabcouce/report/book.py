"""A workbook that is written whole or not at all; text stays text, also where it begins with '='."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from tabcouce.report.atomic import write_bytes

TO_FILL = "#FFF2CC"
"""Colour of the cells that a person is to fill in."""
LONGEST_LIST = 255
"""Letters that Excel takes in a list of choices, with the commas between them."""
LONGEST_PROMPT = 255


@contextmanager
def written_book(path: Path, *, title: str = "", by_row: bool = False) -> Iterator[xlsxwriter.Workbook]:
    """The workbook to fill in; it stands at `path` once the block has ended without an error.

    by_row  cells come row by row, so that each row is put away at once: half the time of a long sheet
    """
    content = BytesIO()
    plain = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    kept = "constant_memory" if by_row else "in_memory"
    book = xlsxwriter.Workbook(content, {**dict.fromkeys(plain, False), kept: True})
    # A fixed date makes the bytes of the same study equal.
    book.set_properties({"title": title, "created": datetime(2000, 1, 1)})
    yield book
    book.close()
    write_bytes(path, content.getvalue())


def write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: object) -> None:
    """A finite number as a number, a text as text, everything blank or infinite as an empty cell."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        if np.isfinite(value):
            sheet.write_number(row, column, float(value))
    elif value is not None and value is not pd.NaT:
        sheet.write_string(row, column, str(value))
