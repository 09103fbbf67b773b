"""Random slopes of low rank: on which machines an input acts differently, and by how much.

y = f(x) + b_g + w_g . (x - centre) with w_g = sum_r code_gr atom_r, atoms orthonormal, mean code
zero. Closed form after training; the sum over contexts stays f, since the codes average to zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RANK = 2
LEAST_ROWS = 50
"""Rows a context needs for slopes of its own."""
REACH = 3.0
"""Interquartile ranges at which a slope ends: beyond is extrapolation."""


@dataclass(frozen=True)
class RandomSlopes:
    """Slopes of contexts about the common ones.

    column   context column, by position among the columns summed over
    centre   (p,) inputs where all contexts agree, scaled units
    whiten   (p, p) to inputs of unit covariance inside contexts
    atoms    (r, p) orthonormal directions of whitened inputs
    codes    (L + 1, r) by level number, 0 for levels that are rare or unknown
    """

    column: int
    centre: Array
    whiten: Array
    atoms: Array
    codes: Array

    def shift(self, u: Array, index: npt.NDArray[np.int64]) -> Array:
        """(n,) added to the prediction in the row's context; u (n, q), the first p of them read."""
        x = np.clip(u[:, : len(self.centre)], -REACH, REACH) - self.centre
        along = x @ self.whiten @ self.atoms.T
        return (along * self.codes[index[:, self.column]]).sum(axis=1)

    @property
    def spread(self) -> Array:
        """(p,) root mean square over contexts of the own slope, target units per scaled unit."""
        own = self.codes[np.any(self.codes != 0, axis=1)]
        slopes = own @ self.atoms @ self.whiten.T
        return np.sqrt((slopes**2).mean(axis=0)) if len(own) else np.zeros(len(self.centre))


def random_slopes(
    u: Array, residual: Array, index: npt.NDArray[np.int64], column: int, levels: int
) -> RandomSlopes | None:
    """Slopes of one context column from what the model leaves; None where there is nothing.

    With inputs whitened inside contexts, the slope of context g is the mean of x r plus noise of
    variance sigma^2 / n_g in every direction. The table of sqrt(n_g) w_g / sigma is then signal of
    low rank plus unit noise, and its singular values are shrunk as is best in squared error
    (Gavish and Donoho, 2017, eq. 7), which sets those of pure noise to zero.

    u (n, p) scaled numeric inputs; residual (n,) target less prediction in the row's own context;
    index (n, c) level numbers below `levels`.
    """
    label = index[:, column]
    level, count = np.unique(label, return_counts=True)
    level, count = level[count >= LEAST_ROWS], count[count >= LEAST_ROWS]
    keep = np.isin(label, level)
    if len(level) < 3 or u.shape[1] == 0:
        return None
    x, place = np.clip(u[keep], -REACH, REACH), np.searchsorted(level, label[keep])
    centre = x.mean(axis=0)
    inside, rest = (_less_group_means(a, place, count) for a in (x - centre, residual[keep, None]))
    whiten = _whitening(inside)
    white = inside @ whiten
    slopes = np.zeros((len(level), x.shape[1]))
    np.add.at(slopes, place, white * rest)
    slopes /= count[:, None]
    slopes -= (slopes * count[:, None]).sum(axis=0) / count.sum()
    left = rest[:, 0] - (white * slopes[place]).sum(axis=1)
    free = max(len(rest) - len(level) * (1 + x.shape[1]), len(rest) // 4)
    sigma = float(np.sqrt((left**2).sum() / free))
    if sigma == 0.0:
        return None
    weight = np.sqrt(count)[:, None] / sigma
    U, s, Vt = np.linalg.svd(slopes * weight, full_matrices=False)
    kept = shrunken_singular_values(s, slopes.shape)[:RANK]
    rank = int((kept > 0).sum())
    if rank == 0:
        return None
    codes = np.zeros((levels + 1, rank))
    codes[level] = U[:, :rank] * kept[:rank] / weight
    codes[level] -= (codes[level] * count[:, None]).sum(axis=0) / count.sum()
    return RandomSlopes(column, centre, whiten, Vt[:rank], codes)


def shrunken_singular_values(s: Array, shape: tuple[int, int]) -> Array:
    """sqrt((s^2 - m - k)^2 - 4 m k) / s above the noise edge sqrt(m) + sqrt(k), else 0.

    s singular values of a (m, k) matrix with noise of unit variance.
    """
    m, k = shape
    inside = np.maximum((s**2 - m - k) ** 2 - 4.0 * m * k, 0.0)
    return np.where(s > np.sqrt(m) + np.sqrt(k), np.sqrt(inside) / np.maximum(s, 1e-300), 0.0)


def _less_group_means(a: Array, place: npt.NDArray[np.int64], count: npt.NDArray[np.int64]) -> Array:
    total = np.zeros((len(count), a.shape[1]))
    np.add.at(total, place, a)
    return a - (total / count[:, None])[place]


def _whitening(inside: Array) -> Array:
    """(p, p) symmetric inverse root of the covariance; directions without spread become 0."""
    value, vector = np.linalg.eigh(inside.T @ inside / len(inside))
    root = np.where(value > 1e-6 * value.max(initial=1e-300), value, np.inf) ** -0.5
    return (vector * root) @ vector.T
