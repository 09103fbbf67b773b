"""Does the kernel head earn its place on real tables?

    python benchmarks/encoder_head.py ../shared/data [--only SET ...] [--seeds 3] [--minutes 9]

At most 600 rows a set, 3 folds, shuffled (blind, and told the rows' contexts) and on contexts never seen,
where every context also gives up to five labelled rows that nobody scores (one draw a seed). R2, or AUC
for classes, of the network alone and through the head: one training, the head chosen inside the training
rows.

The drop rule asks for a mean gain of 0.003 with a paired 90 % interval above zero. Pairs are the folds
of the sets, averaged over seeds; folds of one set are alike, so the interval over the means of the sets
stands beside it, and the sets the head helped, left alone and hurt by more than 0.003.

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
from tabcouce.roles import Dataset, datasets
from tabcouce.splits import Split
from tabcouce.study.inputs import open_inputs

ROWS = 600
GAIN = 0.003
Encoder = CouceRegressor | CouceClassifier


def set_dataset(folder: Path) -> Dataset:
    """The first target of a folder's table, with its roles."""
    declared = tomllib.loads((folder / "roles.toml").read_text("utf-8"))
    inputs = open_inputs(folder / declared["file"], role_file=folder / "roles.toml")
    return datasets(inputs.table, inputs.roles, name=folder.name)[0]


def without_head(model: Encoder) -> Encoder:
    """The same networks answering for themselves."""
    bare = copy.copy(model)
    bare.head_, bare.answer_ = None, "blind"
    return bare


def trained(one: BenchmarkSet, split: Split, seed: int) -> list[Encoder]:
    """The encoder on every fold, as a study trains it."""
    data = one.dataset
    kind = CouceRegressor if data.is_regression else CouceClassifier
    proxies = tuple(name for name in data.X.columns if data.role(name).kind == "proxy")
    held = split.key.removeprefix("unseen:") if split.key.startswith("unseen:") else None
    context = data.contexts if data.contexts.shape[1] else None
    folds = [fold.train for fold in split.folds]
    return kind(proxy_columns=proxies, threads=1, random_state=seed).fit_folds(
        data.X, data.y, context, folds, [held] * len(folds)
    )


def scores(
    one: BenchmarkSet, split: Split, models: list[Encoder], seed: int
) -> dict[str, list[float | None]]:
    """Per mode the score of every fold: blind, of shuffled rows told their contexts, and on unseen
    contexts after their labelled rows."""
    data = one.dataset
    classes = len(data.classes)
    rng = np.random.default_rng(seed)

    def answer(model: Encoder, rows: np.ndarray, *, known: bool = False) -> np.ndarray:
        told = model.estimate(data.X.iloc[rows], data.contexts.iloc[rows] if known else None)
        return all_classes(told, model, classes, len(rows)) if classes else told

    def score(rows: np.ndarray, told: np.ndarray) -> float | None:
        value = (r2 if data.is_regression else auc)(data.y[rows], told)
        return None if value is None or not np.isfinite(value) else float(value)

    found: dict[str, list[float | None]] = {"blind": []}
    for model, fold in zip(models, split.folds, strict=True):
        found["blind"].append(score(fold.test, answer(model, fold.test)))
        if split.key == "shuffled":
            if data.contexts.shape[1]:
                found.setdefault("known", []).append(score(fold.test, answer(model, fold.test, known=True)))
            continue
        unit, scored, told = split.unit[fold.test], [], []
        for rows in (fold.test[unit == u] for u in np.unique(unit)):
            few = labelled_rows(rows, rng)
            rest = np.setdiff1d(rows, few)
            if len(rest):
                scored.append(rest)
                told.append(answer(model.calibrate(data.X.iloc[few], data.y[few]), rest))
        found.setdefault("shots", []).append(score(np.concatenate(scored), np.concatenate(told)))
    return found


def believed(model: Encoder) -> list[bool]:
    """Whether the head answers blind, after labels and for known contexts."""
    head = model.head_
    return [False] * 3 if head is None else [head.blind, head.shots, head.known is not None]


def measured(one: BenchmarkSet, seed: int) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for split in one.splits:
        start = time.process_time()
        models = trained(one, split, seed)
        spent = time.process_time() - start
        out[split.key] = {
            "network": scores(one, split, [without_head(model) for model in models], seed),
            "headed": scores(one, split, models, seed),
            "head_answers_blind_shots_known": [believed(model) for model in models],
            "cpu_s": round(spent, 1),
        }
    return out


def fold_gains(sets: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Per mode and set: each fold's gain, averaged over seeds; folds of one class are left out."""
    gains: dict[str, dict[str, list[float]]] = {}
    for name, one in sets.items():
        pairs: dict[tuple[str, int], list[float]] = {}
        for seed in one["seeds"].values():
            for key, split in seed.items():
                for mode, headed in split["headed"].items():
                    for k, (with_head, bare) in enumerate(zip(headed, split["network"][mode], strict=True)):
                        if with_head is not None and bare is not None:
                            pairs.setdefault((f"{key.split(':')[0]} {mode}", k), []).append(with_head - bare)
        for (mode, _), values in pairs.items():
            gains.setdefault(mode, {}).setdefault(name, []).append(float(np.mean(values)))
    return gains


def mean_interval(values: list[float]) -> tuple[float, list[float]]:
    """Mean with its 90 % t interval."""
    gain, n = np.array(values), len(values)
    mean = float(gain.mean())
    reach = float(student.ppf(0.95, n - 1) * gain.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return mean, [mean - reach, mean + reach]


def judged(sets: dict[str, Any]) -> dict[str, Any]:
    """Per mode the mean gain over folds and over sets, and the drop rule on the folds."""
    out = {}
    for mode, by_set in fold_gains(sets).items():
        mean, over_folds = mean_interval([gain for gains in by_set.values() for gain in gains])
        means = {name: float(np.mean(gains)) for name, gains in by_set.items()}
        set_mean, over_sets = mean_interval(list(means.values()))
        out[mode] = {
            "gain": mean,
            "interval_90_over_folds": over_folds,
            "folds": sum(map(len, by_set.values())),
            "earns_its_place": mean >= GAIN and over_folds[0] > 0,
            "gain_over_sets": set_mean,
            "interval_90_over_sets": over_sets,
            "sets_helped_alike_hurt": [
                sum(gain > GAIN for gain in means.values()),
                sum(abs(gain) <= GAIN for gain in means.values()),
                sum(gain < -GAIN for gain in means.values()),
            ],
            "sets": means,
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=9.0, help="no seed of a set is begun later")
    args = parser.parse_args()
    path, end = RESULTS / "encoder_head.json", time.monotonic() + 60 * args.minutes
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    sets: dict[str, Any] = before["sets"] if before.get("commit") == commit() else {}
    folders = {roles.parent.name: roles.parent for roles in args.folder.glob("*/roles.toml")}
    for seed in range(args.seeds):
        for name in args.only or sorted(folders):
            if time.monotonic() > end or str(seed) in sets.get(name, {}).get("seeds", {}):
                continue
            one = benchmark_set(set_dataset(folders[name]), name, rows=ROWS)
            entry = {"rows": len(one.dataset.y), "sha256": one.dataset.source.sha256, "seeds": {}}
            sets.setdefault(name, entry)["seeds"][str(seed)] = measured(one, seed)
            print(
                name,
                seed,
                {k: (s["network"], s["headed"]) for k, s in sets[name]["seeds"][str(seed)].items()},
                flush=True,
            )
            write("encoder_head", {"gains": judged(sets), "sets": sets})


if __name__ == "__main__":
    main()
