"""A range of cells as spreadsheets write it, 'A3:H60', and what is left of a sheet inside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tabcouce.errors import Place, ReadError
from tabcouce.read.column_letter import column_number
from tabcouce.read.grid import Row

_RANGE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]+):\$?([A-Za-z]{1,3})\$?([0-9]+)")


@dataclass(frozen=True)
class CellRange:
    """Rows and columns from 0; both ends belong to it."""

    top: int
    left: int
    bottom: int
    right: int

    def cut(self, rows: Sequence[Row]) -> list[list[object]]:
        """The sheet down to the last row of the range, blank outside it: addresses stay as they are."""
        return [
            [
                cell if number >= self.top and column >= self.left else None
                for column, cell in enumerate(row[: self.right + 1])
            ]
            for number, row in enumerate(rows[: self.bottom + 1])
        ]


def parse_range(text: str, place: Place) -> CellRange:
    """The range a text names.

    Raises  ReadError if it is no range, or ends before it begins
    """
    found = _RANGE.fullmatch(text.strip())
    if found:
        area = CellRange(
            int(found[2]) - 1, column_number(found[1]), int(found[4]) - 1, column_number(found[3])
        )
        if 0 <= area.top <= area.bottom and area.left <= area.right:
            return area
    raise ReadError(
        f"{text!r} is no range of cells", place=place, remedy="Write it as in a spreadsheet, e.g. A3:H60."
    )
