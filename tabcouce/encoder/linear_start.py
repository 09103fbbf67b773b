"""The straight line every member starts from: ridge on its training rows, inside contexts or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
PENALTIES = np.logspace(-6, 2, 17)
"""Relative to the mean squared singular value, so that they mean the same for any n and q."""


@dataclass(frozen=True)
class LinearStart:
    """Ridge weights (q, k) and intercept (k,) for scaled inputs.

    penalty  in mean squared singular values, so that it means the same for other rows
    """

    weight: Array
    intercept: Array
    penalty: float


def within(A: Array, index: npt.NDArray[np.int64], sweeps: int = 6) -> Array:
    """A (n, m) less its context means, context columns in turn (alternating projections)."""
    out = A - A.mean(axis=0)
    for _ in range(sweeps if index.shape[1] > 1 else 1):
        for c in range(index.shape[1]):
            _, place, count = np.unique(index[:, c], return_inverse=True, return_counts=True)
            total = np.zeros((len(count), A.shape[1]))
            np.add.at(total, place, out)
            out = out - (total / count[:, None])[place]
    return out


def linear_start(
    Z: Array,
    Y: Array,
    held_Z: Array,
    held_Y: Array,
    index: npt.NDArray[np.int64] | None = None,
    held_index: npt.NDArray[np.int64] | None = None,
    penalty: float | None = None,
) -> LinearStart:
    """Ridge whose penalty is the best on the member's held-out rows.

    With index, slopes are fitted within contexts (fixed effects), which is the slope that
    backdoor adjustment wants, and judged within held-out contexts.

    Z (n, q), held_Z (m, q) scaled inputs; Y (n, k), held_Y (m, k); m = 0 uses generalised
    cross-validation (Golub, Heath and Wahba, 1979). A penalty that is given is taken.
    """
    A, B = (Z - Z.mean(0), Y - Y.mean(0)) if index is None else (within(Z, index), within(Y, index))
    s, Vt = _directions(A)
    if not len(s):
        return LinearStart(np.zeros((Z.shape[1], Y.shape[1])), Y.mean(0), 0.0)
    UtB = (A @ Vt.T / s).T @ B
    offered = PENALTIES if penalty is None else np.array([penalty])
    penalties = offered * float((s**2).mean())
    if len(held_Z):
        if held_index is None:
            H, T = held_Z - Z.mean(0), held_Y - Y.mean(0)
        else:
            H, T = within(held_Z, held_index), within(held_Y, held_index)
        HV = H @ Vt.T
        scores = [float(((T - HV @ ((s / (s**2 + c))[:, None] * UtB)) ** 2).sum()) for c in penalties]
    else:
        scores = [_gcv(B, UtB, s**2 / (s**2 + c)) for c in penalties]
    # Ties go to the larger penalty.
    best = len(penalties) - 1 - int(np.argmin(scores[::-1]))
    weight = Vt.T @ ((s / (s**2 + penalties[best]))[:, None] * UtB)
    return LinearStart(weight, Y.mean(0) - Z.mean(0) @ weight, float(offered[best]))


def _directions(A: Array) -> tuple[Array, Array]:
    """Singular values and right vectors; from the Gram matrix where rows are many (it is 10 x faster)."""
    if len(A) > 3 * A.shape[1]:
        square, V = np.linalg.eigh(A.T @ A)
        keep = square > 1e-11 * max(square.max(initial=0.0), 1e-300)
        return np.sqrt(square[keep]), V[:, keep].T
    _, s, Vt = np.linalg.svd(A, full_matrices=False)
    keep = s > 1e-7 * max(s.max(initial=0.0), 1e-300)
    return s[keep], Vt[keep]


def _gcv(B: Array, UtB: Array, filter_: Array) -> float:
    residual = float((B**2).sum() - ((2 * filter_ - filter_**2)[:, None] * UtB**2).sum())
    free = 1.0 - filter_.sum() / len(B)
    return residual / max(free, 1e-3) ** 2
