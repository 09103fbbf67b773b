"""Slope of residual on residual whose interval holds for few, unequal clusters.

One regressor makes the bias-reduced sandwich CR2 and its degrees of freedom closed forms. With
h_g = sum_{i in g} x_i^2 / sum x^2 the leverage of cluster g and s_g = sum_{i in g} x_i e_i,

    Var = sum_g s_g^2 / (1 - h_g) / (sum x^2)^2
    df  = 1 / (sum d^2 - 2 sum d u^2 + (sum u^2)^2),  d = h / (1 - h),  u = h / sqrt(1 - h)

(Bell and McCaffrey 2002; Pustejovsky and Tipton 2018, where demeaning by the clusters' own labels
leaves CR2 as it is).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClusterSlope:
    """slope, its standard error and degrees of freedom; error 0 where a fit is exact."""

    slope: float
    error: float
    freedom: float

    @property
    def half(self) -> float:
        """Half of the 95 % interval."""
        return float(stats.t.ppf(0.975, self.freedom)) * self.error

    @property
    def p(self) -> float:
        """Two-sided p-value against no slope."""
        if self.error == 0:
            return 0.0 if self.slope else 1.0
        return float(2 * stats.t.sf(abs(self.slope) / self.error, self.freedom))


def cluster_slope(x: Floats, y: Floats, cluster: Labels) -> ClusterSlope | None:
    """Least squares of y (n,) on x (n,), both centred; None where x is constant or one cluster
    holds all of its variance."""
    energy = float(x @ x)
    if energy <= 0:
        return None
    theta = float(x @ y) / energy
    place = np.unique(cluster, return_inverse=True)[1]
    h = np.bincount(place, x * x) / energy
    if h.max() > 1 - 1e-9:
        return None
    score = np.bincount(place, x * (y - theta * x))
    d, u2 = h / (1 - h), h**2 / (1 - h)
    error = float(np.sqrt(np.sum(score**2 / (1 - h)))) / energy
    freedom = 1.0 / float(np.sum(d**2) - 2 * np.sum(d * u2) + np.sum(u2) ** 2)
    return ClusterSlope(theta, error, freedom)


def robustness(theta: float, error: float, n: int) -> float | None:
    """Share of the leftover variance of factor and target that a hidden cause must explain to
    erase the slope (Cinelli and Hazlett 2020, RV with q = 1)."""
    if error == 0 or n < 3:
        return None
    f2 = (theta / error) ** 2 / (n - 2)
    return float(0.5 * (np.sqrt(f2**2 + 4 * f2) - f2))


def placebo_share(x: Floats, y: Floats, cluster: Labels, *, draws: int, seed: int) -> float | None:
    """Share of placebo factors, x shuffled within clusters, whose slope is at least as large.

    The observed factor counts among the draws, so the share is a valid p-value (Phipson 2010). None
    where the factor is one value in each cluster, as a setting of a lot is: no shuffle changes it.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(cluster, kind="stable")
    x, y, cluster = x[order], y[order], cluster[order]
    if all(np.ptp(part) == 0 for part in np.split(x, np.flatnonzero(np.diff(cluster)) + 1)):
        return None
    # Sorting by (cluster, random key) shuffles within clusters, all draws at once.
    key = rng.random((draws, len(x))) + np.unique(cluster, return_inverse=True)[1]
    shuffled = x[np.argsort(key, axis=1)]
    return float((1 + np.sum(np.abs(shuffled @ y) >= abs(float(x @ y)))) / (1 + draws))
