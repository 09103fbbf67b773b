"""The columns a kernel compares: robustly scaled numbers, level indicators, missing flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.scaling import RobustScale

Floats = npt.NDArray[np.float64]
INDICATOR = 1.0
"""Two rows of different level differ by 2 in squared distance, as two rows of a number do on average."""


@dataclass(frozen=True)
class KernelInputs:
    """Numbers robustly scaled and smoothly clipped, then to mean 0 and variance 1; flags beside them.

    matrix        the column code
    scale         robust scale of the numeric columns of `matrix.dense`
    flagged       (m,) positions in `matrix.dense` that had a blank among the training rows
    mean, factor  (numeric,) after the clip; factor 0 for a constant column
    """

    matrix: DesignMatrix
    scale: RobustScale
    flagged: npt.NDArray[np.int64]
    mean: Floats
    factor: Floats

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Fit on training rows."""
        matrix = DesignMatrix.of(X)
        dense = matrix.dense(X)
        scale = RobustScale.of(dense[:, matrix.numeric])
        flagged = np.flatnonzero(~np.isfinite(dense).all(axis=0))
        clipped = scale(dense[:, matrix.numeric])
        sd = clipped.std(axis=0)
        factor = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 1e-12)
        return cls(matrix, scale, flagged, clipped.mean(axis=0), factor)

    def __call__(self, X: pd.DataFrame) -> Floats:
        """(n, q + m); a blank number stands at the training median."""
        dense = self.matrix.dense(X)
        flags = (~np.isfinite(dense[:, self.flagged])).astype(float)
        numeric = self.matrix.numeric
        dense[:, numeric] = (self.scale(dense[:, numeric]) - self.mean) * self.factor
        dense[:, ~numeric] *= INDICATOR
        return np.hstack([dense, flags])

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """(q + m,) position of the input column that each column comes from."""
        owner = self.matrix.owner
        return np.concatenate([owner, owner[self.flagged]])

    @property
    def movable(self) -> npt.NDArray[np.bool_]:
        """(q + m,) whether a context's offset can move the column."""
        return np.concatenate([self.matrix.numeric, np.zeros(len(self.flagged), dtype=bool)])

    def settings(self) -> dict[str, Any]:
        """JSON part of the state."""
        return {"matrix": self.matrix.settings()}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Numeric part of the state."""
        return {
            "centre": self.scale.centre,
            "scale": self.scale.factor,
            "flagged": self.flagged,
            "mean": self.mean,
            "factor": self.factor,
        }

    @classmethod
    def from_state(cls, settings: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        return cls(
            DesignMatrix.from_settings(settings["matrix"]),
            RobustScale(arrays["centre"], arrays["scale"]),
            arrays["flagged"],
            arrays["mean"],
            arrays["factor"],
        )
