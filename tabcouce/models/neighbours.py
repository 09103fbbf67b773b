"""Distance to the nearest normal rows, in directions of equal normal variance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from tabcouce.models.detection import Floats, log_distance

MOST_ROWS = 4_000
LEAST_VARIANCE = 1e-6
"""Directions with less than this share of the largest variance are numerical dust."""


@dataclass(frozen=True)
class NormalNeighbours:
    """Normal rows as reference, whitened: one unit is one standard deviation in every direction.

    mean (q,), axes (q, k), rows (m, k) whitened reference rows, count neighbours averaged
    """

    mean: Floats
    axes: Floats
    rows: Floats
    count: int

    @classmethod
    def of(cls, z: Floats, count: int, seed: int) -> Self:
        """From coded normal rows (n, q); at most 4,000 of them are kept as reference."""
        mean = z.mean(axis=0)
        variance, axes = np.linalg.eigh(np.cov((z - mean).T).reshape(z.shape[1], z.shape[1]))
        kept = variance > LEAST_VARIANCE * max(variance.max(), 1e-30)
        axes = axes[:, kept] / np.sqrt(variance[kept])
        if len(z) > MOST_ROWS:
            z = z[np.sort(np.random.default_rng(seed).choice(len(z), MOST_ROWS, replace=False))]
        return cls(mean, axes, (z - mean) @ axes, min(count, len(z)))

    def __call__(self, z: Floats) -> Floats:
        """(n,) log of the mean distance of coded rows (n, q) to their nearest reference rows."""
        if self.rows.shape[1] == 0 or len(z) == 0:
            return np.zeros(len(z))
        distance, _ = self._search.kneighbors((z - self.mean) @ self.axes)
        return log_distance(np.square(distance.mean(axis=1)))

    def among_themselves(self) -> Floats:
        """(m,) the same of the reference rows, each without itself."""
        if self.rows.shape[1] == 0 or len(self.rows) < 2:
            return np.zeros(len(self.rows))
        count = min(self.count + 1, len(self.rows))
        distance = self._search.kneighbors(self.rows, n_neighbors=count)[0]
        # The nearest is the row itself, at distance 0.
        return log_distance(np.square(distance.sum(axis=1) / (count - 1)))

    @cached_property
    def _search(self) -> NearestNeighbors:
        return NearestNeighbors(n_neighbors=self.count).fit(self.rows)

    def arrays(self) -> dict[str, npt.NDArray[np.float64]]:
        """What it is made of again, with `count`."""
        return {"mean": self.mean, "axes": self.axes, "rows": self.rows}


@dataclass(frozen=True)
class ScaledDistance:
    """A log distance in units of its own spread among normal rows: 0 in the middle, 1 at the 90 %
    quantile; so that distances of different spaces can be compared."""

    near: NormalNeighbours
    middle: float
    width: float

    @classmethod
    def of(cls, near: NormalNeighbours) -> Self:
        middle, high = np.quantile(near.among_themselves(), [0.5, 0.9])
        return cls(near, float(middle), max(float(high - middle), 1e-6))

    def __call__(self, z: Floats) -> Floats:
        return (self.near(z) - self.middle) / self.width

    def settings(self) -> dict[str, float]:
        """JSON form of all but the arrays of `near`."""
        return {"middle": self.middle, "width": self.width, "count": self.near.count}

    @classmethod
    def restored(cls, settings: Mapping[str, float], arrays: Mapping[str, Floats]) -> Self:
        near = NormalNeighbours(arrays["mean"], arrays["axes"], arrays["rows"], int(settings["count"]))
        return cls(near, settings["middle"], settings["width"])
