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
from tabcouce.read.table import Column

_LISTED = 5


def layout_notes(
    header: Header,
    columns: tuple[RawColumn, ...],
    kept: tuple[Column, ...],
    limits: tuple[int, ...],
    end: int,
    present: npt.NDArray[np.bool_],
    place: Place,
) -> list[Note]:
    """What of the sheet was taken for names, limits, gaps and foot.

    columns  the raw columns from the first row of data on; end is the number of rows above
             the foot, present tells the rows that are not blank
    kept     the columns of the table; limits are the rows of limits, from 0
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
        labels = [next(column[p] for column in columns if not is_empty(column[p])) for p in foot]
        words = tuple(label_text(label)[:40] for label in labels[:_LISTED])
        note("foot-rows", first + foot[0], len(foot), words=words)
    gaps = np.flatnonzero(~present)
    inner = gaps[gaps < np.flatnonzero(present)[-1]]
    if len(inner):
        note("blank-rows", first + int(inner[0]), len(inner))
    return notes


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
