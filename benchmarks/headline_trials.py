"""A table's headline split with the blind trials of some models, for benchmarks that need no more."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tabcouce.evaluation import Trial, run_trials
from tabcouce.evaluation.stacked import stacked_trials
from tabcouce.roles import Dataset, datasets
from tabcouce.splits import Split, SplitPlan, plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.inputs import open_inputs
from tabcouce.study.panel import panel


@dataclass(frozen=True)
class Headline:
    """sha256 of the table, its dataset, the headline split and blind trials by model."""

    sha256: str
    dataset: Dataset
    split: Split
    trials: dict[str, Trial]


def headline(
    folder: Path, models: Sequence[str], *, most_rows: int = 10**9, effort: str = "quick", seed: int = 0
) -> Headline:
    """Run the named models of the panel on the headline split of the table's first target.

    most_rows  thinned at even steps within each headline context, in file order
    """
    roles = folder / "roles.toml"
    declared = tomllib.loads(roles.read_text("utf-8"))
    inputs = open_inputs([folder / declared["file"]], role_file=roles)
    dataset = thinned(datasets(inputs.table, inputs.roles, name=folder.name)[0], most_rows)
    chosen = EFFORTS[effort]  # type: ignore[index]
    plan = plan_splits(dataset, folds=chosen.folds, seed=seed)
    split = plan.of(plan.headline)
    alone = SplitPlan((split,), split.key)
    candidates = [c for c in panel(dataset, chosen, seed=seed, device="auto") if c.key in models]
    trials = [t for t in run_trials(candidates, dataset, alone) if t.mode == "blind"]
    if "system" in models:
        trials += stacked_trials(trials, dataset, alone)
    return Headline(inputs.table.source.sha256, dataset, split, {t.model: t for t in trials})


def thinned(dataset: Dataset, most: int) -> Dataset:
    """Every so many-th row of the file, so that each context keeps its share of the rows."""
    n = len(dataset.y)
    if n <= most:
        return dataset
    keep = np.unique(np.linspace(0, n - 1, most).astype(int))

    def part(array: np.ndarray | None) -> np.ndarray | None:
        return None if array is None else array[keep]

    return replace(
        dataset,
        X=dataset.X.iloc[keep].reset_index(drop=True),
        y=dataset.y[keep],
        contexts=dataset.contexts.iloc[keep].reset_index(drop=True),
        group=part(dataset.group),
        order=part(dataset.order),
        rows=dataset.rows[keep],
        censored=part(dataset.censored),
    )
