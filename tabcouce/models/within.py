"""Shrunken means of contexts, and the view of a row relative to its own context."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
View = Literal["raw", "within", "both"]
VIEWS: tuple[View, ...] = ("raw", "within", "both")
KAPPA = 5.0
"""Pseudo-rows at the pooled mean: a context of a few rows is hardly moved."""


def shrunken_means(Z: Floats, code: npt.NDArray[np.int64], levels: int, kappa: float = KAPPA) -> Floats:
    """(levels, q) mean of each context's rows, pulled to 0 by `kappa` pseudo-rows there.

    mu_g = sum_{i in g} z_i / (n_g + kappa). A level without rows stands at 0.

    Z     (n, q) columns whose pooled mean is 0
    code  (n,) level of each row; -1 for a row of no level, which counts nowhere
    """
    known = code >= 0
    total = np.zeros((levels, Z.shape[1]))
    np.add.at(total, code[known], Z[known])
    rows = np.bincount(code[known], minlength=levels)[:, None]
    return total / (rows + kappa)


def viewed(Z: Floats, mean: Floats, movable: npt.NDArray[np.bool_], view: View) -> Floats:
    """(n, u) what the kernel compares: a row as read, relative to its context, or both.

    Z        (n, q) scaled columns
    mean     (n, q) or (q,) shrunken mean of each row's context; 0 for an unknown one
    movable  (q,) columns that an offset can move (numbers); the others stay as read
    """
    if view == "raw":
        return Z
    within = Z - np.where(movable, mean, 0.0)
    return within if view == "within" else np.hstack([Z, within[:, movable]])
