"""Numbers, level indicators and missing flags: the columns that smooth models read."""

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
class FlaggedColumns:
    """The columns of `DesignMatrix.dense`, then a flag for each of them that had blanks.

    matrix   the column code
    scale    robust scale of the numeric columns of `matrix.dense`
    flagged  (m,) positions in `matrix.dense` that had a blank among the training rows
    """

    matrix: DesignMatrix
    scale: RobustScale
    flagged: npt.NDArray[np.int64]

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Fit on training rows."""
        matrix = DesignMatrix.of(X)
        dense = matrix.dense(X)
        flagged = np.flatnonzero(~np.isfinite(dense).all(axis=0))
        return cls(matrix, RobustScale.of(dense[:, matrix.numeric]), flagged)

    def flags(self, dense: Floats) -> Floats:
        """(n, m) 1 where a flagged column of dense (n, q) is blank."""
        return (~np.isfinite(dense[:, self.flagged])).astype(float)

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
        return {"centre": self.scale.centre, "scale": self.scale.factor, "flagged": self.flagged}

    @classmethod
    def from_state(cls, settings: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        scale = RobustScale(arrays["centre"], arrays["scale"])
        return cls(DesignMatrix.from_settings(settings["matrix"]), scale, arrays["flagged"])


@dataclass(frozen=True)
class Standard:
    """mean, factor  (u,) of training rows; factor 1 / standard deviation, 0 for a constant column."""

    mean: Floats
    factor: Floats

    @classmethod
    def of(cls, values: Floats) -> Self:
        sd = values.std(axis=0)
        return cls(values.mean(axis=0), np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 1e-12))

    def __call__(self, values: Floats) -> Floats:
        return (values - self.mean) * self.factor

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"mean": self.mean, "factor": self.factor}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        return cls(arrays["mean"], arrays["factor"])
