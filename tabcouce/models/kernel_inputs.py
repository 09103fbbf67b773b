"""The columns a kernel compares: robustly scaled numbers, level indicators, missing flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.flagged_columns import FlaggedColumns, Standard

Floats = npt.NDArray[np.float64]
INDICATOR = 1.0
"""Two rows of different level differ by 2 in squared distance, as two rows of a number do on average."""


@dataclass(frozen=True)
class KernelInputs:
    """Numbers robustly scaled and smoothly clipped, then to mean 0 and variance 1; flags beside them.

    standard  of the numeric columns after the clip
    """

    columns: FlaggedColumns
    standard: Standard

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Fit on training rows."""
        columns = FlaggedColumns.of(X)
        numbers = columns.matrix.dense(X)[:, columns.matrix.numeric]
        return cls(columns, Standard.of(columns.scale(numbers)))

    def __call__(self, X: pd.DataFrame) -> Floats:
        """(n, q + m); a blank number stands at the training median."""
        dense, numeric = self.columns.matrix.dense(X), self.columns.matrix.numeric
        flags = self.columns.flags(dense)
        dense[:, numeric] = self.standard(self.columns.scale(dense[:, numeric]))
        dense[:, ~numeric] *= INDICATOR
        return np.hstack([dense, flags])

    @property
    def movable(self) -> npt.NDArray[np.bool_]:
        """(q + m,) whether a context's offset can move the column."""
        return np.concatenate([self.columns.matrix.numeric, np.zeros(len(self.columns.flagged), dtype=bool)])

    def settings(self) -> dict[str, Any]:
        """JSON part of the state."""
        return self.columns.settings()

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Numeric part of the state."""
        return {**self.columns.arrays(), **self.standard.arrays()}

    @classmethod
    def from_state(cls, settings: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        return cls(FlaggedColumns.from_state(settings, arrays), Standard.from_arrays(arrays))
