"""The columns a straight line sees: robustly cut, standardised, with missing flags."""

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


@dataclass(frozen=True)
class LinearDesign:
    """Numbers cut at 10 interquartile ranges, level indicators and missing flags, standardised.

    matrix   the column code
    scale    robust scale of the numeric columns of `matrix.dense`
    flagged  (m,) positions in `matrix.dense` that had a blank among the training rows
    mean, factor  (q + m,) training mean and 1 / standard deviation after the cut; factor 0 for
             a constant column
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
        numeric = matrix.numeric
        scale = RobustScale.of(dense[:, numeric])
        flagged = np.flatnonzero(~np.isfinite(dense).all(axis=0))
        raw = _cut(dense, numeric, scale, flagged)
        mean, sd = raw.mean(axis=0), raw.std(axis=0)
        factor = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 1e-12)
        return cls(matrix, scale, flagged, mean, factor)

    def __call__(self, X: pd.DataFrame) -> Floats:
        """(n, q + m) standardised; a blank number stands at the training median."""
        raw = _cut(self.matrix.dense(X), self.matrix.numeric, self.scale, self.flagged)
        return (raw - self.mean) * self.factor

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """(q + m,) position of the input column that each column comes from."""
        owner = self.matrix.owner
        return np.concatenate([owner, owner[self.flagged]])

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


def _cut(
    dense: Floats,
    numeric: npt.NDArray[np.bool_],
    scale: RobustScale,
    flagged: npt.NDArray[np.int64],
) -> Floats:
    flags = (~np.isfinite(dense[:, flagged])).astype(float)
    out = dense.copy()
    out[:, numeric] = scale.straight(dense[:, numeric])
    return np.hstack([out, flags])
