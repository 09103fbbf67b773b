"""How far the target itself moves from context to context, the inputs held at the same values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.explanation.agreement import between_share
from tabcouce.explanation.partialling import demeaned, held_contexts, level_means, other_inputs, ridge
from tabcouce.roles.dataset import Dataset

FEWEST_ROWS = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ContextShift:
    """What the levels of one context column do to the target.

    share          of the variance that the inputs leave, told by the levels, chance taken off
    lowest, low    level with the lowest mean and that mean; highest, high likewise: the target's
                   unit, as if all rows had the mean inputs; of levels with 5 rows or more
    """

    column: str
    levels: int
    share: float
    lowest: str
    low: float
    highest: str
    high: float


def context_shifts(dataset: Dataset) -> tuple[ContextShift, ...]:
    """Every context column that can be held fixed, the largest share first; () for classes.

    The inputs' part is learnt within contexts only, so that it cannot swallow what a machine or a
    batch does (the within estimator; Wooldridge 2010, section 10.5).
    """
    held = held_contexts(dataset.contexts)
    if not dataset.is_regression or not held:
        return ()
    left = without_inputs(dataset, held)
    found = []
    for name in held:
        code, levels = pd.factorize(dataset.contexts[name], sort=True)
        many = np.bincount(code) >= FEWEST_ROWS
        if many.sum() < 2:
            continue
        mean = np.where(many, level_means(left, code.astype(np.int64)), np.nan)
        low, high = int(np.nanargmin(mean)), int(np.nanargmax(mean))
        share = between_share(pd.Series(left), dataset.contexts[name].reset_index(drop=True))
        found.append(
            ContextShift(
                name,
                len(levels),
                share,
                str(levels[low]),
                float(mean[low]),
                str(levels[high]),
                float(mean[high]),
            )
        )
    return tuple(sorted(found, key=lambda one: -one.share))


def without_inputs(dataset: Dataset, held: tuple[str, ...]) -> Floats:
    """(n,) the target less the inputs' part, learnt within contexts, at the inputs' means."""
    Z, y = other_inputs(dataset.X), np.asarray(dataset.y, float)
    if Z.shape[1] == 0:
        return y
    codes = [pd.factorize(dataset.contexts[name])[0].astype(np.int64) for name in held]
    within = ridge(demeaned(Z, codes), demeaned(y, codes)[:, None])
    return np.asarray(y - (Z - Z.mean(axis=0)) @ within.coef_.reshape(-1))
