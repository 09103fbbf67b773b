"""What every detector of abnormal rows shares: learn from normal rows, say how far a row is from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from tabcouce.errors import FitError
from tabcouce.models.contract import State
from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.scaling import RobustScale

Floats = npt.NDArray[np.float64]

FEWEST_NORMAL = 10
TINY = 1e-12


class Detector(Protocol):
    """The contract of the anomaly panel.

    X        (n, p) frame, float64 or 'category' columns
    y        (n,) 0 for normal, 1 for abnormal; None: every row is taken as normal
    context  (n, c) frame of text; never an input
    """

    def fit(self, X: pd.DataFrame, y: Floats | None = None, context: pd.DataFrame | None = None) -> Self: ...

    def abnormality(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        """(n,) larger is more abnormal, on a scale (log distance, log odds) on which machines of
        different noise differ by shift and stretch."""
        ...

    def contributions(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        """(n, p) how much of the abnormality each column of X carries, same unit."""
        ...

    def state(self) -> State: ...

    @classmethod
    def from_state(cls, state: State) -> Self: ...


@dataclass(frozen=True)
class NormalCode:
    """Rows as robustly scaled, clipped numbers, fitted on normal rows.

    owner  (q,) the input column each number comes from
    """

    design: DesignMatrix
    scale: RobustScale

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        design = DesignMatrix.of(X)
        return cls(design, RobustScale.of(design.dense(X)))

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        return self.design.owner

    def __call__(self, X: pd.DataFrame) -> Floats:
        """(n, q): interquartile units from the median of normal rows, bent at 3; blanks at 0."""
        return self.scale(self.design.dense(X))

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return {
            "design": self.design.settings(),
            "centre": self.scale.centre.tolist(),
            "factor": self.scale.factor.tolist(),
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        centre, factor = (np.asarray(settings[k], float) for k in ("centre", "factor"))
        return cls(DesignMatrix.from_settings(settings["design"]), RobustScale(centre, factor))


def normal_rows(X: pd.DataFrame, y: Floats | None) -> npt.NDArray[np.int64]:
    """Positions of the rows to learn from: those not labelled abnormal.

    Raises  FitError if labels are not 0 or 1, or fewer than ten normal rows are left
    """
    if y is None:
        rows = np.arange(len(X))
    else:
        labels = np.asarray(y, dtype=float)
        if labels.shape != (len(X),) or not np.isin(labels, (0.0, 1.0)).all():
            raise FitError("The labels must be 0 (normal) or 1 (abnormal), one for each row.")
        rows = np.flatnonzero(labels == 0)
    if len(rows) < FEWEST_NORMAL:
        raise FitError(
            f"{len(rows)} normal rows are too few to learn what is normal.",
            remedy=f"Give at least {FEWEST_NORMAL} rows that are known to be normal.",
        )
    return rows.astype(np.int64)


def replaced(
    z: Floats, owner: npt.NDArray[np.int64], columns: int, score: Callable[[Floats], Floats]
) -> Floats:
    """(n, p) fall of the score when a column alone is set to the median of the normal rows.

    z  (n, q) coded rows, medians at 0;  score  (n, q) -> (n,)
    """
    now = score(z)
    out = np.zeros((len(z), columns))
    for j in range(columns):
        moved = z.copy()
        moved[:, owner == j] = 0.0
        out[:, j] = now - score(moved)
    return out


def log_distance(square: Floats) -> Floats:
    """Half the log of a squared distance: twice the noise shifts it by log 2 whatever the size."""
    return 0.5 * np.log(np.maximum(square, TINY))


class CodedDetector(BaseEstimator):
    """A detector on coded rows; subclasses learn from and score (n, q) matrices.

    code_  the code of the rows;  columns_  number of input columns
    """

    code_: NormalCode
    columns_: int

    def fit(self, X: pd.DataFrame, y: Floats | None = None, context: pd.DataFrame | None = None) -> Self:
        normal = X.iloc[normal_rows(X, y)]
        self.code_, self.columns_ = NormalCode.of(normal), X.shape[1]
        self._learn(self.code_(normal))
        return self

    def abnormality(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        return self._distance(self.code_(X))

    def contributions(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        return replaced(self.code_(X), self.code_.owner, self.columns_, self._distance)

    def _learn(self, z: Floats) -> None:
        raise NotImplementedError

    def _distance(self, z: Floats) -> Floats:
        raise NotImplementedError
