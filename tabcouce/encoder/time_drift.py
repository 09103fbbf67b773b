"""O7: a sensor that wanders slowly while the product stays the same; needs rows in time order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.recalibration import Array, Deviation

WINDOWS = (32, 256)
"""Rows a window may have: from a shift to some days."""
MODES = (2, 4)
"""Number of lowest Fourier modes of the window that take part."""


def ranks(context: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(n,) position of each row among the rows of its own context, in row order."""
    order = np.argsort(context, kind="stable")
    _, start, count = np.unique(context[order], return_index=True, return_counts=True)
    out = np.empty(len(context), dtype=np.int64)
    out[order] = np.arange(len(context)) - np.repeat(start, count)
    return out


def drift_curve(rank: npt.NDArray[np.int64], window: int, amplitude: Array, phase: Array) -> Array:
    """sum_k a_k cos(2 pi k rank / window + phi_k), k = 1, 2, ...; rank (n,) -> (n,).

    amplitude, phase (K,); the curve never leaves +-sum |a_k|.
    """
    mode = np.arange(1, len(amplitude) + 1)
    angle = 2 * np.pi * rank[:, None] * mode / window + phase
    return (np.cos(angle) * amplitude).sum(axis=1)


def time_drift(
    tolerance: Array,
    rank: npt.NDArray[np.int64],
    context: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> Deviation:
    """One random curve per machine and column, within the column's drift tolerance.

    tolerance (q,) largest excursion, 0 for none; rank, context (n,) of the rows drawn.
    """
    offset = np.zeros((len(rank), len(tolerance)))
    for group in np.unique(context):
        own = context == group
        for j in np.flatnonzero(tolerance > 0):
            modes = int(rng.integers(MODES[0], MODES[1] + 1))
            window = int(rng.integers(WINDOWS[0], WINDOWS[1] + 1))
            # Shares of the tolerance that sum to at most all of it.
            amplitude = tolerance[j] * rng.dirichlet(np.ones(modes)) * rng.uniform(-1, 1, modes)
            offset[own, j] = drift_curve(rank[own], window, amplitude, rng.uniform(0, 2 * np.pi, modes))
    return Deviation(np.zeros_like(offset), offset)
