"""The training mean or class shares: what every other model has to beat."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.contract import State
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    checked_target,
    plain,
    restored_prior,
    task_classes,
)
from tabcouce.models.inner_split import left_out_units


class ConstantModel(PanelEstimator):
    """Training mean (regression) or shares of the classes (classification)."""

    def __init__(self, task: ModelTask = "regression") -> None:
        self.task = task

    def fit(self, X: pd.DataFrame, y: npt.NDArray[np.float64], context: pd.DataFrame | None = None) -> Self:
        target = checked_target(X, y, self.task)
        self.classes_ = task_classes(target, self.task)
        if self.task == "classification":
            self.value_ = np.array([np.mean(target == c) for c in self.classes_])
        else:
            self.value_ = np.array([target.mean()])
        self._keep_left_out(target, context, self._left_out(target, context))
        return self

    def _left_out(
        self, target: npt.NDArray[np.float64], context: pd.DataFrame | None
    ) -> npt.NDArray[np.float64]:
        """Mean, or shares, of the rows of all other contexts (of all other rows without one)."""
        classes = self.task == "classification"
        numbers = (target[:, None] == self.classes_).astype(float) if classes else target[:, None]
        unit = left_out_units(context, len(target))
        out = np.full(numbers.shape, np.nan)
        if unit is not None:
            own = np.stack([np.bincount(unit, column) for column in numbers.T], axis=1)
            rows = np.bincount(unit)
            out = ((own.sum(axis=0) - own) / (len(target) - rows)[:, None])[unit]
        return out if classes else out[:, 0]

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> npt.NDArray[np.float64]:
        if self.task == "classification":
            return np.tile(self.value_, (len(X), 1))
        return np.full(len(X), self.value_[0])

    def state(self) -> State:
        settings = {
            "task": self.task,
            "classes": plain(self.classes_),
            "value": plain(self.value_),
            "shots": self.shot_prior_.settings(),
        }
        return State(settings)

    @classmethod
    def from_state(cls, state: State) -> Self:
        model = cls(state.settings["task"])
        model.classes_ = np.array(state.settings["classes"], dtype=float)
        model.value_ = np.array(state.settings["value"], dtype=float)
        model.shot_prior_ = restored_prior(state)
        return model
