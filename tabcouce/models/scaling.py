"""Robust, clipped scaling: two glitched cells near 1e33 must not decide a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

CLIP = 3.0
FAR = 10.0
"""Interquartile ranges from the median beyond which a cell only counts as far away."""
FAULT = 1e6
"""Interquartile ranges beyond which a cell is a fault of the logger, not a reading."""


@dataclass(frozen=True)
class RobustScale:
    """Median and interquartile scale per column, then a smooth clip.

    Numerics of RealMLP (Holzmueller et al., NeurIPS 2024): z = (x - median) / IQR; where the
    IQR is zero, half the range; constant columns become zero; then z / sqrt(1 + (z / 3)^2).

    centre   (q,) median, unit of the column; 0 where the column is all blank
    factor   (q,) 1 / scale; 0 for a constant column
    """

    centre: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]

    @classmethod
    def of(cls, A: npt.NDArray[np.float64]) -> Self:
        """Fit on training rows; (n, q) with NaN where blank."""
        if A.shape[1] == 0:
            # A table of categories alone; percentiles of no column are not defined.
            return cls(centre=np.zeros(0), factor=np.zeros(0))
        clean = np.where(np.isfinite(A), A, np.nan)
        empty = np.isnan(clean).all(axis=0)
        clean[:, empty] = 0.0
        centre = np.nanmedian(clean, axis=0)
        low, high = np.nanpercentile(clean, [25, 75], axis=0)
        scale = high - low
        half_range = (np.nanmax(clean, axis=0) - np.nanmin(clean, axis=0)) / 2
        scale = np.where(scale > 0, scale, half_range)
        factor = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
        return cls(centre=centre, factor=np.where(np.isfinite(factor), factor, 0.0))

    def __call__(self, A: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, q) scaled, within (-3, 3); blanks become 0, the training median."""
        z = self._centred(A)
        return z / np.hypot(1.0, z / CLIP)

    def straight(self, A: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, q) scaled without the bend, cut at 10 interquartile ranges; blanks become 0.

        So do cells beyond a million ranges: cut at 10 they would still turn the line their way.

        For linear models: spectra carry the answer in tiny differences between collinear
        channels, which the smooth clip would bend differently in each channel. For a normal
        column 10 interquartile ranges are 13 standard deviations.
        """
        z = self._centred(A)
        return np.where(np.abs(z) > FAULT, 0.0, np.clip(z, -FAR, FAR))

    def _centred(self, A: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        z = (A - self.centre) * self.factor
        return np.nan_to_num(z, nan=0.0, posinf=1e150, neginf=-1e150)
