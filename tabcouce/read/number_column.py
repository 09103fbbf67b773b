"""Columns of plain numbers as one array: they need no look at each cell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import NoneType

import numpy as np

from tabcouce.read.cells import is_blank
from tabcouce.read.grid import RawColumn


def number_column(cells: Sequence[object], codes: Collection[float]) -> RawColumn:
    """(n,) float64, NaN where blank, if every filled cell is a number; else the cells as found.

    codes  numbers that mean 'no value': where one stands in the column, its cells are looked at singly
    """
    kinds = set(map(type, cells))
    if float not in kinds or not kinds <= {float, NoneType, str}:
        return list(cells)
    if kinds == {float}:
        numbers = np.fromiter(cells, dtype=np.float64, count=len(cells))
        blank = 0
    else:
        filled = [cell if type(cell) is float else None for cell in cells]
        if not all(is_blank(cell) for cell in cells if type(cell) is not float):
            return list(cells)
        numbers = np.array(filled, dtype=np.float64)  # None becomes NaN
        blank = filled.count(None)
    # A cell that is no number although it is a float would be taken for a blank one.
    if np.isnan(numbers).sum() != blank or (codes and np.isin(numbers, list(codes)).any()):
        return list(cells)
    return numbers
