"""The rows of a pack on the device, and the order in which each member reads its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tabcouce.encoder.cell_moves import CellMoves
from tabcouce.encoder.donor_swap import donors
from tabcouce.encoder.member_task import MemberTask
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.recalibration import observed_mask, recalibrated


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
class Epoch:
    """One epoch's row numbers (M, steps * B), and donors and moves of cells where members intervene."""

    rows: Tensor
    donor: Tensor | None
    gain: Tensor | None
    offset: Tensor | None


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

    def epoch(self) -> Epoch:
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
        return Epoch(
            rows=torch.as_tensor(rows).to(self.device),
            donor=None if donor is None else torch.as_tensor(donor).to(self.device),
            gain=None if gain is None else torch.as_tensor(gain).to(self.device),
            offset=None if offset is None else torch.as_tensor(offset).to(self.device),
        )


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
        self.flags = [task.budget.flag for task in tasks if task.budget is not None]

    def __call__(self, u: Tensor, epoch: Epoch, part: slice) -> Tensor:
        if epoch.gain is not None and epoch.offset is not None:
            observed = torch.stack(
                [observed_mask(one, torch.as_tensor(flag)) for one, flag in zip(u, self.flags, strict=True)]
            )
            u = recalibrated(u, epoch.gain[:, part], epoch.offset[:, part], self.origin, observed)
        if epoch.donor is not None:
            u = torch.where(self.swap, self.data.take(self.data.u, epoch.donor[:, part]), u)
        return u
