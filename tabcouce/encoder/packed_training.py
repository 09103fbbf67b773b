"""Training all members of all folds as one batched model.

The loss is the sum over members of each member's mean loss, so members never interact and Adam,
being elementwise, trains each as if it were alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder.backdoor import log_odds_intercepts
from tabcouce.encoder.intervention import (
    Budget,
    donors,
    observed_mask,
    output_change,
    ramp,
    recalibrated,
    symmetric_kl,
)
from tabcouce.encoder.packed_net import NetShape, PackedNet
from tabcouce.encoder.proxies import host_loss


@dataclass(frozen=True)
class Recipe:
    """How members are trained; one for the whole run."""

    epochs: int = 32
    batch: int = 128
    rate: float = 1e-2
    decay: float = 1e-2
    proxy_weight: float = 0.1
    invariance_weight: float = 1.0
    warm_up: float = 0.05
    looks: int = 8
    """Times the held-out block is looked at; the best look is kept."""


@dataclass(frozen=True)
class MemberTask:
    """One member: its rows and how it starts.

    u          (n, q) float32 code of the fold's rows, shared by the fold's members
    target     (n, k) float32: the target in member units for regression, one-hot classes else
    labels     (n, K) float32 soft proxy labels
    context    (n, c) level numbers of the fold
    joint      (n,) number of the row's combination of contexts
    train      rows the member learns from; held: rows it never sees, in its context block
    centre, factor (q,) the member's own scale; shrink (L + 1,); bin_value (K,)
    skip, bias (q, k), (k,) linear start; effect (L + 1, k) its context effects, before shrinkage
    use_context whether context effects are learnt (backdoor) or not (pooled)
    """

    u: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]
    context: npt.NDArray[np.int64]
    joint: npt.NDArray[np.int64]
    train: npt.NDArray[np.int64]
    held: npt.NDArray[np.int64]
    centre: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]
    shrink: npt.NDArray[np.float64]
    frequency: npt.NDArray[np.float64]
    bin_value: npt.NDArray[np.float64]
    skip: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]
    effect: npt.NDArray[np.float64]
    use_context: bool
    seed: int
    budget: Budget | None = None
    """What may be moved in the intervened view; None trains on the clean view only."""


Weights = dict[str, npt.NDArray[np.float32]]
"""One member's weights and buffers by name."""


class _Data:
    """The pack's rows on the device: (M, n, .), shorter members padded with their first rows."""

    def __init__(self, tasks: Sequence[MemberTask], shape: NetShape, device: torch.device) -> None:
        rows = max(len(task.u) for task in tasks)

        def stack(parts: list[np.ndarray], width: int, fill: float, dtype: torch.dtype) -> Tensor:
            out = torch.full((len(parts), rows, width), fill, dtype=dtype)
            for m, part in enumerate(parts):
                out[m, : len(part), : part.shape[1]] = torch.as_tensor(part, dtype=dtype)
            return out.to(device)

        self.u = stack([t.u for t in tasks], shape.inputs, 0.0, torch.float32)
        self.target = stack([t.target for t in tasks], shape.outputs, 0.0, torch.float32)
        self.labels = stack([t.labels for t in tasks], shape.proxies, 0.0, torch.float32)
        self.context = stack([t.context for t in tasks], tasks[0].context.shape[1], shape.levels, torch.int64)
        self.own = torch.arange(len(tasks), device=device)[:, None]

    def take(self, source: Tensor, index: Tensor) -> Tensor:
        """Rows index (M, B) of source (M, n, w); returns (M, B, w)."""
        return source[self.own, index]


def _prepared(tasks: Sequence[MemberTask], shape: NetShape, device: torch.device) -> PackedNet:
    net = PackedNet(shape, [task.seed for task in tasks])
    with torch.no_grad():
        for m, task in enumerate(tasks):
            q, levels = len(task.centre), len(task.shrink) - 1
            net.centre[m, :q] = torch.as_tensor(task.centre)
            net.factor[m] = 0.0
            net.factor[m, :q] = torch.as_tensor(task.factor)
            net.shrink[m, :levels] = torch.as_tensor(task.shrink[:levels])
            net.bin_value[m] = torch.as_tensor(task.bin_value)
            net.skip[m, :q] = torch.as_tensor(task.skip)
            net.b_head[m] = torch.as_tensor(task.bias)
            net.effect[m, :levels] = torch.as_tensor(task.effect[:levels])
    return net.to(device)


