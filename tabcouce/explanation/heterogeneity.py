"""Does a factor act alike on every machine? Slopes per context and their disagreement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from tabcouce.explanation.factor import ContextSlope

FEWEST_ROWS = 8

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def context_slopes(x: Floats, y: Floats, unit: Labels, units: Sequence[str]) -> tuple[ContextSlope, ...]:
    """Slope of each context with 8 rows or more; x and y (n,) are what partialling left of them.

    A context in which one row alone makes the slope has none.

    Interval by HC3, so that no context's noise level is assumed (MacKinnon and White 1985).
    """
    found = []
    for u in np.unique(unit):
        own = unit == u
        a, b = x[own] - x[own].mean(), y[own] - y[own].mean()
        energy = float(a @ a)
        if own.sum() < FEWEST_ROWS or energy <= 1e-12 * float(x @ x):
            continue
        theta = float(a @ b) / energy
        leverage = a * a / energy + 1 / own.sum()
        if leverage.max() > 1 - 1e-6:
            continue  # one row alone makes the slope: how far it may be off cannot be told
        error = float(np.sqrt(np.sum((a * (b - theta * a) / (1 - leverage)) ** 2))) / energy
        half = float(stats.t.ppf(0.975, own.sum() - 2)) * error
        found.append(ContextSlope(units[u], theta, theta - half, theta + half, int(own.sum())))
    return tuple(found)


def disagreement(slopes: Sequence[ContextSlope]) -> float | None:
    """I2, the share of the slopes' spread that their own noise does not explain (Higgins 2003);
    None with fewer than three contexts."""
    if len(slopes) < 3:
        return None
    theta = np.array([s.slope for s in slopes])
    error = np.array([(s.high - s.low) / 2 / stats.t.ppf(0.975, s.rows - 2) for s in slopes])
    if not (error > 0).all():
        return None
    weight = error**-2.0
    q = float(np.sum(weight * (theta - np.sum(weight * theta) / weight.sum()) ** 2))
    return max(0.0, 1 - (len(slopes) - 1) / q) if q > 0 else 0.0
