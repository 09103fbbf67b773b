"""How many more contexts would settle a comparison that is still open."""

from __future__ import annotations

import math

from tabcouce.evaluation.trial import Difference

SIGMAS = {"two-sided 68 %": 0.9945, "two-sided 95 %": 1.9600}
FEWEST_UNITS = 4
"""With fewer held-out units the rule of `verdict` asks for more than an interval."""
MOST = 1000
"""A need beyond it is no advice."""


def units_needed(difference: Difference, margin: float) -> int | None:
    """Held-out units, those at hand included, at which the gain would be shown if it stays what it is.

    The interval shrinks with the square root of the units: of half width s at U units it is above
    zero from U (z s / gain)^2 on, z of the 95 % interval, or of the 68 % one beyond the margin.
    None where there is no gain, no interval, the interval is above zero already, or more than a
    thousand units would be needed.
    """
    if difference.gain <= 0 or difference.low68 is None or difference.high68 is None:
        return None
    error = (difference.high68 - difference.low68) / 2 / SIGMAS["two-sided 68 %"]
    z = SIGMAS["two-sided 68 %" if difference.gain > margin else "two-sided 95 %"]
    needed = max(FEWEST_UNITS, math.ceil(difference.units * (z * error / difference.gain) ** 2))
    return needed if difference.units < needed <= MOST else None
