"""Whether a quantity is better looked at on a logarithmic scale: resistances, counts, impurities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST = 20
DECADES = 1.5
"""Width of the middle 90 % of the values, in powers of ten, from which a scale is proposed."""


@dataclass(frozen=True)
class LogScale:
    """Why a logarithm is proposed.

    decades   width of the middle 90 % of the values, in powers of ten
    skewness  of the values; log_skewness that of their logarithm
    """

    decades: float
    skewness: float
    log_skewness: float


def log_scale(values: npt.NDArray[np.float64]) -> LogScale | None:
    """The reason for a logarithm: every value above zero, over many decades, skewed only as it stands.

    values  (n,), NaN where blank; fewer than 20 numbers tell nothing
    """
    known = values[np.isfinite(values)]
    if len(known) < FEWEST or (known <= 0).any():
        return None
    logs = np.log10(known)
    low, high = np.quantile(logs, [0.05, 0.95])
    found = LogScale(float(high - low), _skewness(known), _skewness(logs))
    straighter = abs(found.log_skewness) < 0.5 * abs(found.skewness)
    return found if found.decades >= DECADES and straighter else None


def _skewness(values: npt.NDArray[np.float64]) -> float:
    spread = values.std()
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0
