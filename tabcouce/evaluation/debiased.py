"""The encoder's other answer beside the one it gives: the backdoor sum, where it predicts pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import FitError
from tabcouce.evaluation.run import all_classes
from tabcouce.evaluation.trial import Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import SplitPlan

ENCODER = "couce"
DEBIASED = "couce_do"
"""Measured beside the panel: what averaging over contexts costs or brings. Never recommended, and no
member of the stack: where it predicted left-out contexts better, the encoder answers with it anyway."""


@runtime_checkable
class Debiasing(Protocol):
    """An encoder with two answers for a new context."""

    view_: str

    def predict_do(self, X: Any) -> npt.NDArray[np.float64]: ...


def debiased_trials(trials: Sequence[Trial], dataset: Dataset, plan: SplitPlan) -> tuple[Trial, ...]:
    """One trial per split on which some fold's encoder chose to predict pooled; nothing is fitted.

    None where the encoder refuses the claim since contexts do not overlap in the inputs.
    """
    made = []
    for trial in trials:
        if trial.model != ENCODER or trial.mode != "blind":
            continue
        try:
            found = _debiased(trial, dataset, plan)
        except FitError:
            continue
        made += [] if found is None else [found]
    return tuple(made)


def _debiased(trial: Trial, dataset: Dataset, plan: SplitPlan) -> Trial | None:
    """Raises FitError where a fold's contexts do not overlap."""
    prediction = trial.prediction.copy()
    pooled = False
    for fold, model in zip(plan.of(trial.split).folds, trial.fitted, strict=True):
        if isinstance(model, Debiasing) and model.view_ != "do":
            pooled = True
            X: pd.DataFrame = dataset.X.iloc[fold.test].reset_index(drop=True)
            told = model.predict_do(X)
            if not dataset.is_regression:
                told = all_classes(told, model, len(dataset.classes), len(fold.train))  # type: ignore[arg-type]
            prediction[fold.test] = told
    if not pooled:
        return None
    return replace(trial, model=DEBIASED, prediction=prediction, fitted=(), notes=("do-view",))
