"""A folder of tables with roles -> sets: thinned rows of one target with the folds all models share."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from peers.thinning import thinned
from tabcouce.roles import Dataset, datasets
from tabcouce.splits import Split, plan_splits
from tabcouce.study.inputs import open_inputs

ROWS = 2000
FOLDS = 3
SEED = 0


@dataclass(frozen=True)
class BenchmarkSet:
    """One target of one table.

    name      'nasa_milling', or 'corn_nir.2' for the second target
    whole     rows before thinning
    inputs    sha256 of what the models are given: inputs, target, contexts, groups
    splits    'shuffled', and the headline split where it holds out contexts; 3 folds each
    """

    name: str
    dataset: Dataset
    whole: int
    inputs: str
    splits: tuple[Split, ...]

    @property
    def cells(self) -> int:
        return int(self.dataset.X.size)


def read_sets(folder: Path, *, only: list[str] | None = None, targets: int = 1) -> list[BenchmarkSet]:
    """Every sub-folder with a roles.toml that names its file; smallest first.

    targets  the first so many targets of each table
    """
    found = []
    for roles in sorted(folder.glob("*/roles.toml")):
        if only and roles.parent.name not in only:
            continue
        found += list(_sets_of(roles, targets))
    return sorted(found, key=lambda one: one.cells)


def _sets_of(roles: Path, targets: int) -> Iterator[BenchmarkSet]:
    declared = tomllib.loads(roles.read_text("utf-8"))
    inputs = open_inputs(roles.parent / declared["file"], role_file=roles)
    parts = datasets(inputs.table, inputs.roles, name=roles.parent.name)
    for number, dataset in enumerate(parts[:targets], start=1):
        name = roles.parent.name if number == 1 else f"{roles.parent.name}.{number}"
        yield benchmark_set(dataset, name)


def benchmark_set(dataset: Dataset, name: str, *, rows: int = ROWS) -> BenchmarkSet:
    """Thin, then split anew: a fold of the whole table could lose all its rows."""
    plan = plan_splits(dataset, folds=FOLDS, seed=SEED)
    few = thinned(dataset, rows=rows, column=plan.of(plan.headline).column, seed=SEED)
    plan = plan_splits(few, folds=FOLDS, seed=SEED)
    keys = ["shuffled", *([plan.headline] if plan.headline.startswith("unseen:") else [])]
    splits = tuple(at_most(split, FOLDS) for split in plan.splits if split.key in keys)
    return BenchmarkSet(name, few, len(dataset.y), digest(few), splits)


def at_most(split: Split, folds: int) -> Split:
    """Every m-th fold: where contexts are crossed with groups a split has more folds than asked for."""
    step = -(-len(split.folds) // folds)
    return replace(split, folds=split.folds[::step])


def digest(dataset: Dataset) -> str:
    """sha256 of names and values of the inputs, the target, contexts and groups."""
    sha = hashlib.sha256(json.dumps([dataset.task, dataset.target, list(dataset.classes)]).encode())
    for name in dataset.X.columns:
        cells = dataset.X[name]
        numeric = cells.dtype == np.float64
        sha.update(str(name).encode())
        sha.update(cells.to_numpy().tobytes() if numeric else "\x1f".join(map(str, cells)).encode())
    sha.update(dataset.y.tobytes())
    sha.update("\x1f".join(map(str, dataset.contexts.to_numpy().ravel())).encode())
    sha.update(b"" if dataset.group is None else dataset.group.astype(np.int64).tobytes())
    return sha.hexdigest()


def fold_digest(split: Split) -> str:
    """sha256 of which rows train and which test."""
    sha = hashlib.sha256(split.key.encode())
    for fold in split.folds:
        sha.update(np.asarray(fold.train, np.int64).tobytes() + b"|")
        sha.update(np.asarray(fold.test, np.int64).tobytes() + b"/")
    return sha.hexdigest()
