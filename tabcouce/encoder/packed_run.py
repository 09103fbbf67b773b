"""From training rows of several folds to fitted views: one packed run for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from tabcouce.encoder.attentive_grouping import TOKEN
from tabcouce.encoder.checkpoints import Recorder
from tabcouce.encoder.cuda_graph import CudaTape
from tabcouce.encoder.fitted_fold import FittedFold, Trained, chosen_variants, fitted_fold
from tabcouce.encoder.hosts import CENTRES
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.member_task import MemberTask
from tabcouce.encoder.members import FirstTraining, FoldRows, Variant, member_tasks, pack_sizes
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.packed_training import train
from tabcouce.encoder.plan import Plan
from tabcouce.encoder.proxies import bin_count

PACK_BYTES = {"cpu": 250e6, "cuda": 16e9, "mps": 2e9}
"""A pack's weights, activations and rows; larger runs are trained in several packs, two at a time."""
PACK_MEMBERS = {"cpu": 16, "cuda": 512, "mps": 512}
"""Past these a pack gains nothing: on a CPU it outgrows the cache. Those of mps were never measured."""


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

    def jobs(fold: int, variant: Variant, again: Sequence[FirstTraining] = ()) -> list[_Job]:
        tasks = member_tasks(
            folds[fold],
            variant,
            members=plan.members,
            bins=bins,
            budget=budgets[fold],
            seed=plan.seed,
            piecewise=plan.piecewise,
            feature_machine=plan.front == "feature_machine",
            again=again,
        )
        return [_Job(fold, variant, task) for task in tasks]

    # Folds of a comparison keep no path: weights of every step of every fold would fill the memory.
    checkpoints = plan.checkpoints if len(folds) == 1 else 0
    every = [job for f in range(len(folds)) for variant in plan.variants for job in jobs(f, variant)]
    shape = _shape(folds[0], [job.task for job in every], plan, bins)
    members = _trained(every, shape, plan, device, checkpoints)
    first = [
        [own for job, own in zip(every, members, strict=True) if job.fold == f] for f in range(len(folds))
    ]
    chosen = [chosen_variants(fold, own, shape, plan) for fold, own in zip(folds, first, strict=True)]
    again = [
        job
        for f, one in enumerate(chosen)
        if plan.refit and all(own.task.is_judged for own in first[f])
        for variant in one.choice.kept
        for job in jobs(f, variant, [own.first for own in first[f] if own.variant == variant])
    ]
    wider = _shape(folds[0], [job.task for job in again], plan, bins) if again else shape
    second = _trained(again, wider, plan, device, checkpoints)
    fitted = []
    for f, fold in enumerate(folds):
        own = [one for job, one in zip(again, second, strict=True) if job.fold == f]
        fitted.append(fitted_fold(fold, chosen[f], own or first[f], wider if own else shape))
    return fitted


def _trained(
    jobs: Sequence[_Job], shape: NetShape, plan: Plan, device: torch.device, checkpoints: int
) -> list[Trained]:
    """The members of all jobs, in their order."""
    # One kind of step a pack: with or without an intervened view, with or without the gate.
    kinds = [(job.variant.within, job.variant.intervene) for job in jobs]
    packs = [
        (pack, jobs[pack[0]].variant.net_shape(shape))
        for kind in sorted(set(kinds))
        for pack in _packs([i for i, own in enumerate(kinds) if own == kind], jobs, shape, plan, device)
    ]
    recorders = [Recorder(checkpoints) if checkpoints else None for _ in packs]
    tape = CudaTape() if plan.cuda_graph and device.type == "cuda" else None
    found: dict[int, Trained] = {}
    with ThreadPoolExecutor(plan.threads if device.type == "cpu" else 1) as pool:
        runs = pool.map(
            lambda pack, recorder: train(
                [jobs[i].task for i in pack[0]], pack[1], plan.recipe, device, recorder, tape
            ),
            packs,
            recorders,
        )
        for (pack, _), trained, recorder in zip(packs, runs, recorders, strict=True):
            paths = recorder.paths([one.weights for one in trained]) if recorder else [None] * len(pack)
            for i, one, path in zip(pack, trained, paths, strict=True):
                found[i] = Trained(jobs[i].variant, jobs[i].task, one, path)
    return [found[i] for i in range(len(jobs))]


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
        embedding=plan.embedding - plan.embedding % max(plan.groups, 1),
        frequencies=plan.frequencies,
        readout=plan.readout,
        centres=CENTRES if plan.recipe.host == "soft_triple" else 1,
        ramps=max(len(task.ramps.column) for task in tasks),
        first_layer=plan.first_layer,
        front=plan.front != "off",
        groups=plan.groups,
        columns=len(fold.code.design.names) if plan.groups else 0,
        context_query=plan.context_query,
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
    read = shape.coded + shape.ramps
    weights = read * shape.width + shape.depth * shape.width**2
    waves = shape.numeric * shape.frequencies * 4
    inner = 3 * TOKEN * (read + 4 * shape.columns) if shape.groups else 3 * shape.depth * shape.width
    per_row = waves + 3 * read + inner
    rows = max(len(jobs[i].task.u) for i in chosen)
    bytes_each = 4 * (5 * weights + plan.recipe.batch * per_row + rows * (shape.inputs + shape.proxies))
    most = int(np.clip(PACK_BYTES[device.type] / bytes_each, 1, PACK_MEMBERS[device.type]))
    parts = int(np.ceil(len(chosen) / most))
    if device.type == "cpu":
        parts = min(len(chosen), int(np.ceil(parts / plan.threads)) * plan.threads)
    return [list(part) for part in np.array_split(chosen, parts)]
