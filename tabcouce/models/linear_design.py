"""The columns a straight line sees: robustly cut, standardised, with missing flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.flagged_columns import FlaggedColumns, Standard

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearDesign:
    """Numbers cut at 10 interquartile ranges, level indicators and missing flags, standardised.

    standard  of all columns after the cut
    """

    columns: FlaggedColumns
    standard: Standard

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Fit on training rows."""
        columns = FlaggedColumns.of(X)
        return cls(columns, Standard.of(_cut(columns, X)))

    def __call__(self, X: pd.DataFrame) -> Floats:
        """(n, q + m) standardised; a blank number stands at the training median."""
        return self.standard(_cut(self.columns, X))

    def settings(self) -> dict[str, Any]:
        """JSON part of the state."""
        return self.columns.settings()

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Numeric part of the state."""
        return {**self.columns.arrays(), **self.standard.arrays()}

    @classmethod
    def from_state(cls, settings: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        return cls(FlaggedColumns.from_state(settings, arrays), Standard.from_arrays(arrays))


def _cut(columns: FlaggedColumns, X: pd.DataFrame) -> Floats:
    dense, numeric = columns.matrix.dense(X), columns.matrix.numeric
    flags = columns.flags(dense)
    dense[:, numeric] = columns.scale.straight(dense[:, numeric])
    return np.hstack([dense, flags])
