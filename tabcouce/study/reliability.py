"""How far the recommended model can be trusted in use: its band, its risk, its range, the limits that bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tabcouce.evaluation import Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split, SplitPlan
from tabcouce.study.value import Cap
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


def compared(dataset: Dataset, whole: Dataset) -> tuple[Cap, ...]:
    """That not all rows were compared, where it is so."""
    used, had = len(dataset.y), len(whole.y)
    return (Cap("rows compared", used, had),) if used < had else ()


def caps(trials: Sequence[Trial], plan: SplitPlan) -> tuple[Cap, ...]:
    """Every limit on training rows that bit."""
    found: dict[str, Cap] = {}
    for trial in trials:
        had = max(len(fold.train) for fold in plan.of(trial.split).folds)
        if trial.rows_used < had:
            cap = Cap(f"training rows per fold, {trial.model}", trial.rows_used, had)
            found[trial.model] = max(found.get(trial.model, cap), cap, key=lambda c: c.had)
    return tuple(found.values())
