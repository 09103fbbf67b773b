"""The rows of a pack on the device, and the order in which each member reads its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tabcouce.encoder.cell_moves import CellMoves
from tabcouce.encoder.donor_swap import donors
from tabcouce.encoder.member_task import MemberTask
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.recalibration import recalibrated


class PackedRows:
    """The pack's rows on the device: (M, n, .), shorter members padded with their first rows."""

    def __init__(self, tasks: Sequence[MemberTask], shape: NetShape, device: torch.device) -> None:
        rows = max(len(task.u) for task in tasks)

        def stack(parts: list[np.ndarray], width: int, fill: float, dtype: torch.dtype) -> Tensor:
            out = torch.full((len(parts), rows, width), fill, dtype=dtype)
            for m, part in enumerate(parts):
                out[m, : len(part), : part.shape[1]] = torch.as_tensor(part, dtype=dtype)
            return out.to(device)

        self.u = stack([t.u for t in tasks], shape.read, 0.0, torch.float32)
        self.target = stack([t.target for t in tasks], shape.outputs, 0.0, torch.float32)
        self.labels = stack([t.labels for t in tasks], shape.proxies, 0.0, torch.float32)
        self.context = stack([t.context for t in tasks], tasks[0].context.shape[1], shape.levels, torch.int64)
        self.own = torch.arange(len(tasks), device=device)[:, None]

    def take(self, source: Tensor, index: Tensor) -> Tensor:
        """Rows index (M, B) of source (M, n, w); returns (M, B, w)."""
        return source[self.own, index]


@dataclass(frozen=True)
class Drawn:
    """Row numbers (M, B), and donors (M, B) and moves of cells (M, B, q) where members intervene."""

    rows: Tensor
    donor: Tensor | None = None
    gain: Tensor | None = None
    offset: Tensor | None = None

    @property
    def tensors(self) -> list[Tensor]:
        """Those that were drawn."""
        return [one for one in (self.rows, self.donor, self.gain, self.offset) if one is not None]

    def map(self, change: Callable[[Tensor], Tensor]) -> Drawn:
        """The same with every tensor changed."""
        return Drawn(
            change(self.rows),
            *(None if one is None else change(one) for one in (self.donor, self.gain, self.offset)),
        )

    def part(self, own: slice) -> Drawn:
        """Rows own of every member: a batch of an epoch."""
        return self.map(lambda one: one[:, own])


class Sampler:
    """Row order, donors and moves of cells per member, each from the member's own stream."""

    def __init__(
        self, tasks: Sequence[MemberTask], shape: NetShape, steps: int, batch: int, device: torch.device
    ) -> None:
        self.tasks, self.per_epoch, self.batch, self.device = tasks, steps * batch, batch, device
        self.inputs = shape.inputs
        self.rngs = [np.random.default_rng([task.seed, 1]) for task in tasks]
        self.intervenes = tasks[0].budget is not None
        self.swaps = self.intervenes and any(t.budget is not None and t.budget.swap.any() for t in tasks)
        self.moves = [
            CellMoves(t.budget, t.u, t.joint, t.train) if t.budget is not None and t.budget.scales else None
            for t in tasks
        ]
        self.deviates = any(move is not None for move in self.moves)

    def epoch(self) -> Drawn:
        """What the next epoch's steps * B rows are and how they are moved."""
        rows = np.empty((len(self.tasks), self.per_epoch), dtype=np.int64)
        donor = np.empty_like(rows) if self.swaps else None
        size = (len(self.tasks), self.per_epoch, self.inputs)
        gain = np.zeros(size, dtype=np.float32) if self.deviates else None
        offset = np.zeros(size, dtype=np.float32) if self.deviates else None
        for m, (task, rng) in enumerate(zip(self.tasks, self.rngs, strict=True)):
            order = rng.permutation(len(task.train))
            places = np.resize(order, self.per_epoch)
            rows[m] = task.train[places]
            if donor is not None:
                donor[m] = donors(task.joint, task.train, rng)[places]
            move = self.moves[m]
            if gain is not None and offset is not None and move is not None:
                drawn = move.epoch(rows[m], self.batch, rng)
                gain[m][:, : drawn.gain.shape[1]] = drawn.gain
                offset[m][:, : drawn.offset.shape[1]] = drawn.offset
        drawn_here = (None if one is None else torch.as_tensor(one) for one in (donor, gain, offset))
        return Drawn(torch.as_tensor(rows), *drawn_here).map(lambda one: one.to(self.device))


class IntervenedView:
    """The intervened view of a batch: moves of observed cells, then the donor swap (O4)."""

    def __init__(self, tasks: Sequence[MemberTask], shape: NetShape, data: PackedRows) -> None:
        def stack(name: str, fill: float) -> Tensor:
            out = torch.full((len(tasks), 1, shape.inputs), fill)
            for m, task in enumerate(tasks):
                values = getattr(task.budget, name)
                out[m, 0, : len(values)] = torch.as_tensor(values, dtype=torch.float32)
            return out.to(data.u.device)

        self.data = data
        self.origin = stack("origin", 0.0)
        self.swap = stack("swap", 0.0).bool()
        flag = stack("flag", -1.0).long()
        self.flag, self.flagged = flag.clamp(min=0), flag >= 0

    def __call__(self, u: Tensor, drawn: Drawn) -> Tensor:
        if drawn.gain is not None and drawn.offset is not None:
            u = recalibrated(u, drawn.gain, drawn.offset, self.origin, self.observed(u))
        if drawn.donor is not None:
            u = torch.where(self.swap, self.data.take(self.data.u, drawn.donor), u)
        return u

    def observed(self, u: Tensor) -> Tensor:
        """(M, B, q) 1 where the cell was read, 0 where its flag says blank."""
        blank = u.gather(2, self.flag.expand(-1, u.shape[1], -1))
        return torch.where(self.flagged, 1.0 - blank, 1.0)
