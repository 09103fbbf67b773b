"""Notes on the cells of one column that were not taken as they stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.read.cells import TypedCells, text_of
from tabcouce.read.grid import RawColumn
from tabcouce.read.note import MOST_CELLS, CellRead, Fact, Note
from tabcouce.read.table import Column, Source

_LISTED_WORDS = 5


def column_notes(
    column: Column,
    typed: TypedCells,
    found: RawColumn,
    rows: npt.NDArray[np.int64],
    source: Source,
) -> list[Note]:
    """One note per way in which cells were changed or refused, with the address of each cell.

    found  the raw cells
    rows   (n,) 1-based row of the sheet at each position
    """
    notes: list[Note] = []

    def note(rule: str, positions: Sequence[int], /, **facts: Fact) -> None:
        if not positions:
            return
        where = source.place(int(rows[positions[0]]), column.name)
        cells = tuple(
            CellRead(source.address(column.letter, int(rows[p])), text_of(found[p]).strip(), _taken(typed, p))
            for p in positions[:MOST_CELLS]
        )
        notes.append(Note(rule, where, len(positions), facts, cells))

    note("missing-token", typed.missing, words=typed.missing_words[:_LISTED_WORDS])
    note("error-cell", typed.errors, words=typed.error_words[:_LISTED_WORDS])
    if typed.unit is None:
        note("coerced-number", typed.coerced)
    else:
        note("unit-in-cells", typed.coerced, unit=typed.unit)
    note("limit-below", typed.below)
    note("limit-above", typed.above)
    note("not-detected", typed.undetected)
    note("mixed-column", typed.odd)
    note("repeat-marks", typed.repeated)
    note("mixed-dates", typed.dated)
    note("coerced-date", typed.respelt)
    note("refused-date", typed.undated)
    if pd.isna(typed.values).all():
        where = source.place(int(rows[0]), column.name)
        notes.append(Note("empty-column", where, len(typed.values)))
    return notes


def _taken(typed: TypedCells, position: int) -> str:
    """The value a cell counts as, '' for none."""
    value = typed.values[position]
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, np.datetime64):
        return str(pd.Timestamp(value))
    return text_of(float(value)) if isinstance(value, np.floating) else str(value)
