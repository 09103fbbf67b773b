"""Contexts as the kernel head numbers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.members import FoldRows

Positions = npt.NDArray[np.int64]


def context_code(fold: FoldRows) -> Positions:
    """(n, c) level per context column, the one that members hold out first; c = 0 where none can be."""
    if fold.typical is None:
        return np.zeros((len(fold.y), 0), dtype=np.int64)
    columns = [np.unique(fold.unit, return_inverse=True)[1]]
    for own in fold.index.T:
        level = np.unique(own, return_inverse=True)[1]
        if level.max() > 0 and not np.array_equal(level, columns[0]):
            columns.append(level)
    return np.column_stack(columns).astype(np.int64)


@dataclass(frozen=True)
class HeadContexts:
    """From the level numbers of an estimator's context columns to the head's code.

    columns  (c,) the context column behind each column of the code
    levels   per column of the code (G,) level number behind each of its values
    """

    columns: tuple[int, ...]
    levels: tuple[Positions, ...]

    @classmethod
    def of(cls, code: Positions, index: Positions) -> Self | None:
        """code (n, c), index (n, columns) of training rows; None where a column of the code has no levels.

        A column that is no cause of the target (`context_graph`) may be held out without having any.
        """
        columns: list[int] = []
        levels: list[Positions] = []
        for own in code.T:
            first = np.unique(own, return_index=True)[1]
            found = [j for j, other in enumerate(index.T) if np.array_equal(other[first][own], other)]
            found = [j for j in found if len(np.unique(index[first, j])) == len(first)]
            if not found:
                return None
            columns.append(found[0])
            levels.append(index[first, found[0]])
        return cls(tuple(columns), tuple(levels))

    def __call__(self, index: Positions) -> Positions:
        """(m, columns) level numbers -> (m, c) code, -1 for a level that the head never met."""
        out = np.full((len(index), len(self.columns)), -1, dtype=np.int64)
        for k, (column, level) in enumerate(zip(self.columns, self.levels, strict=True)):
            row, code = np.nonzero(index[:, column, None] == level[None])
            out[row, k] = code
        return out
