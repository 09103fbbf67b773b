"""O5: a row read on a machine between its own and another one, where their shift is mere nuisance.

After MixStyle (Zhou et al., ICLR 2021), statistics of context groups in place of channels. Where
the shift between groups is real process change this does harm; so it acts only on columns that a
person declared (`Nuisance.mixed`): where machines really ran at different points it more than
doubled the error (`benchmarks/results/couce_claims.json`, C9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.recalibration import Array, Deviation

Scale = Literal["column", "block", "row"]
CONCENTRATION = 0.1
"""lambda ~ Beta(0.1, 0.1): mostly one of the two machines, as in MixStyle."""


@dataclass(frozen=True)
class GroupStatistics:
    """Mean and standard deviation of every column in every context, both (G, q).

    Of observed cells only; a group with fewer than two of them has the pooled statistics.
    """

    mean: Array
    spread: Array

    @classmethod
    def of(cls, u: Array, group: npt.NDArray[np.int64], observed: npt.NDArray[np.bool_]) -> GroupStatistics:
        """u, observed (n, q); group (n,) in [0, G)."""
        groups = int(group.max()) + 1
        count, total, square = (np.zeros((groups, u.shape[1])) for _ in range(3))
        seen = np.where(observed, u, 0.0)
        np.add.at(count, group, observed.astype(float))
        np.add.at(total, group, seen)
        everything = np.maximum(observed.sum(axis=0), 1)
        pooled_mean = seen.sum(axis=0) / everything
        enough = count >= 2
        mean = np.where(enough, total / np.maximum(count, 1), pooled_mean)
        np.add.at(square, group, np.where(observed, (u - mean[group]) ** 2, 0.0))
        pooled = np.sqrt(np.where(observed, (u - pooled_mean) ** 2, 0.0).sum(axis=0) / everything)
        return cls(mean, np.where(enough, np.sqrt(square / np.maximum(count, 1)), pooled))


def group_mixing(
    statistics: GroupStatistics,
    own: npt.NDArray[np.int64],
    other: npt.NDArray[np.int64],
    share: Array,
    origin: Array,
) -> Deviation:
    """(x - mu_g) / sd_g * sd_mix + mu_mix with mix = l g + (1 - l) g', as gain and offset.

    own (n,) group of the row; other (n, q) group mixed in, per cell; share (n, q) l; origin (q,).
    Columns that are constant in the own group keep their scale.
    """
    column = np.arange(share.shape[1])
    mu, sd = statistics.mean[own], statistics.spread[own]
    mu_mix = share * mu + (1 - share) * statistics.mean[other, column]
    sd_mix = share * sd + (1 - share) * statistics.spread[other, column]
    ratio = np.divide(sd_mix, sd, out=np.ones_like(sd), where=sd > 0)
    return Deviation(ratio - 1, (ratio - 1) * origin - mu * ratio + mu_mix)


def mixed_partners(
    own: npt.NDArray[np.int64],
    groups: int,
    block: npt.NDArray[np.int64],
    scale: Scale,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.int64], Array]:
    """Other group (n, q) and share l (n, q): drawn per column, per block or once a row.

    At block scale, columns of no block keep l = 1 and so stay as they are.
    """
    n, q = len(own), len(block)
    units = {"column": q, "block": int(block.max(initial=-1)) + 1, "row": 1}[scale]
    if units == 0 or groups < 2:
        return np.broadcast_to(own[:, None], (n, q)), np.ones((n, q))
    drawn = rng.integers(groups - 1, size=(n, units))
    drawn += drawn >= own[:, None]
    share = rng.beta(CONCENTRATION, CONCENTRATION, size=(n, units))
    place = {"column": np.arange(q), "block": block, "row": np.zeros(q, dtype=np.int64)}[scale]
    return drawn[:, place], np.where(place >= 0, share[:, place], 1.0)
