"""What `check` shows before anything is trained: sizes, splits and findings per target."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.checks import Finding, check
from tabcouce.roles import datasets
from tabcouce.roles.role import Task
from tabcouce.splits import describe, plan_splits
from tabcouce.study.inputs import Inputs

FOLDS = 10


@dataclass(frozen=True)
class Preview:
    """One target as `fit` would see it.

    splits    one line each, with the proof that nothing is shared
    headline  key of the split that decides the verdict
    """

    target: str
    task: Task
    rows: int
    inputs: int
    splits: tuple[str, ...]
    headline: str
    findings: tuple[Finding, ...]


def preview(inputs: Inputs, *, name: str) -> tuple[Preview, ...]:
    """Check the data and plan the splits of every target; trains nothing."""
    return tuple(
        Preview(
            target=dataset.target,
            task=dataset.task,
            rows=len(dataset.y),
            inputs=dataset.X.shape[1],
            splits=tuple(describe(split) for split in plan.splits),
            headline=plan.headline,
            findings=check(inputs.table, inputs.roles, dataset),
        )
        for dataset in datasets(inputs.table, inputs.roles, name=name)
        for plan in [plan_splits(dataset, folds=FOLDS, seed=0)]
    )
