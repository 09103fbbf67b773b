"""Does one similarity threshold mean the same for every class and every context: OPIS and relatives.

OPIS (Zhang et al., ICLR 2024, arXiv 2307.04047) is the variance between groups of the utility of
one distance threshold, over the thresholds a user would choose. It is blind to a model that is
bad everywhere, so the mean utility is always beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import wasserstein_distance

from tabcouce.errors import FitError

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

OPERATING_RANGE = (0.01, 0.10)
"""False-accept rates between which a threshold is chosen."""
POINTS = 101
EXTREME_SHARE = 0.10
MOST_ROWS = 3_000
BINS = 50


@dataclass(frozen=True)
class Consistency:
    """How equal one threshold is over the groups.

    opis         variance of the groups' utilities, mean over thresholds and groups
    extreme_gap  eps-OPIS: squared gap between the best and the worst eps share of groups
    utility      mean utility of all groups, in [0, 1]; OPIS says nothing without it
    per_group    mean utility of each group, by its number
    low, high    distances between which the thresholds lie
    """

    opis: float
    extreme_gap: float
    utility: float
    per_group: Mapping[int, float]
    low: float
    high: float


@dataclass(frozen=True)
class DistanceGap:
    """How far one group's similarities lie from everybody's.

    positive, negative  1-Wasserstein distance of its positive and negative similarities to the
                        pooled ones, in units of cosine
    overlap             area shared by its positive and negative similarities, 0 (apart) to 1
    """

    group: int
    positive: float
    negative: float
    overlap: float


def threshold_consistency(
    Z: Floats,
    label: Labels,
    group: Labels,
    *,
    far: tuple[float, float] = OPERATING_RANGE,
    points: int = POINTS,
    share: float = EXTREME_SHARE,
) -> Consistency:
    """OPIS of unit embeddings over groups; pass the labels as groups for OPIS over classes.

    For a distance threshold d and a group g, TPR is the share of pairs of one label with an end
    in g that are nearer than d, TNR the share of pairs of two labels with an end in g that are
    farther, U = 2 TPR TNR / (TPR + TNR); OPIS is the mean over d and g of (U_g - mean_g U)^2,
    with d evenly between the far quantiles of all distances of two labels.
    DIFF: eps-OPIS is restated from its description; groups are also contexts, not only classes.

    Z      (n, d) unit rows, at most 3,000 (thin them first: n^2 distances are made)
    label  (n,) which rows belong together;  group (n,) class or context
    Raises FitError if fewer than two groups have pairs of both kinds, or rows are too many
    """
    distance, same = _distances(Z, label)
    off = ~np.eye(len(Z), dtype=bool)
    low, high = (float(v) for v in np.quantile(distance[~same], far))
    at = np.linspace(low, high, points)
    utility: dict[int, Floats] = {}
    for g in np.unique(group).tolist():
        rows = group == g
        near, apart = distance[rows][same[rows] & off[rows]], distance[rows][~same[rows]]
        if rows.sum() >= 2 and len(near) and len(apart):
            tpr, tnr = _share_below(near, at), 1.0 - _share_below(apart, at)
            both = tpr + tnr
            utility[int(g)] = np.divide(2 * tpr * tnr, both, out=np.zeros_like(both), where=both > 0)
    if len(utility) < 2:
        raise FitError(
            f"{len(utility)} groups have pairs of both kinds; consistency needs two.",
            remedy="Give labels that occur in several groups.",
        )
    U = np.stack(list(utility.values()))  # (G, T)
    order = np.argsort(U.mean(axis=1))
    extreme = max(1, int(np.floor(share * len(U))))
    gap = U[order[-extreme:]].mean(axis=0) - U[order[:extreme]].mean(axis=0)
    return Consistency(
        opis=float(np.square(U - U.mean(axis=0)).mean()),
        extreme_gap=float(np.square(gap).mean()),
        utility=float(U.mean()),
        per_group={g: float(u.mean()) for g, u in utility.items()},
        low=low,
        high=high,
    )


def distance_gaps(Z: Floats, label: Labels, group: Labels) -> tuple[DistanceGap, ...]:
    """Each group's similarity distributions against the pooled ones; arguments as above."""
    distance, same = _distances(Z, label)
    s = 1.0 - np.square(distance) / 2
    off = ~np.eye(len(Z), dtype=bool)
    near, apart = s[same & off], s[~same]
    found = []
    for g in np.unique(group).tolist():
        rows = group == g
        own_near, own_apart = s[rows][same[rows] & off[rows]], s[rows][~same[rows]]
        if len(own_near) and len(own_apart):
            found.append(
                DistanceGap(
                    group=int(g),
                    positive=float(wasserstein_distance(own_near, near)),
                    negative=float(wasserstein_distance(own_apart, apart)),
                    overlap=_overlap(own_near, own_apart),
                )
            )
    return tuple(found)


def _distances(Z: Floats, label: Labels) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(n, n) Euclidean distances of unit rows, sqrt(2 - 2 s), and which pairs share a label."""
    if len(Z) > MOST_ROWS:
        raise FitError(
            f"{len(Z)} rows make {len(Z) ** 2:,} pairs.",
            remedy=f"Draw at most {MOST_ROWS:,} rows, each group in its share.",
        )
    square = 2.0 - 2.0 * (Z @ Z.T)
    return np.sqrt(np.clip(square, 0.0, None)), label[:, None] == label[None, :]


def _share_below(values: Floats, at: Floats) -> Floats:
    """(T,) share of values that are at most each threshold."""
    return np.searchsorted(np.sort(values), at, side="right") / len(values)


def _overlap(first: Floats, second: Floats) -> float:
    """Area under the lower of two histograms over cosines from -1 to 1."""
    edges = np.linspace(-1.0, 1.0, BINS + 1)
    counts = [np.histogram(np.clip(v, -1.0, 1.0), edges)[0] / len(v) for v in (first, second)]
    return float(np.minimum(*counts).sum())
