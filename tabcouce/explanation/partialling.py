"""What contexts and other inputs say of a column is taken out of it (Robinson 1988)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import SplineTransformer

from tabcouce.models.scaling import RobustScale
from tabcouce.roles.dataset import Dataset

FOLDS = 5
PENALTIES = np.logspace(-2, 4, 13)
MOST_ROUNDS = 500
CLOSE = 1e-9
ALONE = 0.5
"""A context column in which more than this share of the rows has its level for itself is not held
fixed: nothing would be left of any factor."""

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def numbers(dataset: Dataset, column: str) -> Floats | None:
    """(n,) the column's values held within 10 interquartile ranges; None for a category."""
    cells = dataset.X[column]
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        return None
    values = cells.to_numpy(float)
    scale = RobustScale.of(values[:, None])
    if scale.factor[0] == 0:
        return None
    # A glitched sensor cell near 1e33 would else be the whole regression.
    reach = 10.0 / scale.factor[0]
    return np.clip(values, scale.centre[0] - reach, scale.centre[0] + reach)


def held_contexts(contexts: pd.DataFrame) -> tuple[str, ...]:
    """Context columns that can be held fixed: enough rows share their level with another row."""
    held = []
    for name in contexts.columns:
        count = contexts[name].map(contexts[name].value_counts())
        if float((count == 1).mean()) <= ALONE:
            held.append(str(name))
    return tuple(held)


def other_inputs(X: pd.DataFrame) -> Floats:
    """(n, q) cubic splines of the numeric inputs, indicators of levels and of blanks."""
    parts: list[Floats] = []
    for name in X.columns:
        if pd.api.types.is_numeric_dtype(X[name].dtype):
            values = X[name].to_numpy(float)
            blank = ~np.isfinite(values)
            scaled = RobustScale.of(values[:, None])(values[:, None])
            if np.ptp(scaled) > 0:
                knots = SplineTransformer(n_knots=4, knots="quantile", extrapolation="constant")
                parts.append(knots.fit_transform(scaled))
            if blank.any():
                parts.append(blank[:, None].astype(float))
        else:
            codes, levels = pd.factorize(X[name].astype(object))
            parts.append((codes[:, None] == np.arange(len(levels))).astype(float))
    return np.hstack(parts) if parts else np.zeros((len(X), 0))


def demeaned(values: Floats, contexts: Sequence[Labels]) -> Floats:
    """Residual of (n,) or (n, q) on the indicators of every context column: alternating projections."""
    left = values - values.mean(axis=0)
    size = float(np.abs(left).max(initial=0.0))
    for _ in range(MOST_ROUNDS if len(contexts) > 1 else 1):
        before = left
        for label in contexts:
            left = left - level_means(left, label)[label]
        if np.abs(left - before).max(initial=0.0) <= CLOSE * size:
            break
    return left


def level_means(values: Floats, label: Labels) -> Floats:
    """(levels,) or (levels, q) mean of each level."""
    count = np.maximum(np.bincount(label), 1)
    if values.ndim == 1:
        return np.bincount(label, values) / count
    sums = np.zeros((len(count), values.shape[1]))
    np.add.at(sums, label, values)
    return sums / count[:, None]


def held_out_fit(Z: Floats, targets: Floats, cluster: Labels, seed: int) -> Floats:
    """(n, t) ridge prediction of each row from clusters other than its own (cross-fitting)."""
    if Z.shape[1] == 0:
        return np.zeros_like(targets)
    labels = np.unique(cluster)
    part = np.random.default_rng(seed).permutation(len(labels)) % min(FOLDS, len(labels))
    fold = part[np.searchsorted(labels, cluster)]
    out = np.empty_like(targets)
    for k in np.unique(fold):
        test = fold == k
        train = ~test if not test.all() else test
        out[test] = ridge(Z[train], targets[train]).predict(Z[test]).reshape(-1, targets.shape[1])
    # A fit that says less than nothing of clusters it has not seen would add noise, not remove it.
    useless = np.square(targets - out).sum(axis=0) >= np.square(targets).sum(axis=0)
    out[:, useless] = 0.0
    return out


def ridge(Z: Floats, targets: Floats) -> RidgeCV:
    """One decomposition for all targets, each with its own penalty."""
    return RidgeCV(PENALTIES, alpha_per_target=True).fit(Z, targets)
