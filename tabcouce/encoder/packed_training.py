"""Training all members of all folds as one batched model.

The loss is the sum over members of each member's mean loss, so members never interact and Adam,
being elementwise, trains each as if it were alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from tabcouce.encoder.batches import Drawn, IntervenedView, PackedRows, Sampler
from tabcouce.encoder.best_look import BestLook
from tabcouce.encoder.checkpoints import Recorder
from tabcouce.encoder.cuda_graph import ReplayedStep, Tape
from tabcouce.encoder.detectors import Detectors
from tabcouce.encoder.losses import Fade, training_loss
from tabcouce.encoder.member_task import MemberTask, TrainedMember
from tabcouce.encoder.packed_net import NetShape, PackedNet
from tabcouce.encoder.recipe import Recipe, optimiser, schedule, set_rates
from tabcouce.encoder.threshold_margin import Margins, ThresholdTerm


def train(
    tasks: Sequence[MemberTask],
    shape: NetShape,
    recipe: Recipe,
    device: torch.device,
    recorder: Recorder | None = None,
    tape: Tape | None = None,
) -> list[TrainedMember]:
    """Train one pack; returns each member's weights and buffers at the look it keeps.

    All tasks intervene or none does. A member's weights depend on its own task, the recipe and
    the largest row count of the pack (which sets the number of steps), on nothing else.

    tape  records the step and replays it; not where detectors or threshold margins decide in a step
          by what they find
    """
    net = _prepared(tasks, shape, device)
    data = PackedRows(tasks, shape, device)
    most = max(len(task.train) for task in tasks)
    steps = max(1, math.ceil(most / recipe.batch))
    batch = math.ceil(most / steps)
    sampler = Sampler(tasks, shape, steps, batch, device)
    move = IntervenedView(tasks, shape, data) if sampler.intervenes else None
    margin = _threshold_term(len(tasks), shape, recipe, device)
    detectors = _detectors(tasks, shape, recipe, device)
    tape = tape if margin is None and detectors is None else None
    adam = optimiser(net, recipe, replayed=tape is not None)
    rates = [float(group["lr"]) for group in adam.param_groups]

    def step(drawn: Drawn, fade: Fade) -> None:
        adam.zero_grad(set_to_none=True)
        training_loss(net, data, drawn, move, recipe, fade, margin, detectors).sum().backward()
        adam.step()

    advance = step if tape is None else ReplayedStep(step, tape)
    best = BestLook(net, tasks, data)
    if recorder is not None:
        recorder.record(net, 0)
    look_every = max(1, recipe.epochs // recipe.looks)
    for epoch_number in range(recipe.epochs):
        if best.is_over:
            break
        epoch = sampler.epoch()
        for number in range(steps):
            progress = (epoch_number + number / steps) / recipe.epochs
            set_rates(adam, rates, schedule(progress, recipe.warm_up))
            advance(epoch.part(slice(number * batch, (number + 1) * batch)), Fade.at(progress))
            if recorder is not None:
                recorder.record(net, epoch_number * steps + number + 1)
        if (epoch_number + 1) % look_every == 0 or epoch_number + 1 == recipe.epochs:
            better = best.look()
            if recorder is not None:
                recorder.looked((epoch_number + 1) * steps, better)
    members = best.members()
    if detectors is not None:
        for member, gate in zip(members, detectors.gate().cpu().numpy(), strict=True):
            member.weights["detector_gate"] = gate
    return members


def _detectors(
    tasks: Sequence[MemberTask], shape: NetShape, recipe: Recipe, device: torch.device
) -> Detectors | None:
    if not recipe.orthogonality or not shape.levels:
        return None
    rows = torch.zeros(len(tasks), shape.levels)
    for m, task in enumerate(tasks):
        levels = len(task.frequency) - 1
        rows[m, :levels] = torch.as_tensor(task.frequency[:levels] * len(task.train))
    return Detectors(rows.to(device), shape.embedding, gated=recipe.variance_gate)


def _threshold_term(
    members: int, shape: NetShape, recipe: Recipe, device: torch.device
) -> ThresholdTerm | None:
    if recipe.threshold_margin == "off":
        return None
    return ThresholdTerm(
        members,
        margins=Margins(),
        adaptive=recipe.threshold_margin == "adaptive",
        ordinal=shape.is_regression,
        device=device,
    )


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
            if shape.linear_skip:
                net.skip[m, :q] = torch.as_tensor(task.skip)
            net.b_head[m] = torch.as_tensor(task.bias)
            ramps = len(task.ramps.column)
            net.ramp_column[m, :ramps] = torch.as_tensor(task.ramps.column)
            net.ramp_left[m, :ramps] = torch.as_tensor(task.ramps.left)
            net.ramp_steep[m, :ramps] = torch.as_tensor(task.ramps.steep)
            if shape.front:
                net.start_front(m, torch.as_tensor(task.front, dtype=torch.float32))
            net.effect[m, :levels] = torch.as_tensor(task.effect[:levels])
            if net.grouping is not None:
                net.owner[m, :q] = torch.as_tensor(task.owner)
                net.grouping.own_level[m, levels:] = 0.0
    return net.to(device)
