"""Rows of cells as a sheet shows them: column letters, merged ranges, what a cell counts as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from tabcouce.read.cells import ERROR_TOKENS, MISSING_TOKENS, is_blank, text_of
from tabcouce.read.number_text import parse_number

Kind = Literal["blank", "value", "label"]
Row = Sequence[object]
RawColumn = list[object] | tuple[object, ...] | npt.NDArray[Any]
"""Cells of a column as found, or float64 where the reader of the file is sure already."""
_DATE_LIKE = re.compile(
    r"\d{1,4}([-/.年])\d{1,2}([-/.月])\d{1,4}日?([ T].*)?|\d{1,2}:\d{2}(:\d{2})?(\.\d+)?|[\d\s:/.,+-]+"
)


@dataclass(frozen=True)
class Merge:
    """A merged range; rows and columns count from 0, both ends belong to it."""

    top: int
    left: int
    bottom: int
    right: int

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies in the range."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


def cell_kind(cell: object, decimal: str = ".") -> Kind:
    """Whether a cell is empty, a value (number, date, error, 'no value') or a label.

    Codes such as L2404 are labels here: only the cells below tell names from values.
    """
    if is_blank(cell):
        return "blank"
    if not isinstance(cell, str):
        return "value"
    text = cell.strip()
    if text in ERROR_TOKENS or text in MISSING_TOKENS or parse_number(text, decimal) is not None:
        return "value"
    return "value" if _DATE_LIKE.fullmatch(text) else "label"


def filled(row: Row) -> int:
    """Number of cells of a row that are not blank."""
    return sum(not is_blank(cell) for cell in row)


def label_text(cell: object) -> str:
    """A header cell as one line of text, stripped."""
    return re.sub(r"\s*[\r\n]+\s*", " ", text_of(cell).strip())


def spread(rows: Sequence[Row], merges: Sequence[Merge]) -> list[list[object]]:
    """Rows with the cell of each merged range written into all of its cells.

    A range that is the only filled cell of its row is a title and is not spread.
    """
    grid = [list(row) for row in rows]
    for merge in merges:
        if merge.top >= len(rows) or merge.left >= len(rows[merge.top]):
            continue
        if merge.top == merge.bottom and filled(rows[merge.top]) <= 1:
            continue
        cell = rows[merge.top][merge.left]
        for row in range(merge.top, min(merge.bottom + 1, len(grid))):
            for column in range(merge.left, min(merge.right + 1, len(grid[row]))):
                grid[row][column] = cell
    return grid
