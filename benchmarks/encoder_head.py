"""Does the kernel head earn its place on real tables?

    python benchmarks/encoder_head.py ../shared/data [--only SET ...] [--minutes 9]

At most 600 rows a set, 3 folds, shuffled and on contexts never seen, where every context also gives
up to five labelled rows that nobody scores (one draw). R2, or AUC for classes, of the network alone
and through the head: one training, the head chosen inside the training rows. The paired gain over
sets decides by the drop rule: 0.003 with a 90 % interval above zero.

A run goes on where the last one at the same commit stopped. Writes benchmarks/results/encoder_head.json.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from peers.benchmark_set import BenchmarkSet, benchmark_set
from record import RESULTS, commit, write
from scipy.stats import t as student

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.evaluation.deployment import labelled_rows
from tabcouce.evaluation.metrics import auc, r2
from tabcouce.evaluation.run import all_classes
from tabcouce.roles import datasets
from tabcouce.splits import Split
from tabcouce.study.inputs import open_inputs

ROWS = 600
GAIN = 0.003
Encoder = CouceRegressor | CouceClassifier


def read_set(folder: Path) -> BenchmarkSet:
    declared = tomllib.loads((folder / "roles.toml").read_text("utf-8"))
    inputs = open_inputs(folder / declared["file"], role_file=folder / "roles.toml")
    dataset = datasets(inputs.table, inputs.roles, name=folder.name)[0]
    return benchmark_set(dataset, folder.name, rows=ROWS)


def without_head(model: Encoder) -> Encoder:
    """The same networks answering for themselves."""
    bare = copy.copy(model)
    bare.head_, bare.answer_ = None, "blind"
    return bare


def trained(one: BenchmarkSet, split: Split) -> list[Encoder]:
    """The encoder on every fold, as a study trains it."""
    data = one.dataset
    kind = CouceRegressor if data.is_regression else CouceClassifier
    proxies = tuple(name for name in data.X.columns if data.role(name).kind == "proxy")
    held = split.key.removeprefix("unseen:") if split.key.startswith("unseen:") else None
    context = data.contexts if data.contexts.shape[1] else None
    folds = [fold.train for fold in split.folds]
    return kind(proxy_columns=proxies, threads=1).fit_folds(
        data.X, data.y, context, folds, [held] * len(folds)
    )


def scores(one: BenchmarkSet, split: Split, models: list[Encoder]) -> dict[str, float]:
    """Blind, and on unseen contexts after their labelled rows."""
    data = one.dataset
    classes = len(data.classes)
    blind = np.full((len(data.y), *([classes] if classes else [])), np.nan)
    shots, rng = blind.copy(), np.random.default_rng(0)

    def answer(model: Encoder, rows: np.ndarray) -> np.ndarray:
        told = model.estimate(data.X.iloc[rows])
        return all_classes(told, model, classes, len(rows)) if classes else told

    for model, fold in zip(models, split.folds, strict=True):
        blind[fold.test] = answer(model, fold.test)
        unit = split.unit[fold.test]
        for rows in (fold.test[unit == u] for u in np.unique(unit)) if split.key != "shuffled" else ():
            few = labelled_rows(rows, rng)
            rest = np.setdiff1d(rows, few)
            shots[rest] = answer(model.calibrate(data.X.iloc[few], data.y[few]), rest)
    found = {}
    for mode, told in (("blind", blind), ("shots", shots)):
        there = np.isfinite(told.reshape(len(told), -1)).all(axis=1)
        if there.any():
            value = (r2 if data.is_regression else auc)(data.y[there], told[there])
            found[mode] = float("nan") if value is None else float(value)
    return found


def measured(folder: Path) -> dict[str, Any]:
    one = read_set(folder)
    out: dict[str, Any] = {"rows": len(one.dataset.y), "sha256": one.dataset.source.sha256, "splits": {}}
    for split in one.splits:
        start = time.process_time()
        models = trained(one, split)
        spent = time.process_time() - start
        out["splits"][split.key] = {
            "network": scores(one, split, [without_head(model) for model in models]),
            "headed": scores(one, split, models),
            "head_answers_blind_and_shots": [
                [m.head_ is not None and m.head_.blind, m.head_ is not None and m.head_.shots] for m in models
            ],
            "cpu_s": round(spent, 1),
        }
    return out


def judged(sets: dict[str, Any]) -> dict[str, Any]:
    """Per mode the mean gain over sets and the drop rule."""
    gains: dict[str, list[float]] = {}
    for one in sets.values():
        for key, split in one["splits"].items():
            for mode, value in split["headed"].items():
                name = f"{key.split(':')[0]} {mode}"
                gains.setdefault(name, []).append(value - split["network"][mode])
    out = {}
    for name, values in gains.items():
        gain = np.array(values)
        n = len(gain)
        reach = float(student.ppf(0.95, n - 1) * gain.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
        mean = float(gain.mean())
        earns = mean >= GAIN and mean - reach > 0
        out[name] = {
            "gain": mean,
            "interval_90": [mean - reach, mean + reach],
            "sets": n,
            "earns_its_place": earns,
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--minutes", type=float, default=9.0, help="no set is begun later")
    args = parser.parse_args()
    path, end = RESULTS / "encoder_head.json", time.monotonic() + 60 * args.minutes
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    sets: dict[str, Any] = before["sets"] if before.get("commit") == commit() else {}
    folders = {roles.parent.name: roles.parent for roles in args.folder.glob("*/roles.toml")}
    for name in args.only or sorted(folders):
        if name not in sets and time.monotonic() < end:
            sets[name] = measured(folders[name])
            print(name, {k: (s["network"], s["headed"]) for k, s in sets[name]["splits"].items()}, flush=True)
            write("encoder_head", {"gains": judged(sets), "sets": sets})


if __name__ == "__main__":
    main()
