"""Interventions on the reading, not on the product: O1, O2, O3 and O8.

All are affine in each cell: u becomes u + gain (u - origin) + offset, so a set of them is two
arrays. Standard deviations come from a declared budget, never from the spread between contexts,
which may be real process change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Deviation:
    """What happens to each cell: gain and offset, both (n, q), scaled units."""

    gain: Array
    offset: Array


def recalibrated(
    u: Tensor, gain: Tensor, offset: Tensor, origin: Tensor, observed: Tensor | None = None
) -> Tensor:
    """a x + o about the column's own zero, in scaled units.

    u (..., q) scaled input; gain, offset (..., q) drawn deviations (a - 1) and o; origin (q,)
    or broadcastable: with u = (x - c) f, a x + o becomes u + (a - 1)(u - origin) + o f, where
    origin = -c f. observed masks blank cells, which have no reading to recalibrate.
    """
    change = gain * (u - origin) + offset
    return u + (change if observed is None else change * observed)


def virtual_recalibration(gain_sd: Array, offset_sd: Array, rows: int, rng: np.random.Generator) -> Deviation:
    """O1, column scale: every declared sensor of every row reads with its own gain and offset.

    gain_sd, offset_sd (q,), 0 where nothing is declared; a_ij - 1 ~ N(0, gain_sd_j),
    o_ij ~ N(0, offset_sd_j).
    """
    noise = rng.standard_normal((2, rows, len(gain_sd)))
    return Deviation(noise[0] * gain_sd, noise[1] * offset_sd)


def shared_recalibration(
    gain_sd: Array,
    offset_sd: Array,
    block: npt.NDArray[np.int64],
    rows: int,
    rng: np.random.Generator,
) -> Deviation:
    """O2, block scale: sensors behind one card or transmitter deviate together.

    block (q,) number of the column's block, -1 for none, which stays put. One pair of standard
    normal numbers per row and block, in units of each column's own tolerance: columns of one
    block may have different units.
    """
    noise = rng.standard_normal((2, rows, int(block.max(initial=-1)) + 1))
    shared = np.where(block >= 0, noise[:, :, block], 0.0) if noise.size else np.zeros((2, rows, len(block)))
    return Deviation(shared[0] * gain_sd, shared[1] * offset_sd)


def row_factor(loading: Array, rows: int, rng: np.random.Generator) -> Deviation:
    """O3, row scale: x + u l with one u ~ N(0, 1) a row; loading l (q,), declared (ambient)."""
    return Deviation(np.zeros((rows, len(loading))), rng.standard_normal((rows, 1)) * loading)


def noise_floor(repeatability: Array, rows: int, rng: np.random.Generator) -> Deviation:
    """O8, cell scale: N(0, repeatability_j) from the gauge study; repeatability (q,)."""
    noise = rng.standard_normal((rows, len(repeatability)))
    return Deviation(np.zeros_like(noise), noise * repeatability)
