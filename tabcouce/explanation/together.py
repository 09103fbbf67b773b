"""Columns that move together, and pairs that act together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from tabcouce.evaluation import Trial
from tabcouce.explanation.accumulated import single
from tabcouce.explanation.factor import Attribution
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split

TOGETHER = 0.7
"""Rank correlation within contexts from which a model may use one column for the other."""
PAIR_ROWS = 400

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ColumnGroup:
    """Columns that move together within contexts: which of them the model uses is arbitrary.

    importance  mean |sum of their contributions|, unit of the contributions
    """

    columns: tuple[str, ...]
    importance: float


@dataclass(frozen=True)
class PairEffect:
    """How much the effect of one factor depends on the other.

    size   mean |f(a', b') - f(a', b) - f(a, b') + f(a, b)| with a', b' from another row of the same
           context: 0 for effects that add up; unit of the target, or probability
    share  of that size in the mean |f(a', b') - f(a, b)|
    """

    first: str
    second: str
    size: float
    share: float


def column_groups(dataset: Dataset, split: Split, attribution: Attribution) -> tuple[ColumnGroup, ...]:
    """Groups of two or more numeric columns, average linkage of 1 - |rank correlation|."""
    numeric = [c for c in attribution.columns if pd.api.types.is_numeric_dtype(dataset.X[c].dtype)]
    ranks = dataset.X[numeric].rank()
    within = (ranks - ranks.groupby(split.unit).transform("mean")).fillna(0.0).to_numpy(float)
    moving = within.std(axis=0) > 1e-9 * max(len(within), 1)
    names = [name for name, moves in zip(numeric, moving, strict=True) if moves]
    if len(names) < 2:
        return ()
    apart = 1 - np.abs(np.corrcoef(within[:, moving], rowvar=False))
    apart = np.clip((apart + apart.T) / 2, 0, None)
    np.fill_diagonal(apart, 0.0)
    label = fcluster(linkage(squareform(apart, checks=False), "average"), 1 - TOGETHER, "distance")
    groups = []
    for g in np.unique(label):
        members = tuple(name for name, own in zip(names, label == g, strict=True) if own)
        if len(members) > 1:
            place = [attribution.columns.index(name) for name in members]
            size = float(np.abs(attribution.values[:, place].sum(axis=1)).mean())
            groups.append(ColumnGroup(members, size))
    return tuple(sorted(groups, key=lambda group: -group.importance))


def pair_effects(
    trial: Trial, dataset: Dataset, split: Split, columns: Sequence[str], *, seed: int
) -> tuple[PairEffect, ...]:
    """Interaction of every pair of `columns`, the strongest first; empty for three or more classes.

    Each held-out row meets a donor of its own context under the model that saw neither; with the
    mixed difference of Friedman and Popescu (2008) and no row that mixes contexts.
    """
    if dataset.task == "multiclass":
        return ()
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for i, a in enumerate(columns) for b in columns[i + 1 :]]
    mixed: dict[tuple[str, str], list[Floats]] = {pair: [] for pair in pairs}
    moved: dict[tuple[str, str], list[Floats]] = {pair: [] for pair in pairs}
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        rows = rng.permutation(fold.test)[: max(1, PAIR_ROWS // len(split.folds))]
        X = dataset.X.iloc[rows]
        donor = dataset.X.iloc[donors(rows, fold.test, split.unit, rng)]
        start = single(model.estimate(X))
        alone = {c: single(model.estimate(swapped(X, donor, (c,)))) for c in columns}
        for pair in pairs:
            both = single(model.estimate(swapped(X, donor, pair)))
            mixed[pair].append(both - alone[pair[0]] - alone[pair[1]] + start)
            moved[pair].append(both - start)
    found = []
    for (a, b), parts in mixed.items():
        size = float(np.abs(np.concatenate(parts)).mean())
        whole = float(np.abs(np.concatenate(moved[a, b])).mean())
        found.append(PairEffect(a, b, size, size / whole if whole > 0 else 0.0))
    return tuple(sorted(found, key=lambda pair: -pair.size))


def donors(
    rows: npt.NDArray[np.int64],
    tested: npt.NDArray[np.int64],
    unit: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """(m,) for each row another row of its context."""
    return np.array([rng.choice(tested[unit[tested] == unit[row]]) for row in rows], np.int64)


def swapped(X: pd.DataFrame, donor: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    out = X.copy()
    for column in columns:
        out[column] = donor[column].array
    return out
