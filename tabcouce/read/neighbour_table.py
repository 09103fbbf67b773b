"""A second table beside the first: seen by a blank column between two headers, and refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tabcouce.errors import Place, ReadError
from tabcouce.read.column_letter import column_letter
from tabcouce.read.header import Header

_FEWEST = 3
"""Rows below its names from which a block of columns is a table and not a remark."""


def refuse_neighbour_table(header: Header, blank: Sequence[npt.NDArray[np.bool_]], place: Place) -> None:
    """ReadError where a blank column parts two blocks of named columns that end on different rows.

    blank  one mask of blank cells per column of the sheet, from the first row of data on
    A blank column inside one table (both sides run down to the same row) is only noted, and so
    is a single column beside the table, such as remarks.
    """
    if not header.rows:
        return
    blocks = [(left, right, _height(blank[left : right + 1])) for left, right in _blocks(header, blank)]
    tables = [block for block in blocks if block[1] > block[0] and block[2] >= _FEWEST]
    if len({height for _, _, height in tables}) < 2:
        return
    top = header.rows[0] + 1
    ranges = [
        f"{column_letter(left)}{top}:{column_letter(right)}{header.first + height}"
        for left, right, height in tables
    ]
    raise ReadError(
        f"{len(tables)} tables stand side by side, parted by a blank column: {', '.join(ranges)}",
        place=place,
        remedy=f"Read one of them with --range, e.g. --range {ranges[0]}.",
    )


def _blocks(header: Header, blank: Sequence[npt.NDArray[np.bool_]]) -> list[tuple[int, int]]:
    """First and last column of each run of columns that have a name or a value, and names throughout."""
    used = [name is not None or not mask.all() for name, mask in zip(header.names, blank, strict=True)]
    edges = np.flatnonzero(np.diff([False, *used, False]))
    runs = [(int(left), int(right) - 1) for left, right in edges.reshape(-1, 2)]
    return [run for run in runs if None not in header.names[run[0] : run[1] + 1]]


def _height(blank: Sequence[npt.NDArray[np.bool_]]) -> int:
    """Rows down to the last that is filled anywhere in the block."""
    filled = np.flatnonzero(~np.logical_and.reduce(blank))
    return int(filled[-1]) + 1 if len(filled) else 0
