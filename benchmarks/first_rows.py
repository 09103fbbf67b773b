"""Which rows of a new machine should one measure first? Ways to choose them, against chance.

    python benchmarks/first_rows.py ../shared/data [--only nasa_milling ...] [--most-rows 1500]

greedy    tabcouce.advice.first_rows: least posterior variance of a kernel with random intercepts
spanning  farthest first, from the middle of the machine's rows
ordinary  nearest to the middle
random    20 draws, their mean
Each is judged by what the labelled rows then do to two models of the panel on the machine's other rows:
LightGBM moved by a shrunken offset and the kernel conditioned exactly. Machines are held out (headline
split; of simulated processes 24 new machines), the same for all. Scored are rows that no way measured at
the largest k. The gain over random is in R2 of the table; its standard error is over machines.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import record
from headline_trials import headline

from tabcouce.advice.first_rows import first_rows
from tabcouce.advice.posterior import Runs, membership
from tabcouce.advice.row_space import ScaledCode
from tabcouce.models import BoostingModel, KernelModel
from tabcouce.models.calibration import calibrated
from tabcouce.models.kernel_inputs import KernelInputs
from tabcouce.simulation import PROCESSES

TABLES = (
    "nasa_milling",
    "octane_refinery",
    "garment_productivity",
    "nist_ceramic",
    "gas_turbine",
    "mpea_alloys",
)
SIMULATED = ("target_offset", "sensor_shift", "effect_modifier", "machine_state")
MODELS = ("lightgbm", "kernel")
WAYS = ("greedy", "spanning", "ordinary")
FIRST = (1, 2, 3, 5)
DRAWS = 20
MOST_IN_CONTEXT = 150
MOST_CONTEXTS = 6
"""Machines of a fold that are looked at."""


@dataclass(frozen=True)
class Fold:
    """Models fitted without some machines, the rows they saw, and the machines' rows."""

    models: dict[str, Any]
    X: pd.DataFrame
    y: np.ndarray
    contexts: pd.DataFrame
    machines: list[tuple[pd.DataFrame, np.ndarray]]


def table_folds(folder: Path, most_rows: int) -> tuple[str, Iterator[Fold]]:
    found = headline(folder, MODELS, most_rows=most_rows)
    data, split = found.dataset, found.split

    def folds() -> Iterator[Fold]:
        for number, fold in enumerate(split.folds):
            units = np.unique(split.unit[fold.test])
            parts = [fold.test[split.unit[fold.test] == unit] for unit in units]
            yield Fold(
                {name: found.trials[name].fitted[number] for name in MODELS},
                data.X.iloc[fold.train].reset_index(drop=True),
                data.y[fold.train],
                data.contexts.iloc[fold.train].reset_index(drop=True),
                [(data.X.iloc[rows].reset_index(drop=True), data.y[rows]) for rows in parts],
            )

    return found.sha256, folds()


def process_folds(name: str, seeds: int) -> Iterator[Fold]:
    for seed in range(seeds):
        seen = PROCESSES[name](seed=seed, rows=600)
        new = PROCESSES[name](seed=seed, rows=960, contexts=24, draw="unseen")
        models = {
            "lightgbm": BoostingModel(threads=1, seed=seed).fit(seen.X, seen.y, seen.context),
            "kernel": KernelModel(seed=seed).fit(seen.X, seen.y, seen.context),
        }
        machine = new.context.iloc[:, 0].to_numpy()
        parts = [np.flatnonzero(machine == one) for one in pd.unique(machine)]
        yield Fold(
            models,
            seen.X,
            seen.y,
            seen.context,
            [(new.X.iloc[rows].reset_index(drop=True), new.y[rows]) for rows in parts],
        )


def farthest_first(z: np.ndarray, k: int) -> np.ndarray:
    """Positions of k rows (n, q): the one nearest the middle, then ever the farthest from those taken."""
    taken = [int(np.linalg.norm(z - np.median(z, axis=0), axis=1).argmin())]
    apart = np.linalg.norm(z - z[taken[0]], axis=1)
    while len(taken) < k:
        taken.append(int(apart.argmax()))
        apart = np.minimum(apart, np.linalg.norm(z - z[taken[-1]], axis=1))
    return np.array(taken)


