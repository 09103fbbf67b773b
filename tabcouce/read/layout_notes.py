"""Notes on rows and columns of the sheet that are not data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.errors import Place
from tabcouce.read.cells import is_blank
from tabcouce.read.column_letter import column_letter
from tabcouce.read.grid import RawColumn, label_text
from tabcouce.read.header import Header
from tabcouce.read.note import Fact, Note
from tabcouce.read.row_cells import first_filled, row_cells
from tabcouce.read.table import Column

_LISTED = 5


def layout_notes(
    header: Header,
    columns: tuple[RawColumn, ...],
    kept: tuple[Column, ...],
    limits: tuple[int, ...],
    end: int,
    present: npt.NDArray[np.bool_],
    subtotals: list[int],
    place: Place,
) -> list[Note]:
    """What of the sheet was taken for names, limits, gaps and foot.

    columns    the raw columns from the first row of data on; end is the number of rows above
               the foot, present tells the rows that are data
    kept       the columns of the table; limits are the rows of limits, from 0
    subtotals  positions of rows of subtotals between the data
    """
    first = header.first
    notes: list[Note] = []

    def note(rule: str, row: int, count: int, /, **facts: Fact) -> None:
        notes.append(Note(rule, Place(place.file, place.sheet, row + 1), count, facts))

    if not header.rows:
        note("no-header", first, 1)
    if limits:
        stated = tuple(c.name for c in kept if {c.lower, c.upper, c.target_value} != {None})
        note("spec-rows", limits[0], len(limits), names=stated or ("-",))
    for name, letters in header.repeated.items():
        where = Place(place.file, place.sheet, None, letters[0])
        notes.append(Note("duplicate-header", where, len(letters), {"name": name, "letters": letters}))
    gap = side_gap(columns, header.names)
    if gap is not None:
        letter = column_letter(gap)
        notes.append(
            Note("blank-column", Place(place.file, place.sheet, None, letter), 1, {"letter": letter})
        )
    foot = [p for p in range(end, len(columns[0])) if any(not is_empty(column[p]) for column in columns)]
    if foot:
        note("foot-rows", first + foot[0], len(foot), words=_labels(columns, foot[:_LISTED]))
    if subtotals:
        words = _labels(columns, subtotals[:_LISTED])
        rows = tuple(str(first + p + 1) for p in subtotals[:_LISTED])
        note("subtotal-rows", first + subtotals[0], len(subtotals), words=words, rows=rows)
    gaps = np.setdiff1d(np.flatnonzero(~present), subtotals)
    inner = gaps[gaps < np.flatnonzero(present)[-1]]
    if len(inner):
        note("blank-rows", first + int(inner[0]), len(inner))
    return notes


def _labels(columns: tuple[RawColumn, ...], positions: list[int]) -> tuple[str, ...]:
    """The first filled cell of each of the rows."""
    return tuple(label_text(first_filled(row_cells(columns, p))[1])[:40] for p in positions)


def side_gap(columns: tuple[RawColumn, ...], names: tuple[str | None, ...]) -> int | None:
    """The first nameless blank column with filled columns on both sides."""
    used = [
        name is not None or not all(is_empty(cell) for cell in column)
        for column, name in zip(columns, names, strict=True)
    ]
    for position in range(used.index(True) + 1 if True in used else 0, len(used)):
        if not used[position] and any(used[position:]):
            return position
    return None


def is_empty(cell: object) -> bool:
    """Blank, or NaN where the reader of the file took the column as numbers."""
    return is_blank(cell) or (isinstance(cell, float) and cell != cell)
