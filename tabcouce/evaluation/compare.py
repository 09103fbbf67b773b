"""Is one model better than another on contexts never seen? Paired, whole contexts redrawn."""

from __future__ import annotations

import numpy as np

from tabcouce.evaluation.metrics import auc, r2
from tabcouce.evaluation.resample import Floats, Units, draw_units, interval, resampled
from tabcouce.evaluation.scores import as_ranking, tested_rows
from tabcouce.evaluation.trial import Difference, Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split


def paired_difference(
    first: Trial, second: Trial, dataset: Dataset, split: Split, *, draws: int, seed: int
) -> Difference:
    """First minus second in R2 (regression) or AUC (classes), on the rows both predicted.

    Both models are scored on the same redrawn units, so what units have in common cancels.
    Gain of a unit:
      R2   (SSE_second - SSE_first of the unit) / (SST of all rows x the unit's share of rows):
           the R2 of a unit of three rows means nothing, but this is its errors in the currency of
           the pooled score, and the gains weighted by the shares add up to the pooled gain
      AUC  difference of the unit's own AUC; units with one class have none
    Intervals are None with fewer than two units.
    """
    rows = np.flatnonzero(tested_rows(first) & tested_rows(second))
    y = dataset.y[rows]
    a, b = (as_ranking(trial.model, trial.prediction[rows]) for trial in (first, second))
    found, unit = np.unique(split.unit[rows], return_inverse=True)
    names = [split.units[u] for u in found]
    metric, key = (r2, "r2") if dataset.is_regression else (auc, "auc")
    value_a, value_b = metric(y, a), metric(y, b)
    gain = 0.0 if value_a is None or value_b is None else value_a - value_b
    wide = narrow = None
    if len(found) >= 2:
        counts = draw_units(len(found), draws=draws, seed=seed)
        drawn = resampled(y, a, unit, counts)[key] - resampled(y, b, unit, counts)[key]
        wide, narrow = interval(drawn, 0.95), interval(drawn, 0.68)
    gains = _value_gains(y, a, b, unit) if dataset.is_regression else _class_gains(y, a, b, unit)
    per_unit = {name: float(g) for name, g in zip(names, gains, strict=True) if np.isfinite(g)}
    share = np.bincount(unit) / len(rows)
    worst = min(per_unit, key=lambda name: per_unit[name], default=None)
    return Difference(
        first=first.model,
        second=second.model,
        gain=float(gain),
        low=wide[0] if wide else None,
        high=wide[1] if wide else None,
        low68=narrow[0] if narrow else None,
        high68=narrow[1] if narrow else None,
        worst=None if worst is None else per_unit[worst],
        worst_unit=worst,
        units=len(found),
        per_unit=per_unit,
        shares={name: float(s) for name, s in zip(names, share, strict=True) if name in per_unit},
    )


def _value_gains(y: Floats, a: Floats, b: Floats, unit: Units) -> Floats:
    """(U,) mean squared error saved in each unit, over the variance of all rows."""
    saved = np.bincount(unit, (y - b) ** 2 - (y - a) ** 2) / np.bincount(unit)
    variance = y.var()
    return saved / variance if variance > 0 else np.full(len(saved), np.nan)


def _class_gains(y: Floats, a: Floats, b: Floats, unit: Units) -> Floats:
    """(U,) AUC gained in each unit; NaN where it has one class."""
    gains = np.full(int(unit.max()) + 1, np.nan)
    order = np.argsort(unit, kind="stable")
    for u, mine in enumerate(np.split(order, np.cumsum(np.bincount(unit))[:-1])):
        first, second = auc(y[mine], a[mine]), auc(y[mine], b[mine])
        if first is not None and second is not None:
            gains[u] = first - second
    return gains
