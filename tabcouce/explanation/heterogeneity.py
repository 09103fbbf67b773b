"""Does a factor act alike on every machine? Slopes per context, their disagreement, and a test of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from tabcouce.explanation.cluster_slope import ClusterSlope, cluster_slope
from tabcouce.explanation.factor import ContextSlope

FEWEST_ROWS = 8
FEWEST_CLUSTERS = 5
"""Clusters within one level from which its interval redraws them rather than rows."""

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def context_slopes(
    x: Floats, y: Floats, unit: Labels, units: Sequence[str], cluster: Labels | None = None
) -> tuple[ContextSlope, ...]:
    """Slope of each context with 8 rows or more; x and y (n,) are what partialling left of them.

    cluster  (n,) rows that are not independent within a context, as lots of one supplier; with five
             or more of them in a context its interval is theirs (CR2)

    A context in which one row alone makes the slope has none. Without clusters the interval is by HC3,
    so that no context's noise level is assumed (MacKinnon and White 1985).
    """
    found = []
    for u in np.unique(unit):
        own = unit == u
        a, b = x[own] - x[own].mean(), y[own] - y[own].mean()
        if own.sum() < FEWEST_ROWS or float(a @ a) <= 1e-12 * float(x @ x):
            continue
        within = None if cluster is None else cluster[own]
        one = by_rows(a, b) if within is None or len(np.unique(within)) < FEWEST_CLUSTERS else None
        one = one or (None if within is None else cluster_slope(a, b, within))
        if one is not None:
            low, high = one.slope - one.half, one.slope + one.half
            count = int(own.sum())
            found.append(ContextSlope(units[u], one.slope, low, high, count, one.error, one.freedom))
    return tuple(found)


def by_rows(a: Floats, b: Floats) -> ClusterSlope | None:
    """Least squares of b on a, both centred, with HC3; None where one row alone makes the slope."""
    energy = float(a @ a)
    theta = float(a @ b) / energy
    leverage = a * a / energy + 1 / len(a)
    if leverage.max() > 1 - 1e-6:
        return None  # how far it may be off cannot be told
    error = float(np.sqrt(np.sum((a * (b - theta * a) / (1 - leverage)) ** 2))) / energy
    return ClusterSlope(theta, error, float(len(a) - 2))


def disagreement(slopes: Sequence[ContextSlope]) -> float | None:
    """I2, the share of the slopes' spread that their own noise does not explain (Higgins 2003);
    None with fewer than three contexts."""
    if len(slopes) < 3 or not all(s.error > 0 for s in slopes):
        return None
    theta, weight = np.array([s.slope for s in slopes]), np.array([s.error**-2.0 for s in slopes])
    q = float(np.sum(weight * (theta - np.sum(weight * theta) / weight.sum()) ** 2))
    return max(0.0, 1 - (len(slopes) - 1) / q) if q > 0 else 0.0


def equal_slopes(slopes: Sequence[ContextSlope]) -> float | None:
    """p-value against one slope for all contexts; None with fewer than two, or where one is exact.

    Welch (1951), eq. 28: the weighted spread against F, with degrees of freedom that shrink where
    the contexts' errors are known from few rows; a plain chi-square would see differences in noise.
    """
    k = len(slopes)
    if k < 2 or not all(s.error > 0 for s in slopes):
        return None
    theta, weight = np.array([s.slope for s in slopes]), np.array([s.error**-2.0 for s in slopes])
    share = weight / weight.sum()
    open_ = float(np.sum((1 - share) ** 2 / np.array([s.freedom for s in slopes])))
    spread = float(np.sum(weight * (theta - share @ theta) ** 2)) / (k - 1)
    f = spread / (1 + 2 * (k - 2) / (k**2 - 1) * open_)
    return float(stats.f.sf(f, k - 1, (k**2 - 1) / (3 * open_)))
