"""O6: amplitudes of one frequency band along a physical order come partly from another row.

After FACT (Xu et al., CVPR 2021) and CouCE's multi-band randomisation, on waveforms and profiles:
phase is kept. Columns without a physical order are refused: the result would depend on their
arbitrary order. The whole spectrum is never randomised, it may carry the label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.recalibration import Array
from tabcouce.errors import FitError

BANDS = ("low", "mid", "high")
"""Thirds of the normalised frequency, (0, 1/3), [1/3, 2/3), [2/3, 1]; 0 itself is the offset (O2)."""
LEAST_CONTEXT = 0.1
MOST_TARGET = 0.02


def check_ordered(block: str, ordered: Sequence[str]) -> None:
    """Refuse a block whose columns have no declared physical order.

    Raises  FitError
    """
    if block not in set(ordered):
        raise FitError(
            f"Fourier randomisation was asked for the block '{block}', whose columns have no physical order.",
            remedy="Name the block among the ordered ones if its columns follow a time, place or wavelength; "
            "otherwise leave it out.",
        )


def band_of(points: int) -> npt.NDArray[np.int64]:
    """(points // 2 + 1,) number in BANDS of each frequency of an rfft, -1 for the offset."""
    frequency = np.arange(points // 2 + 1) / max(points // 2, 1)
    band = np.minimum((frequency * 3 + 1e-9).astype(np.int64), 2)
    band[0] = -1
    return band


def amplitude_mixed(x: Array, donor: Array, band: int, share: Array) -> Array:
    """Amplitudes (1 - l) A_i + l A_j inside one band, phases and all other bands as they were.

    x, donor (n, L) rows along the order; share (n,) l in [0, 1]; returns (n, L).
    """
    spectrum, other = np.fft.rfft(x, axis=1), np.fft.rfft(donor, axis=1)
    inside = band_of(x.shape[1]) == band
    size = np.abs(spectrum)
    mixed = (1 - share[:, None]) * size + share[:, None] * np.abs(other)
    # A frequency of amplitude zero has no phase; numpy's angle of 0 is 0, which serves.
    moved = mixed * np.exp(1j * np.angle(spectrum))
    return np.fft.irfft(np.where(inside, moved, spectrum), n=x.shape[1], axis=1)


def log_amplitude(x: Array, band: int) -> Array:
    """(n,) log of the root mean square amplitude in a band; x (n, L)."""
    inside = np.abs(np.fft.rfft(x, axis=1)[:, band_of(x.shape[1]) == band])
    return np.log(np.sqrt((inside**2).mean(axis=1)) + 1e-12)


def chosen_bands(
    x: Array, target_bin: npt.NDArray[np.int64], y: Array, context: npt.NDArray[np.int64]
) -> tuple[int, ...]:
    """Bands that tell the context and not the target; training rows of training contexts only.

    a = partial R2 of log amplitude on context given the target bin, must exceed 0.1;
    b = partial R2 of log amplitude on the target given context, must stay under 0.02.
    x (n, L); target_bin, y, context (n,).
    """
    found = []
    for band in range(len(BANDS)):
        size = log_amplitude(x, band)
        a = partial_r2(size, target_bin, np.eye(int(context.max()) + 1)[context])
        b = partial_r2(size, context, y[:, None])
        if a > LEAST_CONTEXT and b < MOST_TARGET:
            found.append(band)
    return tuple(found)


def partial_r2(response: Array, group: npt.NDArray[np.int64], regressors: Array) -> float:
    """Share of the response's variance inside groups that regressors explain, corrected for their number.

    response (n,), group (n,) conditioned on, regressors (n, k).
    """
    both = np.column_stack([response, regressors])
    level, place, count = np.unique(group, return_inverse=True, return_counts=True)
    total = np.zeros((len(level), both.shape[1]))
    np.add.at(total, place, both)
    both = both - (total / count[:, None])[place]
    coefficient, _, rank, _ = np.linalg.lstsq(both[:, 1:], both[:, 0], rcond=1e-9)
    free = len(response) - len(level)
    before = float((both[:, 0] ** 2).sum())
    after = float(((both[:, 0] - both[:, 1:] @ coefficient) ** 2).sum())
    if before <= 1e-12 or free <= rank:
        return 0.0
    # Adjusted R2: many machines explain something of any noise.
    return 1 - (after / (free - rank)) / (before / free)
