"""What-if grids: the final model's prediction as one factor moves, or two, and all others stay.

Computed beforehand at real rows, since the report has no server. A grid point far from every
training row is marked: there the model has nothing to go by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from tabcouce.explanation.accumulated import single
from tabcouce.explanation.joint_reading import JointGrid, PairGrid, read
from tabcouce.models.contract import Model
from tabcouce.models.scaling import RobustScale
from tabcouce.roles.dataset import Dataset

POINTS = 21
REACH = 0.1
"""The grid goes this share of the range beyond it, so that leaving it can be seen."""
FAR = 1.0
"""Widths of the middle 90 % beyond its ends where the grid stops at the latest."""
STARTS = 7
COARSE = 2
"""Every other grid point is one of a pair's."""
JOINED = 5
"""Factors that are moved in pairs, the first ones."""
TRIED = 200
"""Joint moves whose reading is compared with the model."""
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
    predictions; one grid per factor; pairs of factors, None for a single factor."""

    rows: npt.NDArray[np.int64]
    prediction: Floats
    factors: tuple[WhatIf, ...]
    joint: JointGrid | None = None


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
    own = single(model.estimate(dataset.X.iloc[rows]))
    return Profiler(rows, own, tuple(grids), joined(model, dataset.X, rows, own, grids, near))


def joined(
    model: Model,
    X: pd.DataFrame,
    rows: npt.NDArray[np.int64],
    own: Floats,
    grids: Sequence[WhatIf],
    near: Nearness,
) -> JointGrid | None:
    """Pairs of the first factors, and how far a reading of all factors is from the model."""
    if len(grids) < 2:
        return None
    pairs = []
    for i, j in combinations(range(min(len(grids), JOINED)), 2):
        a, b = grids[i].values[::COARSE], grids[j].values[::COARSE]
        at = {grids[i].name: np.repeat(a, len(b)), grids[j].name: np.tile(b, len(a))}
        table = placed(X, rows, at)
        shape = (len(rows), len(a), len(b))
        far = near.far(scaled_rows(X, table)).reshape(shape)
        far |= beyond(X, grids[i].name, a)[:, None] | beyond(X, grids[j].name, b)
        pairs.append(PairGrid(i, j, single(model.estimate(table)).reshape(shape), far))
    found = JointGrid(COARSE, tuple(pairs))
    return replace(found, error=joint_error(model, X, rows, own, grids, found))


def joint_error(
    model: Model,
    X: pd.DataFrame,
    rows: npt.NDArray[np.int64],
    own: Floats,
    grids: Sequence[WhatIf],
    joint: JointGrid,
) -> float:
    """95 % point of |reading - model| over moves of every factor at once to where another row is."""
    rng = np.random.default_rng(0)
    known = {grid.name: X[grid.name].dropna().to_numpy(float) for grid in grids}
    ends = {grid.name: (grid.values[0], grid.values[-1]) for grid in grids}
    at = {name: np.clip(rng.choice(values, TRIED), *ends[name]) for name, values in known.items()}
    which = np.arange(TRIED) % len(rows)
    table = X.iloc[rows[which]].reset_index(drop=True).assign(**at)
    told = [
        read(
            [grid.values for grid in grids],
            [grid.prediction[r] for grid in grids],
            [(pair.first, pair.second, pair.prediction[r]) for pair in joint.pairs],
            joint.every,
            np.array([grid.start[r] for grid in grids]),
            float(own[r]),
            np.array([at[grid.name][k] for grid in grids]),
        )
        for k, r in enumerate(which)
    ]
    return float(np.quantile(np.abs(single(model.estimate(table)) - told), 0.95))


def placed(X: pd.DataFrame, rows: npt.NDArray[np.int64], at: Mapping[str, Floats]) -> pd.DataFrame:
    """Each starting row at every place; at: column -> (k,) values. Row r at place k is row r k."""
    count = len(next(iter(at.values())))
    table = X.iloc[np.repeat(rows, count)].reset_index(drop=True)
    return table.assign(**{name: np.tile(values, len(rows)) for name, values in at.items()})


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
    table = placed(X, rows, {column: values})
    shape = (len(rows), len(values))
    return WhatIf(
        column,
        values,
        X[column].to_numpy(float)[rows],
        single(model.estimate(table)).reshape(shape),
        near.far(scaled_rows(X, table)).reshape(shape) | beyond(X, column, values),
    )


def beyond(X: pd.DataFrame, column: str, values: Floats) -> npt.NDArray[np.bool_]:
    """Whether values leave the column's own range, which they may do while all others stay typical."""
    known = X[column].to_numpy(float)
    return np.asarray((values < np.nanmin(known)) | (values > np.nanmax(known)))


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
