"""Accumulated local effects: the curve of a factor without asking the model for absurd rows.

A row is only ever moved to the edges of the slice it lies in, so two columns that go together are
not torn apart as they are by partial dependence (Apley and Zhu 2020, section 2). Each row is moved
under the fold's model that never saw its context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.evaluation import Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split

SLICES = 16
FEWEST_CONTEXTS = 2
"""Where rows of fewer contexts lie, the curve is drawn but shaded: no other context bears it out."""
MOST_ROWS = 4000

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Accumulated:
    """Curve of one numeric factor on held-out rows.

    edges        (k + 1,) ends of slices with about equally many rows, unit of the column
    effect       (k + 1,) accumulated effect at the edges, mean 0 over rows; unit of the target, or
                 probability of the positive class
    contexts     (k,) contexts with rows in each slice
    per_context  context -> (k + 1,) its own curve, NaN beyond its rows; where it starts it is put
                 so that its rows have the mean of the common curve
    """

    name: str
    edges: Floats
    effect: Floats
    contexts: Labels
    per_context: Mapping[str, Floats]

    @property
    def supported(self) -> npt.NDArray[np.bool_]:
        """(k,) slices in which at least two contexts have rows."""
        return self.contexts >= FEWEST_CONTEXTS


def accumulated_effect(
    trial: Trial, dataset: Dataset, split: Split, column: str, *, seed: int, slices: int = SLICES
) -> Accumulated | None:
    """The curve of one column; None for a category, a constant, and three or more classes."""
    if dataset.task == "multiclass" or not pd.api.types.is_numeric_dtype(dataset.X[column].dtype):
        return None
    rows, change, place, edges = local_changes(trial, dataset, split, column, slices=slices, seed=seed)
    if len(edges) < 2 or len(rows) == 0:
        return None
    k = len(edges) - 1
    unit = split.unit[rows]
    curve = accumulated(change, place, k)
    level = row_values(curve, place)
    curve = curve - level.mean()
    level = level - level.mean()
    many = np.array([len(np.unique(unit[place == b])) for b in range(k)], np.int64)
    lines = {}
    for u in np.unique(unit):
        own = unit == u
        line = own_line(change[own], place[own], k)
        lines[split.units[u]] = line + level[own].mean() - row_values(line, place[own]).mean()
    return Accumulated(column, edges, curve, many, lines)


def local_changes(
    trial: Trial, dataset: Dataset, split: Split, column: str, *, slices: int, seed: int
) -> tuple[Labels, Floats, Labels, Floats]:
    """Rows with a value, what moving each from edge to edge changes, its slice, and the edges."""
    values = dataset.X[column].to_numpy(float)
    tested = np.unique(np.concatenate([fold.test for fold in split.folds]))
    rows = tested[np.isfinite(values[tested])]
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    if len(rows) == 0:
        return rows, np.zeros(0), rows, np.zeros(0)
    edges = np.unique(np.quantile(values[rows], np.linspace(0, 1, slices + 1), method="inverted_cdf"))
    place = np.clip(np.searchsorted(edges, values[rows], side="left") - 1, 0, max(len(edges) - 2, 0))
    change = np.zeros(len(rows))
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        own = np.isin(rows, fold.test)
        if len(edges) < 2 or not own.any():
            continue
        X = dataset.X.iloc[rows[own]]
        ends = [model.estimate(X.assign(**{column: edges[place[own] + side]})) for side in (1, 0)]
        change[own] = single(ends[0]) - single(ends[1])
    return rows, change, place, edges


def single(estimate: Floats) -> Floats:
    """(n,) values, or the probability of the positive class."""
    return estimate if estimate.ndim == 1 else estimate[:, -1]


def accumulated(change: Floats, place: Labels, k: int) -> Floats:
    """(k + 1,) cumulative mean change; a slice without rows adds nothing."""
    count = np.bincount(place, minlength=k)
    mean = np.bincount(place, change, minlength=k) / np.maximum(count, 1)
    return np.concatenate([[0.0], np.cumsum(mean)])


def own_line(change: Floats, place: Labels, k: int) -> Floats:
    """The curve of one context, NaN outside the slices its rows lie in."""
    line = accumulated(change, place, k)
    line[: place.min()] = np.nan
    line[place.max() + 2 :] = np.nan
    return line


def row_values(curve: Floats, place: Labels) -> Floats:
    """(n,) height of the curve in the middle of each row's slice."""
    return (curve[place] + curve[place + 1]) / 2
