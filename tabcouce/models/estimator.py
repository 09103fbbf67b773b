"""What every model of the panel shares: the task, the checks of `fit`, scikit-learn's views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from tabcouce.errors import FitError
from tabcouce.models.calibration import NO_PRIOR, ShotPrior
from tabcouce.models.contract import State
from tabcouce.models.inner_split import left_out_units

ModelTask = Literal["regression", "classification"]
MARGIN = 0.1


@dataclass(frozen=True)
class TargetRange:
    """Predictions stay within the training range of the target plus a tenth of it on each side.

    A line that meets a glitched cell, or trees under an added context effect, would else leave
    the physically seen range without bound.
    """

    lower: float
    upper: float

    @classmethod
    def of(cls, y: npt.NDArray[np.float64]) -> Self:
        low, high = float(np.min(y)), float(np.max(y))
        return cls(low - MARGIN * (high - low), high + MARGIN * (high - low))

    def __call__(self, prediction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.clip(prediction, self.lower, self.upper)


def checked_target(X: pd.DataFrame, y: npt.ArrayLike, task: ModelTask) -> npt.NDArray[np.float64]:
    """(n,) float target; FitError where rows, target and task do not fit together."""
    if task not in ("regression", "classification"):
        raise ValueError(f"task must be 'regression' or 'classification'. Got {task!r} instead.")
    target = np.asarray(y, dtype=float)
    if target.ndim != 1 or len(target) != len(X):
        raise FitError(f"The target has shape {target.shape} but the inputs have {len(X)} rows.")
    if len(target) < 2:
        raise FitError(f"{len(target)} training rows are too few.", remedy="Give at least two rows.")
    if not np.isfinite(target).all():
        raise FitError(
            f"{int((~np.isfinite(target)).sum())} training rows have no finite target.",
            remedy="Remove the rows whose target is blank.",
        )
    if task == "classification" and len(np.unique(target)) < 2:
        raise FitError(
            "The training rows have one class only.", remedy="Add rows of another class to learn from."
        )
    return target


class PanelEstimator(BaseEstimator):
    """scikit-learn's views on `estimate`; subclasses fit and estimate.

    classes_     (k,) sorted class numbers of the training rows; empty for regression
    left_out_    see `contract.CrossEstimated`; a restored model has none
    shot_prior_  how far contexts lie apart by `left_out_`, for `calibration.calibrated`
    """

    task: ModelTask
    classes_: npt.NDArray[np.float64]
    left_out_: npt.NDArray[np.float64]
    shot_prior_: ShotPrior = NO_PRIOR

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> npt.NDArray[np.float64]:
        """(n,) predicted value, or (n, k) probabilities of `classes_`."""
        raise NotImplementedError

    def _keep_left_out(
        self,
        target: npt.NDArray[np.float64],
        context: pd.DataFrame | None,
        left_out: npt.NDArray[np.float64],
    ) -> None:
        """Keep the left-out predictions of the training rows and what they tell about contexts."""
        unit = left_out_units(context, len(target))
        self.left_out_ = left_out if unit is not None else np.full_like(left_out, np.nan)
        if unit is None or context is None:
            self.shot_prior_ = NO_PRIOR
        elif self.task == "regression":
            self.shot_prior_ = ShotPrior.of_values(target - left_out, unit)
        else:
            place = np.searchsorted(self.classes_, target).astype(float)
            self.shot_prior_ = ShotPrior.of_classes(place, left_out, unit)

    def predict(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> npt.NDArray[np.float64]:
        """(n,) predicted value or class number."""
        estimate = self.estimate(X, context)
        return self.classes_[estimate.argmax(axis=1)] if self.task == "classification" else estimate

    def predict_proba(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> npt.NDArray[np.float64]:
        """(n, k) probabilities of `classes_`; AttributeError for regression, as in scikit-learn."""
        if self.task != "classification":
            raise AttributeError("predict_proba is for classification.")
        return self.estimate(X, context)


def restored_prior(state: State) -> ShotPrior:
    """The spread of the contexts that a stored model learnt; none in a study from before it was kept."""
    kept = state.settings.get("shots")
    return NO_PRIOR if kept is None else ShotPrior.from_settings(kept)


def task_classes(y: npt.NDArray[np.float64], task: ModelTask) -> npt.NDArray[np.float64]:
    """Sorted class numbers of the training rows; empty for regression."""
    return np.unique(y) if task == "classification" else np.zeros(0)


def plain(values: Any) -> list[float]:
    """A numeric array as JSON numbers."""
    return [float(v) for v in np.asarray(values).ravel()]
