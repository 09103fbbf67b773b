"""Rows of a filled run sheet, put below those of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import CellError
from tabcouce.read.stack import stack
from tabcouce.read.table import Source, Table
from tabcouce.roles.column_name import name_key

LABEL = "\x00part"


@dataclass(frozen=True)
class FilledRuns:
    """cells  column -> (m,) number, text or None; rows (m,) 1-based row of the sheet"""

    source: Source
    cells: Mapping[str, tuple[object, ...]]
    rows: npt.NDArray[np.int64]


def with_runs(table: Table, added: Sequence[FilledRuns]) -> Table:
    """The table with the runs as further rows; columns that a sheet lacks are blank in its rows.

    Raises  CellError for a column of the sheet that the data do not have
    """
    if not added:
        return table
    parts = [_table(table, runs) for runs in added]
    labels = [str(number) for number in range(len(parts) + 1)]
    joined = stack([table, *parts], labels, column=LABEL)
    label = joined.columns[-1].name
    notes = tuple(note for note in joined.notes if note.rule != "stacked")
    return replace(joined, columns=joined.columns[:-1], frame=joined.frame.drop(columns=label), notes=notes)


def _table(table: Table, runs: FilledRuns) -> Table:
    spelled = {name_key(column.name): column.name for column in table.columns}
    frame = pd.DataFrame({name: _blank(table.frame[name], len(runs.rows)) for name in table.frame.columns})
    for name, cells in runs.cells.items():
        held = spelled.get(name_key(name))
        if held is None:
            raise CellError(
                f"The run sheet has the column '{name}', which the data do not have.",
                place=runs.source.place(1, name),
                remedy="Add the runs to the file that the study was fitted on.",
            )
        numeric = pd.api.types.is_numeric_dtype(table.frame[held].dtype)
        frame[held] = pd.Series(list(cells), dtype=float if numeric else object)
    return replace(
        table, source=runs.source, frame=frame, rows=runs.rows, notes=(), censored={}, parts=(), picture=()
    )


def _blank(column: pd.Series, n: int) -> pd.Series:
    return pd.Series([None] * n, dtype=column.dtype if column.dtype.kind in "fM" else object)
