"""How far the recommended model can be trusted in use: its band, its risk, its range."""

from __future__ import annotations

import numpy as np

from tabcouce.evaluation import Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split
from tabcouce.system import Intervals, TrainingRange, fit_intervals
from tabcouce.system.spec_risk import SpecRisk


def held_out_intervals(trial: Trial, dataset: Dataset, split: Split) -> Intervals | None:
    """The band of the recommended model's errors on held-out rows; None for classes."""
    if not dataset.is_regression:
        return None
    residual = dataset.y - trial.prediction
    return fit_intervals(residual, split.unit, units=len(split.units), split=split.key)


def held_out_risk(trial: Trial, dataset: Dataset) -> SpecRisk | None:
    """The out-of-spec probability by the recommended model's held-out errors; None without limits."""
    if not dataset.is_regression:
        return None
    role = dataset.role(dataset.target)
    return SpecRisk.of(dataset.y - trial.prediction, role.lower, role.upper)


def outside_rate(dataset: Dataset, split: Split) -> float:
    """Share of held-out rows outside the range of the rows they were predicted from."""
    flagged = [
        TrainingRange.of(dataset.X.iloc[fold.train]).outside(dataset.X.iloc[fold.test]).any(axis=1)
        for fold in split.folds
    ]
    return float(np.concatenate(flagged).mean())
