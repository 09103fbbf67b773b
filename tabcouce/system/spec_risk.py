"""How likely a predicted row is to leave its specification limits on a context never seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MOST = 999
"""Held-out errors kept; of more, this many evenly spaced quantiles stand for them."""


@dataclass(frozen=True)
class SpecRisk:
    """Chance of a value outside the limits: the prediction plus each held-out error, counted.

    The conformal predictive distribution of Vovk et al. (Machine Learning 108, 2019), with the new
    row's own place at one half for each limit: errors of rows on contexts that were held out, each
    row alike. It is true for new contexts that are drawn like those held out, and for errors as
    large there as here; never 0 or 1, since n errors cannot show that.

    lower, upper  limits, unit of the target; None where there is none on that side
    error         (n,) sorted target minus held-out prediction
    """

    lower: float | None
    upper: float | None
    error: tuple[float, ...]

    @classmethod
    def of(cls, error: Floats, lower: float | None, upper: float | None) -> Self | None:
        """None without limits or without errors; error (n,), NaN where a row was never held out."""
        known = np.sort(error[np.isfinite(error)])
        if (lower is None and upper is None) or len(known) == 0:
            return None
        if len(known) > MOST:
            known = np.quantile(known, (np.arange(MOST) + 0.5) / MOST)
        return cls(lower, upper, tuple(float(e) for e in known))

    def __call__(self, prediction: Floats) -> Floats:
        """(n,) probability of a value outside the limits for each (n,) prediction."""
        error = np.asarray(self.error)
        count = np.zeros(len(prediction))
        if self.lower is not None:
            count += np.searchsorted(error, self.lower - prediction, side="left") + 0.5
        if self.upper is not None:
            count += len(error) - np.searchsorted(error, self.upper - prediction, side="right") + 0.5
        return np.asarray(count / (len(error) + 1), dtype=float)

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return {"lower": self.lower, "upper": self.upper, "error": list(self.error)}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        return cls(settings["lower"], settings["upper"], tuple(settings["error"]))
