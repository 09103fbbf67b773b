"""Target-aware piecewise-linear code: ramps from 0 to 1 at and between a column's thresholds.

A periodic code is smooth and draws a step only as a slope; the thresholds come from a regression
tree of each column alone, so that the network need not find them by gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

THRESHOLDS = 6
"""At most this many a column: six narrow ramps on them and seven wide ones between them."""
CANDIDATES = 256
"""Places in the sorted column that are tried as a threshold."""
NARROW = 0.005
"""Rows on either side of a threshold over which its ramp rises, as a share of the column's."""
LEAST_WIDTH = 1e-3
"""In interquartile ranges: narrower, single and double precision would read different numbers."""


@dataclass(frozen=True)
class Ramps:
    """clip((z - left) * steep, 0, 1), R of them, each of one numeric column.

    column  (R,) position of the column; left (R,) where the ramp begins and steep (R,) one over
            its width, both in the member's scaled units

    The wide ramps are the bins of a piecewise-linear encoding (Gorishniy et al., NeurIPS 2022,
    eq. 1; as used by TabM). DIFF: a narrow bin on every knot, without which the encoding has to
    rise over a whole bin and draws no step; the outer bins do not extrapolate, the raw
    number beside them does; only columns whose thresholds pay, so that a pack carries few ramps.
    """

    column: Positions
    left: Array
    steep: Array

    @classmethod
    def none(cls) -> Self:
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))

    @classmethod
    def of(cls, Z: Array, residual: Array, readable: npt.NDArray[np.bool_]) -> Self:
        """Fit on a member's training rows.

        Z         (n, p) scaled numeric columns
        residual  (n, k) target less its context effects and the straight line
        readable  (n, p) False for blanks, and for columns that must not be leant on
        """
        column: list[int] = []
        ends: list[tuple[float, float]] = []
        for j in range(Z.shape[1]):
            rows = np.flatnonzero(readable[:, j])
            rows = rows[np.argsort(Z[rows, j], kind="stable")]
            own = _ends(Z[rows, j], thresholds(Z[rows, j], residual[rows]))
            column += [j] * len(own)
            ends += own
        left, right = np.array(ends, dtype=float).reshape(-1, 2).T
        return cls(np.array(column, dtype=np.int64), left, 1.0 / (right - left))

    def __call__(self, Z: Array) -> Array:
        """(n, p) scaled columns -> (n, R); the network computes the same on tensors."""
        return np.clip((Z[:, self.column] - self.left) * self.steep, 0.0, 1.0)


def thresholds(z: Array, residual: Array) -> list[int]:
    """Best-first splits of one sorted column, as positions: rows before and from it differ.

    z (n,) ascending; residual (n, k). A split must lower the squared error by 2 log n noise
    variances (its level and its place, each at the price of the Bayesian information criterion)
    and leave a hundredth of the rows, at least 8, on either side.
    """
    n = len(z)
    few = max(8, n // 100)
    if n < 2 * few:
        return []
    rest = residual - residual.mean(axis=0)
    noise = float((rest**2).sum()) / n
    # The target has unit variance: below this, only rounding is left to split.
    if noise < 1e-9:
        return []
    place = np.unique(np.linspace(few, n - few, min(CANDIDATES, n)).astype(np.int64))
    place = np.unique(np.searchsorted(z, z[place], side="left"))  # never between equal values
    total = np.vstack([np.zeros(rest.shape[1]), np.cumsum(rest, axis=0)])

    def explained(start: Positions, stop: Positions) -> Array:
        return np.asarray(((total[stop] - total[start]) ** 2).sum(axis=1) / np.maximum(stop - start, 1))

    bounds = np.array([0, n])
    while len(bounds) < THRESHOLDS + 2:
        after = np.searchsorted(bounds, place, side="right").clip(1, len(bounds) - 1)
        low, high = bounds[after - 1], bounds[after]
        gain = explained(low, place) + explained(place, high) - explained(low, high)
        gain[(place - low < few) | (high - place < few)] = 0.0
        best = int(np.argmax(gain))
        if gain[best] <= 2 * np.log(n) * noise:
            break
        bounds = np.sort(np.append(bounds, place[best]))
    return [int(cut) for cut in bounds[1:-1]]


def _ends(z: Array, cuts: list[int]) -> list[tuple[float, float]]:
    """Begin and end of every ramp of one sorted column: narrow on each threshold, wide between."""
    if not cuts:
        return []
    reach = round(NARROW * len(z))
    narrow = []
    for cut in cuts:
        low, high = z[max(cut - 1 - reach, 0)], z[min(cut + reach, len(z) - 1)]
        spare = max(LEAST_WIDTH - (high - low), 0.0) / 2
        narrow.append((float(low - spare), float(high + spare)))
    knots = [float(z[0]), *((low + high) / 2 for low, high in narrow), float(z[-1])]
    wide = [(a, b) for a, b in pairwise(knots) if b - a >= LEAST_WIDTH]
    return narrow + wide
