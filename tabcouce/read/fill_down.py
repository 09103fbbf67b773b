"""Labels written on the first row of each lot only: filled down where asked, else pointed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tabcouce.errors import Place, ReadError
from tabcouce.read.cells import TypedCells, text_of
from tabcouce.read.grid import RawColumn
from tabcouce.read.layout_notes import is_empty
from tabcouce.read.note import MOST_CELLS, CellRead, Fact, Note
from tabcouce.read.table import Column


def fill_down(
    columns: Sequence[Column],
    cells: list[RawColumn],
    wanted: tuple[str, ...],
    rows: npt.NDArray[np.int64],
    place: Place,
) -> list[Note]:
    """Write the value above into the blank cells of the named columns, in place.

    cells  raw cells of the rows of data, one per column; rows is their number in the sheet
    Raises ReadError if a named column does not exist
    """
    notes: list[Note] = []
    for name in wanted:
        found = [c for c, column in enumerate(columns) if column.name == name]
        if not found:
            raise ReadError(
                f"there is no column {name!r} to fill down",
                place=place,
                remedy=f"The columns are {', '.join(repr(column.name) for column in columns[:8])}.",
            )
        column, taken = columns[found[0]], list(cells[found[0]])
        filled: list[CellRead] = []
        for position in range(1, len(taken)):
            if is_empty(taken[position]) and not is_empty(taken[position - 1]):
                taken[position] = taken[position - 1]
                filled.append(CellRead(f"{column.letter}{rows[position]}", "", text_of(taken[position])))
        cells[found[0]] = taken
        if filled:
            where = replace(place, row=int(rows[0]), column=name)
            asked: dict[str, Fact] = {"column": name}
            notes.append(Note("filled-down", where, len(filled), asked, tuple(filled[:MOST_CELLS])))
    return notes


def sparse_labels(
    columns: Sequence[Column], typed: Sequence[TypedCells], rows: npt.NDArray[np.int64], place: Place
) -> list[Note]:
    """A note per column of texts of which each stands once, with blank cells below it."""
    notes: list[Note] = []
    for column, cells in zip(columns, typed, strict=True):
        if cells.values.dtype != object or len(rows) < 4:
            continue
        filled = [value for value in cells.values if value is not None]
        first = cells.values[0] is not None
        if first and 2 <= len(filled) <= len(rows) / 2 and len(set(filled)) == len(filled):
            where = replace(place, row=int(rows[0]), column=column.name)
            facts: dict[str, Fact] = {"rows": len(rows), "column": column.name}
            notes.append(Note("sparse-labels", where, len(filled), facts))
    return notes
