"""One row of a sheet that is kept as columns."""

from __future__ import annotations

from collections.abc import Sequence

from tabcouce.read.cells import is_blank
from tabcouce.read.grid import RawColumn, Row


def row_cells(columns: Sequence[RawColumn], position: int) -> list[object]:
    """The cells of the row at the position; NaN of a column read as numbers is None."""
    cells = [column[position] for column in columns]
    return [None if isinstance(cell, float) and cell != cell else cell for cell in cells]


def first_filled(row: Row) -> tuple[int, object]:
    """Column and cell of the first cell that is not blank; (-1, None) in a blank row."""
    return next(((c, cell) for c, cell in enumerate(row) if not is_blank(cell)), (-1, None))
