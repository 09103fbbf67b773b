"""Prediction intervals that hold on contexts never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Intervals:
    """A conformal band around the predictions for a new context.

    level       nominal coverage, e.g. 0.9
    half_width  half the width of the band, unit of the target
    coverage    share of rows covered when each unit (context) is judged by the residuals of
                the other units; None with fewer than two units
    per_unit    that coverage for each unit
    n, units    residuals and independent units behind the band
    split       split whose held-out residuals were used
    lower, upper  stated range of predictions: training range of the target and a margin
    """

    level: float
    half_width: float
    coverage: float | None
    per_unit: tuple[float, ...]
    n: int
    units: int
    split: str
    lower: float
    upper: float

    def band(
        self, prediction: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(n,) lower and upper bound of each (n,) prediction."""
        return prediction - self.half_width, prediction + self.half_width
