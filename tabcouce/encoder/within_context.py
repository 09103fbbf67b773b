"""Where a context stands: its mean and spread of every numeric column, shrunken towards all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from tabcouce.models.scaling import FAR

Array = npt.NDArray[np.float64]

PSEUDO_ROWS = 5.0
"""kappa: rows of a typical context that are added to each context's own."""


@dataclass(frozen=True)
class TypicalContext:
    """Mean of all training rows and spread inside contexts, per numeric column in scaled units.

    A gate in the network takes a learned share of a context's place out of every reading; the
    place comes from inputs alone, so a new context has one as soon as it has unlabelled rows.

    mean, variance  (p,); variance is 0 for a constant column
    """

    mean: Array
    variance: Array

    @classmethod
    def of(cls, u: Array, observed: npt.NDArray[np.bool_], unit: npt.NDArray[np.int64]) -> Self:
        """u (n, p) scaled numbers, observed (n, p) False for blanks, unit (n,) context of the row."""
        x, rows = _cut(u, observed), observed.sum(axis=0)
        mean = x.sum(axis=0) / np.maximum(rows, 1)
        total, free = np.zeros(u.shape[1]), np.zeros(u.shape[1])
        for level in np.unique(unit):
            inside = unit == level
            count = observed[inside].sum(axis=0)
            own = x[inside].sum(axis=0) / np.maximum(count, 1)
            total += (np.square(x[inside] - own) * observed[inside]).sum(axis=0)
            free += np.maximum(count - 1, 0)
        return cls(mean, total / np.maximum(free, 1))

    def place(self, u: Array, observed: npt.NDArray[np.bool_]) -> Array:
        """(2, p) of the context that the rows u come from: mean less the typical one, log of the
        spread over the typical one.

        Both as if kappa rows of the typical context had been seen too: with m rows observed the
        mean is m / (m + kappa) of the plain one, the variance (m v + kappa v0) / (m + kappa).
        """
        x, rows = _cut(u, observed), observed.sum(axis=0)
        own = x.sum(axis=0) / np.maximum(rows, 1)
        square = (np.square(x - own) * observed).sum(axis=0)
        shift = rows / (rows + PSEUDO_ROWS) * (own - self.mean)
        spread = (square + PSEUDO_ROWS * self.variance) / (rows + PSEUDO_ROWS)
        ratio = np.divide(spread, self.variance, out=np.ones_like(spread), where=self.variance > 0)
        return np.stack([shift, 0.5 * np.log(ratio)])


def with_place(u: Array, observed: npt.NDArray[np.bool_], place: Array) -> Array:
    """(n, 2p + q): the place of each row's context before its inputs u (n, q).

    place  (2, p) for all rows or (n, 2, p). A blank stays at the middle: it has no place to leave.
    """
    beside = np.broadcast_to(place, (len(u), *place.shape[-2:])) * observed[:, None]
    return np.hstack([beside.reshape(len(u), -1), u])


def places(
    typical: TypicalContext, u: Array, observed: npt.NDArray[np.bool_], unit: npt.NDArray[np.int64]
) -> Array:
    """(n, 2, p) place of each training row's own context."""
    level, own = np.unique(unit, return_inverse=True)
    each = np.stack([typical.place(u[own == g], observed[own == g]) for g in range(len(level))])
    return each[own]


def half_open(u: npt.NDArray[np.float32], p: int) -> Array:
    """(n, 2p + q) -> (n, q) as the network's gate reads it before training: s = 1/2 for every column."""
    mean, log_sd, number, rest = np.split(u.astype(float), [p, 2 * p, 3 * p], axis=1)
    return np.hstack([(number - 0.5 * mean) * np.exp(-0.5 * log_sd), rest])


def _cut(u: Array, observed: npt.NDArray[np.bool_]) -> Array:
    """A glitch counts as far away, not as a mean of its own; blanks as 0."""
    return np.clip(u, -FAR, FAR) * observed
