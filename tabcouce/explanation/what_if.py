"""What-if grids: the final model's prediction as one factor moves and all others stay.

Computed beforehand at real rows, since the report has no server. A grid point far from every
training row is marked: there the model has nothing to go by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from tabcouce.explanation.accumulated import single
from tabcouce.models.contract import Model
from tabcouce.models.scaling import RobustScale
from tabcouce.roles.dataset import Dataset

POINTS = 21
REACH = 0.1
"""The grid goes this share of the range beyond it, so that leaving it can be seen."""
FAR = 1.0
"""Widths of the middle 90 % beyond its ends where the grid stops at the latest."""
STARTS = 7
TREE_ROWS = 4000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WhatIf:
    """One factor moved, from several starting rows.

    values      (g,) the factor's values
    start       (r,) its value in each starting row
    prediction  (r, g) value, or probability of the positive class
    outside     (r, g) whether the moved row is farther from the data than 95 % of the rows are
                from each other
    """

    name: str
    values: Floats
    start: Floats
    prediction: Floats
    outside: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Profiler:
    """rows (r,) starting rows as positions in the dataset, the most typical first; their own
    predictions; one grid per factor."""

    rows: npt.NDArray[np.int64]
    prediction: Floats
    factors: tuple[WhatIf, ...]


def profiler(
    model: Model, dataset: Dataset, columns: Sequence[str], unit: npt.NDArray[np.int64]
) -> Profiler | None:
    """Grids of the numeric ones of `columns` from the most typical row and those of contexts.

    unit  (n,) context of each row; None for three or more classes
    """
    numeric = [c for c in columns if pd.api.types.is_numeric_dtype(dataset.X[c].dtype)]
    if dataset.task == "multiclass" or not numeric:
        return None
    places = scaled_rows(dataset.X)
    rows = typical_rows(places, unit)
    near = Nearness.of(places)
    grids = []
    for column in numeric:
        known = dataset.X[column].to_numpy(float)
        start = known[rows]
        low, high = grid_ends(known)
        room = REACH * (high - low)
        if not room > 0 or not np.isfinite(start).all():
            continue
        values = np.linspace(low - room, high + room, POINTS)
        grids.append(moved(model, dataset.X, rows, column, values, near))
    if not grids:
        return None
    return Profiler(rows, single(model.estimate(dataset.X.iloc[rows])), tuple(grids))


def grid_ends(known: Floats) -> tuple[float, float]:
    """Ends of the middle 99 %, but no farther than the middle 90 % is wide from its own ends.

    Of 146 rows one glitched cell is more than half a per cent: it would stretch the grid to where
    no row ever was, and leave its one step at the true values.
    """
    low, inner_low, inner_high, high = np.nanquantile(known, [0.005, 0.05, 0.95, 0.995])
    if inner_high > inner_low:
        room = FAR * (inner_high - inner_low)
        low, high = max(low, inner_low - room), min(high, inner_high + room)
    return float(low), float(high)


def moved(
    model: Model, X: pd.DataFrame, rows: npt.NDArray[np.int64], column: str, values: Floats, near: Nearness
) -> WhatIf:
    table = X.iloc[np.repeat(rows, len(values))].reset_index(drop=True)
    table[column] = np.tile(values, len(rows))
    shape = (len(rows), len(values))
    # The moved column alone may leave its own range while all others stay typical.
    known = X[column].to_numpy(float)
    beyond = (values < np.nanmin(known)) | (values > np.nanmax(known))
    return WhatIf(
        column,
        values,
        known[rows],
        single(model.estimate(table)).reshape(shape),
        near.far(scaled_rows(X, table)).reshape(shape) | beyond,
    )


def scaled_rows(reference: pd.DataFrame, X: pd.DataFrame | None = None) -> Floats:
    """(n, q) numeric inputs in clipped robust units of `reference`, blanks at the median."""
    numeric = [c for c in reference.columns if pd.api.types.is_numeric_dtype(reference[c].dtype)]
    scale = RobustScale.of(reference[numeric].to_numpy(float))
    return np.nan_to_num(scale((reference if X is None else X)[numeric].to_numpy(float)))


def typical_rows(places: Floats, unit: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The row nearest to the medians of all rows, then those of up to 7 contexts, largest first."""

    def centre(own: npt.NDArray[np.int64]) -> int:
        gap = np.square(places[own] - np.median(places[own], axis=0)).sum(axis=1)
        return int(own[gap.argmin()])

    size = np.bincount(unit)
    largest = np.argsort(-size, kind="stable")[:STARTS]
    found = [centre(np.arange(len(places)))]
    found += [centre(np.flatnonzero(unit == u)) for u in largest if size[u] and len(size) > 1]
    return np.array(list(dict.fromkeys(found)), np.int64)


@dataclass(frozen=True)
class Nearness:
    """Distance to the nearest training row, and the 95 % point of it among the rows themselves."""

    tree: cKDTree
    limit: float

    @classmethod
    def of(cls, places: Floats) -> Nearness:
        some = places[np.linspace(0, len(places) - 1, min(len(places), TREE_ROWS)).astype(int)]
        tree = cKDTree(some)
        gap = tree.query(some, k=min(2, len(some)))[0].reshape(len(some), -1)[:, -1]
        return cls(tree, float(np.quantile(gap, 0.95)))

    def far(self, places: Floats) -> npt.NDArray[np.bool_]:
        return np.asarray(self.tree.query(places)[0] > self.limit + 1e-12)
