"""How well can any model do? What rows with the same inputs differ by bounds the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tabcouce.roles.dataset import Dataset

FEWEST_FREE = 5
"""Repeats beyond the first of each setting; with fewer the variance is a guess."""


@dataclass(frozen=True)
class NoiseCeiling:
    """Pure error of replicated settings.

    deviation  standard deviation of the target among rows of equal inputs, unit of the target
    r2         1 - pure error variance / variance of all rows: the most that the inputs can explain, if all
               rows are as noisy as the repeated ones; a model that scores above it shows that they are not
    settings   settings that occur more than once
    rows       rows that have such a setting
    """

    deviation: float
    r2: float
    settings: int
    rows: int


def noise_ceiling(dataset: Dataset) -> NoiseCeiling | None:
    """Pooled variance within groups of rows whose inputs are all equal, blanks included.

    Replicates on different machines hold what the machine adds, too: for a new machine that is noise.
    None for classes, for a constant target, or with fewer than five repeats.

    Source  pure error of the lack-of-fit test; Draper and Smith, Applied Regression Analysis
    """
    if not dataset.is_regression or dataset.X.shape[1] == 0 or np.ptp(dataset.y) == 0:
        return None
    setting = dataset.X.groupby(list(dataset.X.columns), dropna=False, observed=True, sort=False).ngroup()
    own = setting.to_numpy()
    rows = np.bincount(own)
    free = int((rows - 1).sum())
    if free < FEWEST_FREE:
        return None
    mean = np.bincount(own, dataset.y) / rows
    variance = float(np.square(dataset.y - mean[own]).sum() / free)
    return NoiseCeiling(
        deviation=float(np.sqrt(variance)),
        r2=max(0.0, 1.0 - variance / float(dataset.y.var(ddof=1))),
        settings=int((rows > 1).sum()),
        rows=int(rows[rows > 1].sum()),
    )
