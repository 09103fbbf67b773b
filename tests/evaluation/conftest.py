"""Small datasets and splits built by hand, so that the truth of a trial is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation import Trial
from tabcouce.read.table import Source
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits.split import Fold, Split, SplitPlan


def build_dataset(
    X: pd.DataFrame, y: np.ndarray, machine: np.ndarray, classes: tuple[str, ...] = ()
) -> Dataset:
    columns = [ColumnRole(str(name), "sensor") for name in X.columns]
    columns += [ColumnRole("machine", "context"), ColumnRole("y", "target")]
    return Dataset(
        name="made",
        source=Source("made.csv", ""),
        task="regression" if not classes else "binary" if len(classes) == 2 else "multiclass",
        target="y",
        X=X,
        y=np.asarray(y, dtype=float),
        classes=classes,
        contexts=pd.DataFrame({"machine": machine.astype(str)}),
        group=None,
        order=None,
        rows=np.arange(2, len(y) + 2),
        roles=Roles(tuple(columns), ("y",)),
    )


def build_plan(machine: np.ndarray, folds: int = 4) -> SplitPlan:
    names, code = np.unique(machine.astype(str), return_inverse=True)
    rows = np.arange(len(code))

    def split(key: str, part: np.ndarray, apart: np.ndarray, column: str | None) -> Split:
        made = tuple(Fold(rows[part != k], rows[part == k]) for k in np.unique(part))
        return Split(key, made, apart, code, tuple(names), column)

    shuffled = np.random.default_rng(0).permutation(rows % folds)
    return SplitPlan(
        (split("shuffled", shuffled, rows, None), split("unseen:machine", code, code, "machine")),
        "unseen:machine",
    )


@pytest.fixture(scope="session")
def dataset_of() -> Callable[..., Dataset]:
    return build_dataset


@pytest.fixture(scope="session")
def plan_of() -> Callable[..., SplitPlan]:
    return build_plan


@pytest.fixture
def trial_of() -> Callable[..., Trial]:
    def build(model: str, prediction: np.ndarray, split: str = "unseen:machine") -> Trial:
        return Trial(model, split, prediction, (), 0.0, 0)

    return build
