"""What Ctrl-C leaves: finished models are kept, short steps are done all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tabcouce.evaluation import Candidate, Executor, Trial, run_trials
from tabcouce.roles import Dataset
from tabcouce.splits import SplitPlan
from tabcouce.study.progress import Report

T = TypeVar("T")
COST = {
    "constant": 0.02,
    "linear": 0.3,
    "random_forest": 1.0,
    "lightgbm": 3.0,
    "lightgbm_context": 6.0,
    "kernel": 2.0,
}
"""Seconds a fold, as measured on some hundred rows; only their ratios count, for the time left."""
DEAREST = 8.0


@dataclass(frozen=True)
class Finished:
    """The trials of a target; `interrupted` when Ctrl-C came before the last of them."""

    trials: tuple[Trial, ...]
    interrupted: bool


def run_until_interrupted(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    plan: SplitPlan,
    executor: Executor,
    report: Report,
) -> Finished:
    """Every trial, or those that were finished when Ctrl-C came; at least one of the headline."""
    trials: list[Trial] = []
    folds = sum(len(split.folds) for split in plan.splits)
    total = sum(cost(candidate.key) for candidate in candidates) * folds
    done = 0.0

    def fold_started(what: str) -> None:
        nonlocal done
        report(what, done / total)
        done += cost(what.partition(",")[0])

    try:
        for trial in run_trials(candidates, dataset, plan, executor=executor, progress=fold_started):
            trials.append(trial)
            # A packed model announces itself once for all its folds.
            finished = [t for t in trials if t.mode == "blind"]
            done = max(done, sum(cost(t.model) * len(plan.of(t.split).folds) for t in finished))
    except KeyboardInterrupt:
        if not any(trial.split == plan.headline for trial in trials):
            raise
        report("interrupted; what is finished is scored and written", done / total)
        return Finished(tuple(trials), interrupted=True)
    return Finished(tuple(trials), interrupted=False)


def cost(model: str) -> float:
    return COST.get(model, DEAREST)


def finish(step: Callable[[], T]) -> tuple[T, bool]:
    """Do a short step although Ctrl-C comes: it is begun again, and a second one ends the run.

    Returns  the step's result, and whether Ctrl-C came
    """
    try:
        return step(), False
    except KeyboardInterrupt:
        return step(), True


def spare(step: Callable[[], T]) -> tuple[T | None, bool]:
    """Do a step that the study can do without: Ctrl-C ends the step alone.

    Returns  the step's result, None where Ctrl-C came, and whether it came
    """
    try:
        return step(), False
    except KeyboardInterrupt:
        return None, True
