"""From training rows of several folds to fitted views: one packed run for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tabcouce.encoder.backdoor import Prior
from tabcouce.encoder.fitted_view import FittedView, TargetUnits
from tabcouce.encoder.inner_selection import Choice, InnerTrial, choose, held_out_loss
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.member_task import MemberTask, Weights
from tabcouce.encoder.members import FoldRows, Variant, member_tasks, pack_sizes, target_units
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.packed_training import train
from tabcouce.encoder.plan import Plan
from tabcouce.encoder.proxies import bin_count

PACK_BYTES = 250e6
"""A pack's weights, activations and rows; larger runs are trained in several packs, two at a time."""
PACK_MEMBERS = {"cpu": 16, "cuda": 512}
"""Past these a pack gains nothing: on a CPU it outgrows the cache."""


@dataclass(frozen=True)
class FittedFold:
    """blind: what predicts a new context; adjusted: what predicts a known one and do(x)."""

    blind: FittedView
    adjusted: FittedView
    choice: Choice
    trials: tuple[InnerTrial, ...]


@dataclass(frozen=True)
class _Job:
    fold: int
    variant: Variant
    task: MemberTask


def fit_views(
    folds: Sequence[FoldRows], budgets: Sequence[Budget], plan: Plan, device: torch.device
) -> list[FittedFold]:
    """Train every member of every variant of every fold, then choose inside each fold."""
    with _one_thread_each():
        return _fit_views(folds, budgets, plan, device)


def _fit_views(
    folds: Sequence[FoldRows], budgets: Sequence[Budget], plan: Plan, device: torch.device
) -> list[FittedFold]:
    bins = bin_count(max(len(fold.y) for fold in folds))
    jobs = [
        _Job(f, variant, task)
        for f, (fold, budget) in enumerate(zip(folds, budgets, strict=True))
        for variant in plan.variants
        for task in member_tasks(
            fold,
            variant,
            members=plan.members,
            bins=bins,
            budget=budget,
            seed=plan.seed,
            piecewise=plan.piecewise,
        )
    ]
    shape = _shape(folds[0], [job.task for job in jobs], plan, bins)
    packs = [
        pack
        for intervene in (False, True)
        for pack in _packs(
            [i for i, job in enumerate(jobs) if job.variant.intervene == intervene], jobs, shape, plan, device
        )
    ]
    weights: dict[int, Weights] = {}
    with ThreadPoolExecutor(plan.threads if device.type == "cpu" else 1) as pool:
        runs = pool.map(lambda pack: train([jobs[i].task for i in pack], shape, plan.recipe, device), packs)
        for pack, trained in zip(packs, runs, strict=True):
            weights.update(zip(pack, trained, strict=True))
    return [
        _fitted(fold, [(job, weights[i]) for i, job in enumerate(jobs) if job.fold == f], shape, plan)
        for f, fold in enumerate(folds)
    ]


def _shape(fold: FoldRows, tasks: Sequence[MemberTask], plan: Plan, bins: int) -> NetShape:
    inputs, levels = pack_sizes(tasks)
    return NetShape(
        numeric=fold.code.numeric,
        inputs=inputs,
        outputs=fold.classes or 1,
        proxies=fold.classes or bins,
        levels=levels,
        width=plan.width,
        depth=plan.depth,
        embedding=plan.embedding,
        frequencies=plan.frequencies,
        readout=plan.readout,
        ramps=max(len(task.ramps.column) for task in tasks),
    )


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """One thread inside every operation; whole packs run side by side instead.

    Operations of a small net are too short to split, and threads that wait for each other on a
    busy machine cost 10 x. It also makes the numbers independent of the number of threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


def _packs(
    chosen: Sequence[int], jobs: Sequence[_Job], shape: NetShape, plan: Plan, device: torch.device
) -> list[list[int]]:
    """Consecutive groups that fit the memory and the cache, at least one for each thread."""
    if not chosen:
        return []
    weights = (shape.coded + shape.ramps) * shape.width + shape.depth * shape.width**2
    waves = shape.numeric * shape.frequencies * 4
    per_row = waves + 3 * (shape.coded + shape.ramps) + 3 * shape.depth * shape.width
    rows = max(len(jobs[i].task.u) for i in chosen)
    bytes_each = 4 * (5 * weights + plan.recipe.batch * per_row + rows * (shape.inputs + shape.proxies))
    most = int(np.clip(PACK_BYTES / bytes_each, 1, PACK_MEMBERS[device.type]))
    parts = int(np.ceil(len(chosen) / most))
    if device.type == "cpu":
        parts = min(len(chosen), int(np.ceil(parts / plan.threads)) * plan.threads)
    return [list(part) for part in np.array_split(chosen, parts)]


def _fitted(
    fold: FoldRows, trained: Sequence[tuple[_Job, Weights]], shape: NetShape, plan: Plan
) -> FittedFold:
    trials = []
    of_variant = {}
    for variant in plan.variants:
        own = [(job.task, weight) for job, weight in trained if job.variant == variant]
        of_variant[variant] = own
        trials.append(_trial(fold, variant, own, shape))
    choice = choose(trials, view=plan.view, interventions=plan.interventions)
    final = {v: _final(fold, of_variant[v], shape, v) for v in {choice.pooled, choice.adjusted} if v}
    adjusted = final[choice.adjusted or choice.pooled]  # type: ignore[index]
    blind = adjusted if choice.blind_view == "do" else final[choice.pooled]  # type: ignore[index]
    return FittedFold(blind=blind, adjusted=adjusted, choice=choice, trials=tuple(trials))


def _view(
    fold: FoldRows, own: Sequence[tuple[MemberTask, Weights]], shape: NetShape, variant: Variant
) -> FittedView:
    units = [target_units(fold, task.train) for task, _ in own]
    rows = own[0][0].train if len(own) == 1 else np.arange(len(fold.y))
    return FittedView.of(
        shape,
        [weight for _, weight in own],
        TargetUnits(np.array([c for c, _ in units]), np.array([s for _, s in units])),
        Prior.of(fold.index[rows]),
        variant.use_context,
    )


def _trial(
    fold: FoldRows, variant: Variant, own: Sequence[tuple[MemberTask, Weights]], shape: NetShape
) -> InnerTrial:
    """Blind errors of each member on its held-out block; nothing of the block is used."""
    variance = float(fold.y.var()) or 1.0
    total, count = np.zeros(len(fold.y)), np.zeros(len(fold.y))
    u = fold.u.astype(float)
    for task, weight in own:
        if not len(task.held):
            continue
        view = _view(fold, [(task, weight)], shape, variant)
        if variant.use_context:
            view.learn_effects(u, fold.y, fold.index, [task.train])
            prediction = view.do(u[task.held])
        else:
            prediction = view.plain(u[task.held])
        total[task.held] += held_out_loss(prediction, fold.y[task.held], variance)
        count[task.held] += 1
    scored = count > 0
    unit, place = np.unique(fold.unit[scored], return_inverse=True)
    loss = np.bincount(place, weights=total[scored] / count[scored], minlength=len(unit))
    return InnerTrial(variant, unit, loss / np.maximum(np.bincount(place, minlength=len(unit)), 1))


def _final(
    fold: FoldRows, own: Sequence[tuple[MemberTask, Weights]], shape: NetShape, variant: Variant
) -> FittedView:
    view = _view(fold, own, shape, variant)
    rows = np.arange(len(fold.y))
    view.learn_effects(fold.u.astype(float), fold.y, fold.index, [rows] * len(own))
    return view
