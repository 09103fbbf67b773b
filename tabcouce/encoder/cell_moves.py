"""One epoch of interventions on cells: which operator acts on which batch, and by how much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.donor_swap import donors
from tabcouce.encoder.fourier_bands import amplitude_mixed
from tabcouce.encoder.group_mixing import GroupStatistics, Scale, group_mixing, mixed_partners
from tabcouce.encoder.intervention import Array, Budget
from tabcouce.encoder.recalibration import (
    Deviation,
    noise_floor,
    row_factor,
    shared_recalibration,
    virtual_recalibration,
)
from tabcouce.encoder.time_drift import ranks, time_drift


class CellMoves:
    """Draws O1 to O3 and O5 to O8 for a member's rows; every batch has one scale.

    Column scale: O1, O5, O7, O8. Block scale: O2, O5, O6. Row scale: O3, O5. Scales at which
    nothing is declared are never drawn.
    """

    def __init__(
        self,
        budget: Budget,
        u: npt.NDArray[np.float32],
        context: npt.NDArray[np.int64],
        train: npt.NDArray[np.int64],
    ) -> None:
        """u (n, q) and context (n,) of the fold; only rows in `train` are ever read."""
        self.budget, self.u, self.context, self.train = budget, u, context, train
        self.groups, self.group = np.unique(context[train], return_inverse=True)
        self.group_of = np.zeros(len(u), dtype=np.int64)
        self.group_of[train] = self.group
        self.rank = np.zeros(len(u), dtype=np.int64)
        self.rank[train] = ranks(context[train])
        if budget.mixed.any():
            rows = u[train].astype(float)
            self.statistics = GroupStatistics.of(rows, self.group, ~_blank(rows, budget.flag))

    def epoch(self, rows: npt.NDArray[np.int64], batch: int, rng: np.random.Generator) -> Deviation:
        """Gain and offset (len(rows), q) of one epoch's rows, `batch` of them at a time."""
        scales = self.budget.scales
        if [name for name, _ in scales] == ["column"]:
            return self._drawn(rows, "column", rng)
        steps = -(-len(rows) // batch)
        names = rng.choice([name for name, _ in scales], size=steps, p=[p for _, p in scales])
        parts = [
            self._drawn(rows[k * batch : (k + 1) * batch], str(name), rng) for k, name in enumerate(names)
        ]
        return Deviation(
            np.concatenate([part.gain for part in parts]), np.concatenate([part.offset for part in parts])
        )

    def _drawn(self, rows: npt.NDArray[np.int64], scale: str, rng: np.random.Generator) -> Deviation:
        n, budget = len(rows), self.budget
        found: list[Deviation] = []
        if scale == "column":
            moved = np.flatnonzero((budget.gain > 0) | (budget.offset > 0))
            if len(moved):
                own = virtual_recalibration(budget.gain[moved], budget.offset[moved], n, rng)
                found.append(_spread(own, moved, len(budget.gain)))
            if budget.noise.any():
                found.append(noise_floor(budget.noise, n, rng))
            if budget.drift.any():
                found.append(time_drift(budget.drift, self.rank[rows], self.context[rows], rng))
        elif scale == "block":
            found.append(shared_recalibration(budget.gain, budget.offset, budget.block, n, rng))
            found.extend(self._other_amplitudes(rows, rng))
        else:
            found.append(row_factor(budget.loading, n, rng))
        if budget.mixed.any():
            found.append(self._mixed(rows, scale, rng))  # type: ignore[arg-type]
        if not found:
            return Deviation(np.zeros((n, len(budget.gain))), np.zeros((n, len(budget.gain))))
        return Deviation(sum(one.gain for one in found), sum(one.offset for one in found))  # type: ignore[arg-type]

    def _mixed(self, rows: npt.NDArray[np.int64], scale: Scale, rng: np.random.Generator) -> Deviation:
        budget, own = self.budget, self.group_of[rows]
        other, share = mixed_partners(own, len(self.groups), budget.block, scale, rng)
        moved = group_mixing(self.statistics, own, other, share, budget.origin)
        return Deviation(moved.gain * budget.mixed, moved.offset * budget.mixed)

    def _other_amplitudes(self, rows: npt.NDArray[np.int64], rng: np.random.Generator) -> list[Deviation]:
        """O6 on every ordered block, one of its bands, as an offset of its cells.

        A row with a blank in the block has no spectrum and stays as it is, as does one whose
        donor has.
        """
        found = []
        for block in self.budget.ordered:
            if not block.bands:
                continue
            donor = donors(self.context, self.train, rng)
            donor = donor[np.searchsorted(self.train, rows)]
            x, other = (self.u[which][:, block.inputs].astype(float) for which in (rows, donor))
            band = int(rng.choice(block.bands))
            # lambda ~ U(0, m), the strength m itself between 0.3 and 1.
            share = rng.random(len(rows)) * rng.uniform(0.3, 1.0)
            whole = ~(self._blank_in(rows, block.inputs) | self._blank_in(donor, block.inputs))
            offset = np.zeros((len(rows), self.u.shape[1]))
            offset[:, block.inputs] = (amplitude_mixed(x, other, band, share) - x) * whole[:, None]
            found.append(Deviation(np.zeros_like(offset), offset))
        return found

    def _blank_in(self, rows: npt.NDArray[np.int64], inputs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(n,) rows with a blank cell among these inputs."""
        flags = self.budget.flag[inputs]
        flags = flags[flags >= 0]
        return np.asarray((self.u[rows][:, flags] > 0).any(axis=1))


def _blank(u: Array, flag: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(n, q) whether a cell is blank."""
    out = np.zeros(u.shape, dtype=bool)
    has = flag >= 0
    out[:, has] = u[:, flag[has]] > 0
    return out


def _spread(own: Deviation, place: npt.NDArray[np.int64], width: int) -> Deviation:
    """Columns of `own` at their places among `width`."""
    gain, offset = np.zeros((len(own.gain), width)), np.zeros((len(own.gain), width))
    gain[:, place], offset[:, place] = own.gain, own.offset
    return Deviation(gain, offset)
