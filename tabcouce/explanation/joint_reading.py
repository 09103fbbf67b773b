"""Several factors moved at once, read off from grids of one and of two factors.

f(x) = f(s) + sum_i [f_i(x_i) - f_i(s_i)] + sum_{i<j} [f_ij(x_i, x_j) - f_ij(x_i, s_j) - f_ij(s_i, x_j)
+ f_ij(s_i, s_j)], with f_i and f_ij the model's predictions as one or two factors leave the starting row
s: an anchored functional ANOVA cut after pairs (cut-HDMR, Rabitz and Alis 1999). Between grid points the
readings are straight. What three factors do together is missing, so the error against the model itself
is measured beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PairGrid:
    """Two factors moved together from each starting row.

    first, second  positions of the factors, first < second
    prediction     (r, m, m) at the factors' coarse grid points; outside (r, m, m), see `WhatIf`
    """

    first: int
    second: int
    prediction: Floats
    outside: Flags


@dataclass(frozen=True)
class JointGrid:
    """pairs of the strongest factors; `every` so many points of a factor's grid is a coarse one.

    error  95 % of |reading - model| over moves of all factors at once; None where none was tried
    """

    every: int
    pairs: tuple[PairGrid, ...]
    error: float | None = None


def read(
    values: Sequence[Floats],
    lines: Sequence[Floats],
    pairs: Sequence[tuple[int, int, Floats]],
    every: int,
    start: Floats,
    base: float,
    at: Floats,
) -> float:
    """The prediction read off for one starting row.

    values  per factor its grid (g,); lines: the predictions there (g,)
    pairs   positions of two factors and their coarse grid (m, m)
    start   (f,) the starting row's values, base: its prediction; at (f,) where the factors are moved to
    """
    found = base
    for grid, line, s, x in zip(values, lines, start, at, strict=True):
        found += np.interp(x, grid, line) - np.interp(s, grid, line)
    for i, j, square in pairs:
        a, b = values[i][::every], values[j][::every]
        x, y, s, t = at[i], at[j], start[i], start[j]
        found += bilinear(a, b, square, x, y) - bilinear(a, b, square, x, t)
        found += bilinear(a, b, square, s, t) - bilinear(a, b, square, s, y)
    return float(found)


def bilinear(a: Floats, b: Floats, square: Floats, x: float, y: float) -> float:
    """square (m, m) at grid points a, b, straight in between and held at the ends."""
    across = np.array([np.interp(y, b, row) for row in square])
    return float(np.interp(x, a, across))
