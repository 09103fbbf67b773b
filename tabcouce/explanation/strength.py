"""One size per factor from several methods: how much one standard deviation of it moves the target.

What the model attributes to a column is believed only for the part that the adjusted slope cannot
see (curvature, interactions), and only where shuffling the column within held-out contexts costs
accuracy; the straight part is the adjusted slope's, which no machine or proxy can move. So a column
without effect goes to zero, and what only tells the contexts apart cannot lead the table.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from tabcouce.explanation.factor import Effect

Floats = npt.NDArray[np.float64]


def strength(
    values: Floats,
    contribution: Floats,
    unit: npt.NDArray[np.int64],
    spread: float,
    adjusted: Effect | None,
    lost: bool,
) -> float:
    """Size of a factor in the unit of the contributions.

    values, contribution  (m,) the column (NaN where blank or a category) and its contributions on
                          held-out rows; unit (m,) their contexts
    spread                standard deviation of the column over all rows
    adjusted              None, or without an interval, where only the model can tell
    lost                  whether the model is shown to lose without the column: else its word is
                          no evidence and counts nothing

    Straight part: |slope| * spread, times the positive part of 1 - 1 / t^2 (James and Stein 1961).
    Neither counts where the slope is not claimed and the model loses nothing without the column.
    Bent part: standard deviation of the contributions within contexts that no straight line in the
    column explains. The size is the root of the sum of both squares.
    """
    if not lost and (adjusted is None or not adjusted.claimed):
        return 0.0
    within = centred(contribution, unit)
    if adjusted is None or adjusted.low is None or adjusted.high is None:
        return float(within.std())
    error = (adjusted.high - adjusted.low) / 2 / float(stats.t.ppf(0.975, max(adjusted.clusters - 1, 1)))
    t2 = (adjusted.slope / error) ** 2 if error > 0 else np.inf
    straight = abs(adjusted.slope) * spread * max(0.0, 1 - 1 / t2) if t2 > 0 else 0.0
    if not lost:
        return straight
    known = np.isfinite(values)
    x = centred(values[known], unit[known])
    bent = within[known]
    if float(x @ x) > 0:
        bent = bent - float(x @ bent) / float(x @ x) * x
    return float(np.hypot(straight, bent.std() if len(bent) else 0.0))


def centred(values: Floats, unit: npt.NDArray[np.int64]) -> Floats:
    """Values less the mean of their context."""
    place = np.unique(unit, return_inverse=True)[1]
    if len(values) == 0:
        return values
    return values - (np.bincount(place, values) / np.bincount(place))[place]
