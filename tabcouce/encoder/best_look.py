"""Each member's best weights so far, judged on the block that it never learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from tabcouce.encoder.backdoor import log_odds_intercepts
from tabcouce.encoder.batches import PackedRows
from tabcouce.encoder.losses import supervised_loss
from tabcouce.encoder.member_task import MemberTask, TrainedMember
from tabcouce.encoder.packed_net import PackedNet


class BestLook:
    """Each member's weights at the look with the lowest error on its own held-out block.

    A member that is not judged keeps its last weights, one with a look named beforehand those.
    """

    def __init__(self, net: PackedNet, tasks: Sequence[MemberTask], data: PackedRows) -> None:
        self.net, self.tasks, self.data = net, tasks, data
        self.judged = [task.is_judged for task in tasks]
        self.error = np.full(len(tasks), np.inf)
        self.looked = 0
        self.best = np.zeros(len(tasks), dtype=np.int64)
        self.kept = {name: value.detach().clone() for name, value in net.state_dict().items()}
        most = max((len(task.held) for task in tasks), default=0)
        self.index = torch.zeros((len(tasks), max(most, 1)), dtype=torch.int64)
        for m, task in enumerate(tasks):
            self.index[m, : len(task.held)] = torch.as_tensor(task.held)
        self.index = self.index.to(data.u.device)
        weight = np.zeros((len(tasks), net.shape.levels + 1), dtype=np.float32)
        for m, task in enumerate(tasks):
            weight[m, : len(task.frequency)] = task.frequency
        self.weight = torch.as_tensor(weight).to(data.u.device)
        # What it starts at is the first look: a net that only harms is never kept.
        self.look()

    @torch.no_grad()
    def look(self) -> npt.NDArray[np.bool_]:
        """Compare with the best so far; (M,) which members keep the weights of now."""
        error = self._errors()
        better = np.array(
            [
                self.looked == task.stop if task.stop is not None else not judged or e < old
                for task, judged, e, old in zip(self.tasks, self.judged, error, self.error, strict=True)
            ]
        )
        self.best[better] = self.looked
        self.looked += 1
        self.error = np.where(better, error, self.error)
        mask = torch.as_tensor(better).to(self.data.u.device)
        for name, value in self.net.state_dict().items():
            shaped = mask.reshape(-1, *([1] * (value.dim() - 1)))
            self.kept[name] = torch.where(shaped, value, self.kept[name])
        return better

    def _errors(self) -> npt.NDArray[np.float64]:
        """(M,) error on held-out rows, blind: mean atom instead of the row's own."""
        net, data = self.net, self.data
        if not any(self.judged):
            return np.zeros(len(self.tasks))
        encoded = net.encode(data.take(data.u, self.index))
        shift, effect = net.mean_shift(self.weight)
        output = (net.output(encoded, net.logits(encoded, shift)) + effect).cpu().double().numpy()
        target = data.take(data.target, self.index).cpu().double().numpy()
        out = np.zeros(len(self.tasks))
        for m, task in enumerate(self.tasks):
            n = len(task.held)
            if not self.judged[m]:
                continue
            got, wanted = output[m, :n], target[m, :n]
            if task.use_context:
                got = got + _profile(got, wanted, task)
            out[m] = float(supervised_loss(torch.as_tensor(got)[None], torch.as_tensor(wanted)[None]))
        return out

    @property
    def is_over(self) -> bool:
        """Whether no member can keep a later look."""
        return all(task.stop is not None and task.stop < self.looked for task in self.tasks)

    def members(self) -> list[TrainedMember]:
        kept = {name: value.cpu().numpy() for name, value in self.kept.items()}
        return [
            TrainedMember({name: value[m] for name, value in kept.items()}, int(look))
            for m, look in enumerate(self.best)
        ]


def _profile(
    output: npt.NDArray[np.float64], target: npt.NDArray[np.float64], task: MemberTask
) -> npt.NDArray[np.float64]:
    """(n, k) best intercept of each held-out context, per row.

    A member that learns context effects leaves the new context's effect open; its slopes are
    judged with that effect profiled out.
    """
    context, place, count = np.unique(task.joint[task.held], return_inverse=True, return_counts=True)
    if output.shape[1] == 1:
        mean = np.bincount(place, weights=(target - output)[:, 0]) / count
        return mean[place][:, None]
    return log_odds_intercepts(output, target.argmax(axis=1), place[:, None], len(context))[place]