def fold_losses(
    fold: Fold, rng: np.random.Generator, every: bool
) -> Iterator[dict[tuple[str, str], list[float]]]:
    """Per machine: (model, way) -> squared error after the first 1, 2, ... rows."""
    inputs, code = KernelInputs.of(fold.X), ScaledCode.of(fold.X)
    levels = [pd.factorize(fold.contexts[name])[0] for name in fold.contexts.columns]
    past = Runs(inputs(fold.X), fold.y, membership(np.column_stack(levels).astype(np.int64)))
    most = FIRST[-1]
    large = [m for m in fold.machines if len(m[1]) >= 3 * most]
    kept = rng.permutation(len(large)) if every else rng.permutation(len(large))[:MOST_CONTEXTS]
    for X, y in (large[i] for i in kept):
        rows = np.sort(rng.permutation(len(y))[:MOST_IN_CONTEXT])
        X, y = X.iloc[rows].reset_index(drop=True), y[rows]
        z = code(X)
        middle = np.linalg.norm(z - np.median(z, axis=0), axis=1)
        chosen = {
            "greedy": first_rows(past, inputs(X), most, seed=0).position,
            "spanning": farthest_first(z, most),
            "ordinary": np.argsort(middle, kind="stable")[:most],
        }
        drawn = [rng.choice(len(y), most, replace=False) for _ in range(DRAWS)]
        fixed = np.unique(np.concatenate(list(chosen.values())))
        rests = [np.setdiff1d(np.arange(len(y)), np.union1d(fixed, draw)) for draw in drawn]
        told: dict[tuple[str, str], list[float]] = {}
        for name, model in fold.models.items():
            for way, few in chosen.items():
                losses = [squared_error(model, X, y, few[:k]) for k in FIRST]
                told[name, way] = [float(np.mean([loss[rest].mean() for rest in rests])) for loss in losses]
            told[name, "random"] = [
                float(
                    np.mean(
                        [
                            squared_error(model, X, y, draw[:k])[rest].mean()
                            for draw, rest in zip(drawn, rests, strict=True)
                        ]
                    )
                )
                for k in FIRST
            ]
        yield told


def squared_error(model: Any, X: pd.DataFrame, y: np.ndarray, few: np.ndarray) -> np.ndarray:
    """(n,) of all rows of a machine, once the rows `few` are labelled."""
    own = calibrated(model, X.iloc[few].reset_index(drop=True), y[few])
    return np.square(y - own.estimate(X))


def summary(losses: list[dict[tuple[str, str], list[float]]], variance: float) -> dict[str, Any]:
    out: dict[str, Any] = {"contexts": len(losses), "k": list(FIRST)}
    for model in MODELS:
        base = np.array([one[model, "random"] for one in losses])
        out[model] = {"random_rmse": np.sqrt(base.mean(axis=0)).round(4).tolist()}
        for way in WAYS:
            gain = (base - np.array([one[model, way] for one in losses])) / variance
            out[model][way] = {
                "gain": gain.mean(axis=0).round(4).tolist(),
                "standard_error": (gain.std(axis=0, ddof=1) / np.sqrt(len(gain))).round(4).tolist(),
            }
    return out


def pooled(tables: dict[str, Any]) -> dict[str, Any]:
    """Mean gain over the tables, each alike, with the standard error over tables."""
    out: dict[str, Any] = {}
    if len(tables) < 2:
        return out
    for model in MODELS:
        for way in WAYS:
            gain = np.array([one[model][way]["gain"] for one in tables.values()])
            out[f"{model} {way}"] = {
                "gain": gain.mean(axis=0).round(4).tolist(),
                "standard_error": (gain.std(axis=0, ddof=1) / np.sqrt(len(gain))).round(4).tolist(),
            }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[*TABLES, *SIMULATED])
    parser.add_argument("--most-rows", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    path = record.RESULTS / "first_rows.json"
    held = json.loads(path.read_text("utf-8"))["tables"] if path.exists() else {}
    for name in options.only:
        simulated, sha256 = name in SIMULATED, None
        if simulated:
            folds = process_folds(name, options.seeds)
        else:
            sha256, folds = table_folds(options.folder / name, options.most_rows)
        rng, losses, values = np.random.default_rng(0), [], []
        for fold in folds:
            losses += list(fold_losses(fold, rng, simulated))
            values += [y for _, y in fold.machines]
        if len(losses) < 2:
            print(name, "has too few contexts of enough rows")
            continue
        held[name] = {
            "sha256": sha256,
            "commit": record.commit(),
            **summary(losses, np.concatenate(values).var()),
        }
        print(name, json.dumps(held[name]), flush=True)
        record.write("first_rows", {"draws": DRAWS, "tables": held, "mean_over_tables": pooled(held)})


if __name__ == "__main__":
    main()
