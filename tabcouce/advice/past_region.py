"""Where settings were run together: each may be within its own limits and their combination still be new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.advice.space import Setting

Floats = npt.NDArray[np.float64]
ROWS_PER_SETTING = 3
"""With fewer past runs for each setting their region has no inside worth the name."""
LEAST_VARIANCE = 1e-9


@dataclass(frozen=True)
class PastRegion:
    """The ellipsoid that just holds all past runs: (x - m)' S^-1 (x - m) <= the largest of any of them.

    The rule against hidden extrapolation (leverage above that of every past run; Cook, 1977;
    Montgomery, Peck and Vining, Linear Regression Analysis, 3.8): mixture amounts that are each in
    range, but sum to a weight that no mixture has. A value that declared limits allow beyond what was
    seen counts as the outermost one seen: such a reach is asked for, a combination is not.

    names           numeric settings; none where past runs are too few, and then everything is inside
    low, high       seen range of each; mean m (k,), root (k, k) with S^-1 = root root'
    most            the largest distance squared of a past run
    """

    names: tuple[str, ...]
    low: Floats
    high: Floats
    mean: Floats
    root: Floats
    most: float

    @classmethod
    def of(cls, settings: tuple[Setting, ...], past: pd.DataFrame) -> Self:
        numbers = [s for s in settings if s.is_number and s.seen_low < s.seen_high]
        if len(past) <= ROWS_PER_SETTING * len(numbers) or len(numbers) < 2:
            numbers = []
        low, high = np.array([s.seen_low for s in numbers]), np.array([s.seen_high for s in numbers])
        names = tuple(s.name for s in numbers)
        if not numbers:
            return cls(names, low, high, low, np.zeros((0, 0)), np.inf)
        A = (past[list(names)].to_numpy(float) - low) / (high - low)
        mean = A.mean(axis=0)
        variance, axes = np.linalg.eigh(np.cov((A - mean).T))
        # Settings that always summed to the same have no variance in one direction: none is allowed.
        root = axes / np.sqrt(np.maximum(variance, LEAST_VARIANCE))
        most = float(np.square((A - mean) @ root).sum(axis=1).max())
        return cls(names, low, high, mean, root, most)

    def distance(self, frame: pd.DataFrame) -> Floats:
        """(n,) squared distance as a share of the largest past one: 1 at the edge."""
        if not self.names:
            return np.zeros(len(frame))
        return np.asarray(np.square((self._share(frame) - self.mean) @ self.root).sum(axis=1) / self.most)

    def pulled(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Settings outside moved straight towards the mean of the past runs, onto the edge."""
        outside = self.distance(frame) > 1
        if not outside.any():
            return frame
        frame = frame.copy()
        shrink = 1 / np.sqrt(self.distance(frame[outside]))[:, None]
        share = self.mean + shrink * (self._share(frame[outside]) - self.mean)
        frame.loc[outside, list(self.names)] = self.low + share * (self.high - self.low)
        return frame

    def _share(self, frame: pd.DataFrame) -> Floats:
        """(n, k) settings as shares of their seen range, at most 0 to 1."""
        A = frame[list(self.names)].to_numpy(float)
        return np.asarray((np.clip(A, self.low, self.high) - self.low) / (self.high - self.low))
