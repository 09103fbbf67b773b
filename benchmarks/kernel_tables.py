"""The kernel expert against LightGBM, Random Forest and a straight line on the same folds.

    python benchmarks/kernel_tables.py ../shared/data --only concrete_strength nasa_milling ...
    python benchmarks/kernel_tables.py --processes --seeds 3

Tables: first target, headline split and shuffled, at most 5 folds; at most 2,000 training rows a fold for all
(drawn evenly). Unseen contexts are scored blind, in batch (all unlabelled rows of
the context; the peers, which cannot use them, stay blind) and with 5 labelled rows, which all models get
and none is scored on. Beside them the figures of real_tables_quick.json (same
folds) with their commit, so that --models kernel alone is a comparison already.
Processes: other machines of every simulated process, three modes. Seconds are process time of one thread.
Writes benchmarks/results/kernel_tables.json or kernel_processes.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from record import RESULTS, write
from threadpoolctl import threadpool_limits

from tabcouce.evaluation.run import contexts_for
from tabcouce.models import BoostingModel, ContextBoostingModel, ForestModel, KernelModel, LinearModel
from tabcouce.models.calibration import calibrated
from tabcouce.models.contract import BatchModel, Model
from tabcouce.models.kernel import spread_rows
from tabcouce.roles import Dataset, datasets
from tabcouce.simulation import PROCESSES
from tabcouce.splits import Split, plan_splits
from tabcouce.study.inputs import open_inputs

ROWS = 2000
SHOTS = 5
MAKERS: Mapping[str, Callable[[], Model]] = {
    "linear": LinearModel,
    "random_forest": lambda: ForestModel(threads=1),
    "lightgbm": BoostingModel,
    "lightgbm_context": ContextBoostingModel,
    "kernel": KernelModel,
}
TOLD = ("lightgbm_context", "kernel")
"""Models that are told the contexts of shuffled training rows too, as in a study."""


def r2(prediction: np.ndarray, truth: np.ndarray) -> float | None:
    scored = np.isfinite(prediction)
    if not scored.any():
        return None
    gap = np.mean((prediction[scored] - truth[scored]) ** 2)
    return round(float(1 - gap / np.var(truth[scored])), 4)


class Answers:
    """Predictions of one model in every mode, filled context by context."""

    def __init__(self, y: np.ndarray) -> None:
        self.y = y
        self.by_mode: dict[str, np.ndarray] = {}
        self.seconds = 0.0
        self.settings: list[str] = []

    def put(self, mode: str, rows: np.ndarray, values: np.ndarray) -> None:
        self.by_mode.setdefault(mode, np.full(len(self.y), np.nan))[rows] = values

    def row(self) -> dict[str, Any]:
        out: dict[str, Any] = {mode: r2(found, self.y) for mode, found in self.by_mode.items()}
        return {
            **out,
            "fit_s": round(self.seconds, 1),
            **({"settings": self.settings} if self.settings else {}),
        }


def new_contexts(answers: Answers, model: Model, X: pd.DataFrame, rows: np.ndarray, unit: np.ndarray) -> None:
    """Batch and shots, one new context after the other; the first rows of a shuffle are the shots."""
    rng = np.random.default_rng(0)
    for level in np.unique(unit[rows]):
        mine = rng.permutation(rows[unit[rows] == level])
        adapted = model.adapt(X.iloc[mine]) if isinstance(model, BatchModel) else model
        answers.put("batch", mine, adapted.estimate(X.iloc[mine]))
        shots, rest = mine[:SHOTS], mine[SHOTS:]
        if len(rest):
            labelled = calibrated(model, X.iloc[shots], answers.y[shots])
            answers.put("shots=5", rest, labelled.estimate(X.iloc[rest]))


def fitted(key: str, X: pd.DataFrame, y: np.ndarray, context: pd.DataFrame | None, into: Answers) -> Model:
    start = time.process_time()
    model = MAKERS[key]().fit(X, y, context)
    into.seconds += time.process_time() - start
    if isinstance(model, KernelModel):
        blind = model.settings_["blind"]
        into.settings.append(f"{blind.view} ridge {blind.ridge} tau2 {blind.tau2}")
    return model


def split_scores(dataset: Dataset, split: Split, models: Sequence[str]) -> dict[str, Any]:
    unseen = split.key.startswith("unseen:")
    out = {}
    for key in models:
        answers = Answers(dataset.y)
        told = key in TOLD or split.key != "shuffled"
        contexts = contexts_for(dataset, split) if told else None
        for fold in split.folds:
            train = fold.train[spread_rows(split.unit[fold.train], ROWS, 0)]
            part = None if contexts is None else contexts.iloc[train].reset_index(drop=True)
            model = fitted(key, dataset.X.iloc[train].reset_index(drop=True), dataset.y[train], part, answers)
            answers.put("blind", fold.test, model.estimate(dataset.X.iloc[fold.test]))
            if unseen:
                new_contexts(answers, model, dataset.X, fold.test, split.unit)
            elif key in TOLD and dataset.contexts.shape[1]:
                known = model.estimate(dataset.X.iloc[fold.test], dataset.contexts.iloc[fold.test])
                answers.put("known", fold.test, known)
        out[key] = answers.row()
    return out


def committed(table: str, split: str) -> dict[str, Any] | None:
    """R2 in the committed benchmark of whole studies, which has the same folds, blind and known."""
    known = json.loads((RESULTS / "real_tables_quick.json").read_text("utf-8"))["tables"].get(table)
    if known is None:
        return None
    splits = known["targets"][0]["splits"]
    return {
        "commit": known["commit"],
        **{
            mode: {model: round(row["r2"][0], 4) for model, row in splits.get(split + end, {}).items()}
            for mode, end in (("blind", ""), ("known", "/known"))
        },
    }


def table_scores(roles: Path, models: Sequence[str]) -> dict[str, Any]:
    data = roles.parent / tomllib.loads(roles.read_text("utf-8"))["file"]
    inputs = open_inputs(data, role_file=roles)
    dataset = datasets(inputs.table, inputs.roles, name=roles.parent.name)[0]
    plan = plan_splits(dataset, folds=5, seed=0)
    out: dict[str, Any] = {
        "sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "target": dataset.target,
        "rows": len(dataset.y),
        "columns": dataset.X.shape[1],
        "training_rows_a_fold_at_most": ROWS,
    }
    for key in dict.fromkeys((plan.headline, "shuffled")):
        split = plan.of(key)
        out[key] = {**split_scores(dataset, split, models), "committed": committed(dataset.name, key)}
        print(dataset.name, key, {m: out[key][m] for m in models}, file=sys.stderr, flush=True)
    return out


def process_scores(name: str, seed: int) -> dict[str, Any]:
    seen, new = PROCESSES[name](seed=seed), PROCESSES[name](seed=seed, draw="unseen")
    unit = np.unique(new.context["machine"], return_inverse=True)[1]
    out = {}
    for key in MAKERS:
        answers = Answers(new.y)
        model = fitted(key, seen.X, seen.y, seen.context, answers)
        answers.put("blind", np.arange(len(new.y)), model.estimate(new.X))
        new_contexts(answers, model, new.X, np.arange(len(new.y)), unit)
        out[key] = answers.row()
    return out


def means(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: {
            mode: round(float(np.mean([row[key][mode] for row in seeds])), 4)
            for mode in ("blind", "batch", "shots=5", "fit_s")
        }
        for key in MAKERS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--models", nargs="*", default=list(MAKERS))
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with threadpool_limits(1):
        if options.processes:
            result = {}
            for name in PROCESSES:
                seeds = [process_scores(name, seed) for seed in range(options.seeds)]
                result[name] = {"mean": means(seeds), "seeds": seeds}
                print(name, result[name]["mean"], file=sys.stderr, flush=True)
                write("kernel_processes", {"processes": result})
            return
        path = RESULTS / "kernel_tables.json"
        tables = json.loads(path.read_text("utf-8"))["tables"] if path.exists() else {}
        for roles in sorted(options.folder.glob("*/roles.toml")):
            if options.only and roles.parent.name not in options.only:
                continue
            tables[roles.parent.name] = table_scores(roles, options.models)
            write("kernel_tables", {"tables": tables})


if __name__ == "__main__":
    main()
