"""The step of a column an engineer thinks in: 5 degC, 0.2 MPa; not one standard deviation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MANTISSAS = np.array([1.0, 2.0, 5.0, 10.0])


def natural_step(values: npt.NDArray[np.float64], declared: float | None = None) -> float:
    """The declared step; else the gap of two values; else 1, 2 or 5 times a power of ten near the
    spread (interquartile range / 1.35, the standard deviation of a normal column).

    values  (n,) with NaN where blank, at least two different numbers
    """
    if declared is not None and declared > 0:
        return declared
    known = np.unique(values[np.isfinite(values)])
    if len(known) == 2:
        return float(known[1] - known[0])
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.25, 0.75])
    spread = float(high - low) / 1.349 or float(np.std(finite))
    power = 10.0 ** np.floor(np.log10(spread))
    nearest = MANTISSAS[np.argmin(np.abs(np.log(spread / power / MANTISSAS)))]
    return float(f"{nearest * power:.6g}")
