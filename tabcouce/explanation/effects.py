"""Naive and context-adjusted effect of one numeric factor, with intervals that redraw no row.

Partially linear model (Robinson 1988; Chernozhukov et al. 2018): what the other inputs and the
contexts say of factor and target is taken out of both, and the rest is regressed on the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import SplineTransformer
from threadpoolctl import threadpool_limits

from tabcouce.explanation.factor import Effect
from tabcouce.models.scaling import RobustScale
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split

__all__ = ["Slopes", "adjusted_effect", "naive_effect", "slopes"]

FEWEST_CLUSTERS = 5
LEAST_OVERLAP = 0.05
"""Share of a factor's variance that must be left once context and the other inputs are known."""
FOLDS = 5
PENALTIES = np.logspace(-2, 4, 13)
DEMEANING_ROUNDS = 20

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Slopes:
    """Naive and adjusted effect of one column; None for a category or a constant."""

    naive: Effect | None
    adjusted: Effect | None


def slopes(dataset: Dataset, columns: Sequence[str], split: Split, *, seed: int) -> Mapping[str, Slopes]:
    """Both effects of each column; empty for classes, whose log-odds have no such slope."""
    if not dataset.is_regression:
        return {}
    # Thousands of small matrix products: threads that wait for each other cost more than they save.
    with threadpool_limits(limits=1, user_api="blas"):
        return {
            column: Slopes(
                naive_effect(dataset, column, split), adjusted_effect(dataset, column, split, seed=seed)
            )
            for column in columns
        }


def naive_effect(dataset: Dataset, column: str, split: Split) -> Effect | None:
    """Slope of the target on the column alone, as a scatter plot shows it; None for a category."""
    x = numbers(dataset, column)
    if x is None:
        return None
    known = np.isfinite(x)
    x, y = x[known] - x[known].mean(), dataset.y[known] - dataset.y[known].mean()
    return slope(x, y, split.unit[known], overlap=1.0)


def adjusted_effect(dataset: Dataset, column: str, split: Split, *, seed: int) -> Effect | None:
    """Slope once every context column and the other inputs are held fixed.

    Contexts leave by their means (fixed effects, alternating over the columns), so a common cause
    that is constant within contexts cannot move the slope. The other inputs leave by ridge on
    cubic splines, fitted on folds that never hold the same cluster on both sides.

    Returns  None for a category or a constant; bounds are None with fewer than 5 clusters or
             where less than 5 % of the factor is left to learn from
    """
    x = numbers(dataset, column)
    if x is None:
        return None
    known = np.isfinite(x)
    contexts = [pd.factorize(dataset.contexts[c][known])[0] for c in dataset.contexts.columns]
    cluster = split.unit[known]
    others = other_inputs(dataset.X.loc[known, [c for c in dataset.X.columns if c != column]])
    x_within, y_within = demeaned(x[known], contexts), demeaned(dataset.y[known], contexts)
    others = np.column_stack([demeaned(z, contexts) for z in others.T]) if others.shape[1] else others
    x_left = x_within - held_out_fit(others, x_within, cluster, seed)
    y_left = y_within - held_out_fit(others, y_within, cluster, seed)
    spread = float(np.var(x[known]))
    if spread == 0:
        return None
    return slope(x_left, y_left, cluster, overlap=float(np.var(x_left)) / spread)


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
    """Residual on the indicators of every context column: alternating projections."""
    left = values - values.mean()
    for _ in range(DEMEANING_ROUNDS if len(contexts) > 1 else 1):
        for label in contexts:
            count = np.maximum(np.bincount(label), 1)
            left = left - (np.bincount(label, left) / count)[label]
    return left


def held_out_fit(Z: Floats, target: Floats, cluster: Labels, seed: int) -> Floats:
    """(n,) ridge prediction of each row from clusters other than its own (cross-fitting)."""
    if Z.shape[1] == 0:
        return np.zeros(len(target))
    labels = np.unique(cluster)
    part = np.random.default_rng(seed).permutation(len(labels)) % min(FOLDS, len(labels))
    fold = part[np.searchsorted(labels, cluster)]
    if len(np.unique(fold)) < 2:
        return RidgeCV(PENALTIES).fit(Z, target).predict(Z)
    out = np.empty(len(target))
    for k in np.unique(fold):
        test = fold == k
        out[test] = RidgeCV(PENALTIES).fit(Z[~test], target[~test]).predict(Z[test])
    # A fit that says less than nothing of clusters it has not seen would add noise, not remove it.
    return out if np.square(target - out).sum() < np.square(target).sum() else np.zeros_like(out)


def slope(x: Floats, y: Floats, cluster: Labels, *, overlap: float) -> Effect | None:
    """Residual-on-residual slope with the cluster-robust sandwich and a t interval.

    theta = sum x y / sum x^2; Var = G / (G - 1) * sum_g (sum_{i in g} x_i e_i)^2 / (sum x^2)^2
    (Liang and Zeger 1986), G - 1 degrees of freedom.
    """
    energy = float(x @ x)
    if energy <= 0:
        return None
    theta = float(x @ y) / energy
    score = x * (y - theta * x)
    labels, place = np.unique(cluster, return_inverse=True)
    g = len(labels)
    if g < FEWEST_CLUSTERS or overlap < LEAST_OVERLAP:
        return Effect(theta, None, None, overlap, g, None)
    error = float(np.sqrt(g / (g - 1) * np.square(np.bincount(place, score)).sum()) / energy)
    half = float(stats.t.ppf(0.975, g - 1)) * error
    return Effect(theta, theta - half, theta + half, overlap, g, robustness(theta, error, len(x)))


def robustness(theta: float, error: float, n: int) -> float | None:
    """Share of the leftover variance of factor and target that a hidden cause must explain to
    erase the slope (Cinelli and Hazlett 2020, RV with q = 1)."""
    if error == 0 or n < 3:
        return None
    f2 = (theta / error) ** 2 / (n - 2)
    return float(0.5 * (np.sqrt(f2**2 + 4 * f2) - f2))
