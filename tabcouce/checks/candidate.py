"""The columns that could give the target away, inputs and left-out ones alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.roles.role import Roles


@dataclass(frozen=True)
class Candidate:
    """One column over the dataset's rows.

    numbers  (n,) float, NaN where blank; None for a text column
    codes    (n,) int, level of each cell of a text column (0 is blank); None for numbers
    in_use   models read it
    """

    name: str
    numbers: npt.NDArray[np.float64] | None
    codes: npt.NDArray[np.int64] | None
    in_use: bool

    @property
    def blank(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the cell is empty."""
        if self.numbers is not None:
            return ~np.isfinite(self.numbers)
        assert self.codes is not None
        return self.codes == 0


def candidates(table: Table, roles: Roles, dataset: Dataset) -> tuple[Candidate, ...]:
    """Inputs, and columns left out as ignored, identifier, after the result or further targets.

    Contexts are judged on their own, as are columns of time and group.
    """
    frame = table.frame.loc[np.isin(table.rows, dataset.rows)]
    found = []
    for role in roles.columns:
        if role.name == dataset.target or role.kind == "context":
            continue
        in_use = role.name in dataset.X.columns
        if not in_use and role.flags & {"time", "group"}:
            continue
        cells = dataset.X[role.name] if in_use else frame[role.name]
        if pd.api.types.is_datetime64_any_dtype(cells.dtype):
            continue
        if pd.api.types.is_numeric_dtype(cells.dtype):
            found.append(Candidate(role.name, cells.to_numpy(dtype=float, na_value=np.nan), None, in_use))
        else:
            texts = level_texts(cells.astype(object))
            codes = 1 + np.unique(texts.astype(str), return_inverse=True)[1]
            codes[texts == BLANK] = 0
            found.append(Candidate(role.name, None, codes.astype(np.int64), in_use))
    return tuple(found)
