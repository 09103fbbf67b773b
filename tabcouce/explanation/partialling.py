"""What contexts and other inputs say of a column is taken out of it (Robinson 1988)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    return joined([spread(X[name]) for name in X.columns], len(X))


def joined(parts: Sequence[Floats], rows: int) -> Floats:
    return np.hstack(parts) if parts else np.zeros((rows, 0))


def spread(cells: pd.Series) -> Floats:
    """(n, q) one input: cubic spline and blanks of a number, indicators of levels."""
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        codes, levels = pd.factorize(cells.astype(object))
        return np.asarray((codes[:, None] == np.arange(len(levels))).astype(float))
    values = cells.to_numpy(float)
    blank = ~np.isfinite(values)
    scaled = RobustScale.of(values[:, None])(values[:, None])
    parts: list[Floats] = []
    if np.ptp(scaled) > 0:
        knots = SplineTransformer(n_knots=4, knots="quantile", extrapolation="constant")
        parts.append(knots.fit_transform(scaled))
    if blank.any():
        parts.append(blank[:, None].astype(float))
    return joined(parts, len(values))


@dataclass(frozen=True)
class OtherInputs:
    """The inputs of a dataset less what contexts say of them, coded once for all factors.

    X         (n, p) inputs; contexts: per held context column (n,) levels
    demeaned  (n, q) of all inputs; owner (q,) position in X of each of its columns
    """

    X: pd.DataFrame
    contexts: tuple[Labels, ...]
    demeaned: Floats
    owner: Labels

    @classmethod
    def of(cls, dataset: Dataset) -> OtherInputs:
        X = dataset.X
        parts = [spread(X[name]) for name in X.columns]
        owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
        contexts = context_labels(dataset, np.ones(len(X), dtype=bool))
        return cls(X, contexts, demeaned(joined(parts, len(X)), contexts), owner.astype(np.int64))

    def of_rows(
        self, known: npt.NDArray[np.bool_], columns: Sequence[str], contexts: Sequence[Labels]
    ) -> Floats:
        """(known, q) of `columns` on the known rows of a factor; coded anew where it has blanks."""
        if known.all():
            return self.demeaned[:, self.X.columns[self.owner].isin(list(columns))]
        return demeaned(other_inputs(self.X.loc[known, list(columns)]), contexts)


def context_labels(dataset: Dataset, known: npt.NDArray[np.bool_]) -> tuple[Labels, ...]:
    """Per context column that is held fixed the level of each known row."""
    return tuple(
        pd.factorize(dataset.contexts[name][known])[0].astype(np.int64)
        for name in held_contexts(dataset.contexts)
    )


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
    sums = np.empty((len(count), values.shape[1]))
    for j, column in enumerate(values.T):  # faster than to add row by row
        sums[:, j] = np.bincount(label, column)
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