def _optimiser(net: PackedNet, recipe: Recipe) -> torch.optim.AdamW:
    """Rates per kind of weight: proxies and atoms fast (methods: 5 x), frequencies and skip slow."""
    fast, slow, plain, free = [], [], [], []
    for name, weight in net.named_parameters():
        if name in ("proxy", "atom", "effect", "share"):
            fast.append(weight)
        elif name in ("frequency", "phase", "skip"):
            slow.append(weight)
        elif name.startswith("b"):
            free.append(weight)
        else:
            plain.append(weight)
    groups = [
        {"params": plain, "lr": recipe.rate, "weight_decay": recipe.decay},
        {"params": free, "lr": recipe.rate, "weight_decay": 0.0},
        {"params": fast, "lr": 5 * recipe.rate, "weight_decay": 1e-3},
        {"params": slow, "lr": 0.1 * recipe.rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)


def _schedule(progress: float, warm_up: float) -> float:
    if progress < warm_up:
        return (progress + 1e-3) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


@dataclass(frozen=True)
class _Epoch:
    """One epoch's row numbers (M, steps * B), and donors and gauge noise where members intervene."""

    rows: Tensor
    donor: Tensor | None
    gain: Tensor | None
    offset: Tensor | None


class _Sampler:
    """Row order, donors and gauge noise per member, each from the member's own stream."""

    def __init__(
        self, tasks: Sequence[MemberTask], shape: NetShape, per_epoch: int, device: torch.device
    ) -> None:
        self.tasks, self.per_epoch, self.device = tasks, per_epoch, device
        self.inputs = shape.inputs
        self.rngs = [np.random.default_rng([task.seed, 1]) for task in tasks]
        self.intervenes = tasks[0].budget is not None
        self.swaps = self.intervenes and any(t.budget is not None and t.budget.swap.any() for t in tasks)
        self.drifts = self.intervenes and any(
            t.budget is not None and (t.budget.gain.any() or t.budget.offset.any()) for t in tasks
        )

    def epoch(self) -> _Epoch:
        rows = np.empty((len(self.tasks), self.per_epoch), dtype=np.int64)
        donor = np.empty_like(rows) if self.swaps else None
        size = (len(self.tasks), self.per_epoch, self.inputs)
        gain = np.zeros(size, dtype=np.float32) if self.drifts else None
        offset = np.zeros(size, dtype=np.float32) if self.drifts else None
        for m, (task, rng) in enumerate(zip(self.tasks, self.rngs, strict=True)):
            order = rng.permutation(len(task.train))
            places = np.resize(order, self.per_epoch)
            rows[m] = task.train[places]
            if donor is not None:
                donor[m] = donors(task.joint, task.train, rng)[places]
            if gain is not None and offset is not None and task.budget is not None:
                moved = np.flatnonzero((task.budget.gain > 0) | (task.budget.offset > 0))
                noise = rng.standard_normal((2, self.per_epoch, len(moved))).astype(np.float32)
                gain[m][:, moved] = noise[0] * task.budget.gain[moved]
                offset[m][:, moved] = noise[1] * task.budget.offset[moved]
        return _Epoch(
            rows=torch.as_tensor(rows).to(self.device),
            donor=None if donor is None else torch.as_tensor(donor).to(self.device),
            gain=None if gain is None else torch.as_tensor(gain).to(self.device),
            offset=None if offset is None else torch.as_tensor(offset).to(self.device),
        )


class _Intervention:
    """The intervened view of a batch, O1 then O4."""

    def __init__(self, tasks: Sequence[MemberTask], shape: NetShape, data: _Data) -> None:
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

    def __call__(self, u: Tensor, epoch: _Epoch, part: slice) -> Tensor:
        if epoch.gain is not None and epoch.offset is not None:
            observed = torch.stack(
                [observed_mask(one, torch.as_tensor(flag)) for one, flag in zip(u, self.flags, strict=True)]
            )
            u = recalibrated(u, epoch.gain[:, part], epoch.offset[:, part], self.origin, observed)
        if epoch.donor is not None:
            u = torch.where(self.swap, self.data.take(self.data.u, epoch.donor[:, part]), u)
        return u


def train(
    tasks: Sequence[MemberTask], shape: NetShape, recipe: Recipe, device: torch.device
) -> list[Weights]:
    """Train one pack; returns each member's weights and buffers at its best look.

    All tasks intervene or none does. A member's weights depend on its own task, the recipe and
    the largest row count of the pack (which sets the number of steps), on nothing else.
    """
    net = _prepared(tasks, shape, device)
    data = _Data(tasks, shape, device)
    most = max(len(task.train) for task in tasks)
    steps = max(1, math.ceil(most / recipe.batch))
    batch = math.ceil(most / steps)
    sampler = _Sampler(tasks, shape, steps * batch, device)
    move = _Intervention(tasks, shape, data) if sampler.intervenes else None
    optimiser = _optimiser(net, recipe)
    rates = [group["lr"] for group in optimiser.param_groups]
    best = _BestLook(net, tasks, data)
    look_every = max(1, recipe.epochs // recipe.looks)
    for epoch_number in range(recipe.epochs):
        epoch = sampler.epoch()
        for step in range(steps):
            progress = (epoch_number + step / steps) / recipe.epochs
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * _schedule(progress, recipe.warm_up)
            part = slice(step * batch, (step + 1) * batch)
            optimiser.zero_grad(set_to_none=True)
            loss = _loss(net, data, epoch, part, move, recipe, progress)
            loss.sum().backward()
            optimiser.step()
        if (epoch_number + 1) % look_every == 0 or epoch_number + 1 == recipe.epochs:
            best.look()
    return best.members()


def _loss(
    net: PackedNet,
    data: _Data,
    epoch: _Epoch,
    part: slice,
    move: _Intervention | None,
    recipe: Recipe,
    progress: float,
) -> Tensor:
    """(M,) host and supervised loss, mean of both views, plus the invariance term."""
    index = epoch.rows[:, part]
    context = data.take(data.context, index)
    target, labels = data.take(data.target, index), data.take(data.labels, index)
    shift, effect = net.embedding_shift(context), net.output_shift(context)

    def view(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        encoded = net.encode(u)
        logits = net.logits(encoded, shift)
        output = net.output(encoded, logits) + effect
        error = supervised_loss(output, target) + recipe.proxy_weight * host_loss(logits, labels)
        return error, logits, output

    u = data.take(data.u, index)
    clean, logits, output = view(u)
    if move is None:
        return clean
    moved, moved_logits, moved_output = view(move(u, epoch, part))
    invariance = symmetric_kl(logits, moved_logits) + output_change(output, moved_output)
    return 0.5 * (clean + moved) + recipe.invariance_weight * ramp(4 * progress) * invariance


def supervised_loss(output: Tensor, target: Tensor) -> Tensor:
    """(M,) mean squared error for one output, cross-entropy for classes; both (M, B, k)."""
    if target.shape[-1] == 1:
        return (output - target).square().mean((1, 2))
    return -(target * F.log_softmax(output, -1)).sum(-1).mean(-1)


class _BestLook:
    """Each member's weights at the look with the lowest error on its own held-out block."""

    MINIMUM = 40
    """Held-out rows below which a look would be noise; such a member keeps its last weights."""

    def __init__(self, net: PackedNet, tasks: Sequence[MemberTask], data: _Data) -> None:
        self.net, self.tasks, self.data = net, tasks, data
        self.judged = [len(task.held) >= self.MINIMUM for task in tasks]
        self.error = np.full(len(tasks), np.inf)
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
        # The linear start itself is the first look: a net that only harms is never kept.
        self.look()

    @torch.no_grad()
    def look(self) -> None:
        error = self._errors()
        better = np.array(
            [not judged or e < old for judged, e, old in zip(self.judged, error, self.error, strict=True)]
        )
        self.error = np.where(better, error, self.error)
        mask = torch.as_tensor(better).to(self.data.u.device)
        for name, value in self.net.state_dict().items():
            shaped = mask.reshape(-1, *([1] * (value.dim() - 1)))
            self.kept[name] = torch.where(shaped, value, self.kept[name])

    def _errors(self) -> npt.NDArray[np.float64]:
        """(M,) error on held-out rows, blind: mean atom instead of the row's own."""
        net, data = self.net, self.data
        if not any(self.judged):
            return np.zeros(len(self.tasks))
        encoded = net.encode(data.take(data.u, self.index))
        shift, effect = net.mean_shift(self.weight)
        output = net.output(encoded, net.logits(encoded, shift)) + effect
        target = data.take(data.target, self.index)
        out = np.zeros(len(self.tasks))
        for m, task in enumerate(self.tasks):
            n = len(task.held)
            if not self.judged[m]:
                continue
            got = output[m, :n].double().cpu().numpy()
            wanted = target[m, :n].double().cpu().numpy()
            if task.use_context:
                got = got + _profile(got, wanted, task)
            out[m] = float(supervised_loss(torch.as_tensor(got)[None], torch.as_tensor(wanted)[None]))
        return out

    def members(self) -> list[Weights]:
        return [
            {name: value[m].cpu().numpy() for name, value in self.kept.items()}
            for m in range(len(self.tasks))
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
