"""What a stack may learn its weights from, and what it is then judged on: fitted once, kept on disk.

    python benchmarks/mix_cases.py simulated --seeds 6
    python benchmarks/mix_cases.py ../shared/data
    python benchmarks/mix_cases.py judge

A case is one training set: what every model of the panel said of training rows whose context it had
left out, and what it says of contexts that it never saw. Rules for the weights are then compared
without fitting anything: 'judge' scores each table's folds together, as the product mixes them and as
other rules would. The files lie in benchmarks/parts/mix, which is not committed; a case that is there
is not run again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import record
import torch
import verdict_truth
from mix_rules import RULES, Rule
from parts import FOLDER
from peers.benchmark_set import read_sets
from peers.own_models import candidates

from tabcouce.evaluation import Candidate, run_trials
from tabcouce.evaluation.metrics import auc, r2
from tabcouce.evaluation.stacked import FEWEST_TO_CHOOSE, left_out_estimate
from tabcouce.evaluation.trial import Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.simulation import PROCESSES
from tabcouce.splits import Fold, Split, SplitPlan
from tabcouce.study.effort import EFFORTS
from tabcouce.study.panel import panel
from tabcouce.system.weights import context_shares, equal_mix, error_products

CASES = FOLDER / "mix"
JUDGED: dict[str, Rule] = {
    "product": RULES["product"],
    "before": lambda members, products, rows: RULES["before: by 4 to couce, lightgbm within 1 error, best"](
        members, products, np.ones(len(rows))
    ),
    "free": RULES["free"],
    "trees": RULES["trees"],
}
NEW_MACHINES, NEW_ROWS = 30, 1500
SIZES = ((480, 12), (240, 12), (240, 6), (200, 8), (360, 20))
"""Rows and machines of a simulated training set, by seed in turn; odd seeds draw machines unevenly."""


@dataclass(frozen=True)
class Case:
    """One training set.

    left_out  (M, n) values or (M, n, k) probabilities for training rows, each by a fit without the
              row's context; NaN where a member made none
    y, unit   (n,) target and context of those rows
    new       (M, m) or (M, m, k) for rows of contexts never seen; y_new, unit_new (m,)
    classes   number of classes, 0 for a value
    """

    name: str
    members: tuple[str, ...]
    left_out: np.ndarray
    y: np.ndarray
    unit: np.ndarray
    new: np.ndarray
    y_new: np.ndarray
    unit_new: np.ndarray
    classes: int


def save(case: Case) -> None:
    CASES.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {
        key: getattr(case, key) for key in ("left_out", "y", "unit", "new", "y_new", "unit_new")
    }
    part = path_of(case.name).with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, members=np.array(case.members), classes=np.array(case.classes), **arrays)
    part.replace(path_of(case.name))


def path_of(name: str) -> Path:
    return CASES / f"{name.replace('/', '--')}.npz"


def load(path: Path) -> Case:
    with np.load(path, allow_pickle=False) as file:
        return Case(
            name=path.stem.replace("--", "/"),
            members=tuple(str(m) for m in file["members"]),
            classes=int(file["classes"]),
            **{key: file[key] for key in ("left_out", "y", "unit", "new", "y_new", "unit_new")},
        )


def stored(kind: str) -> Iterator[Case]:
    """All cases of a kind: 'simulated' or 'tables'."""
    for path in sorted(CASES.glob(f"{kind}--*.npz")):
        yield load(path)


def case_of(name: str, trials: list[Trial], dataset: Dataset, split: Split, number: int) -> Case:
    """The fold's training rows left out and its test rows, of every model that leaves rows out."""
    fold = split.folds[number]
    told = {t.model: left_out_estimate(t.fitted[number], dataset, fold) for t in trials}
    members = tuple(key for key, each in told.items() if each is not None)
    new = {t.model: t.prediction[fold.test] for t in trials}
    return Case(
        name,
        members,
        np.stack([np.asarray(told[key]) for key in members]).astype(np.float32),
        dataset.y[fold.train],
        split.unit[fold.train],
        np.stack([new[key] for key in members]).astype(np.float32),
        dataset.y[fold.test],
        split.unit[fold.test],
        0 if dataset.is_regression else len(dataset.classes),
    )


def uneven(context: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of rows kept where machines give between a tenth and all of their rows."""
    kept = []
    for g in np.unique(context):
        rows = np.flatnonzero(context == g)
        kept.append(rng.choice(rows, max(1, round(len(rows) * 10 ** -rng.uniform(0, 1))), replace=False))
    return np.sort(np.concatenate(kept))


def simulated(name: str, seed: int) -> Case:
    """Training machines and, as the test rows of the only fold, machines never drawn."""
    rows, machines = SIZES[seed % len(SIZES)]
    train = verdict_truth.drawn(name, seed=seed, rows=rows, contexts=machines, draw="train")
    data = verdict_truth.dataset(name, train, seed)
    new = verdict_truth.drawn(name, seed=seed, rows=NEW_ROWS, contexts=NEW_MACHINES, draw="unseen")
    fresh = verdict_truth.dataset(name, new, seed)
    label = data.contexts["machine"].to_numpy(str)
    kept = uneven(label, np.random.default_rng(seed)) if seed % 2 else np.arange(len(label))
    both = join(data, fresh, kept)
    unit = np.unique(both.contexts["machine"].to_numpy(str), return_inverse=True)[1].astype(np.int64)
    fold = Fold(np.arange(len(kept)), np.arange(len(kept), len(both.y)))
    split = Split("unseen:machine", (fold,), unit, unit, tuple(map(str, range(unit.max() + 1))), "machine")
    return run(
        f"simulated/{name}/{seed}", panel(both, EFFORTS["quick"], seed=seed, device="cpu"), both, split
    )[0]


def join(data: Dataset, fresh: Dataset, kept: np.ndarray) -> Dataset:
    def stacked(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([a.iloc[kept], b]).reset_index(drop=True)

    y = np.concatenate([data.y[kept], fresh.y])
    return replace(
        data,
        X=stacked(data.X, fresh.X),
        y=y,
        contexts=stacked(data.contexts, fresh.contexts),
        rows=np.arange(2, len(y) + 2),
    )


def run(name: str, models: tuple[Candidate, ...], dataset: Dataset, split: Split) -> list[Case]:
    trials = list(run_trials(models, dataset, SplitPlan((split,), split.key)))
    numbered = len(split.folds) > 1
    return [
        case_of(f"{name}/{k}" if numbered else name, trials, dataset, split, k)
        for k in range(len(split.folds))
    ]


def judged() -> dict[str, Any]:
    """Table -> R2 or AUC on contexts never seen of each rule and each member, over all folds."""
    folds: dict[str, list[Case]] = {}
    for case in stored("tables"):
        folds.setdefault(case.name.split("/")[1], []).append(case)
    found: dict[str, Any] = {}
    for name, cases in folds.items():
        y = np.concatenate([case.y_new for case in cases])
        metric = r2 if cases[0].classes == 0 else auc
        scores = {
            key: metric(y, np.concatenate([mixed_by(rule, case) for case in cases]))
            for key, rule in JUDGED.items()
        }
        for j, member in enumerate(cases[0].members):
            scores[member] = metric(y, np.concatenate([case.new[j] for case in cases]).astype(float))
        found[name] = {key: None if s is None else round(s, 4) for key, s in scores.items()}
        print(name, found[name], flush=True)
    return found


def mixed_by(rule: Rule, case: Case) -> np.ndarray:
    """The rule's mix of the rows never seen; weights from left-out rows, as `stacked.mixed` takes them."""
    told = case.left_out.astype(float)
    known = np.isfinite(told).reshape(*told.shape[:2], -1).all(axis=(0, 2))
    if len(np.unique(case.unit[known])) < FEWEST_TO_CHOOSE:
        return equal_mix(case.members)(case.new.astype(float))
    truth = case.y if not case.classes else (case.y[:, None] == np.arange(case.classes)).astype(float)
    products = error_products(told[:, known] - truth[known], case.unit[known])
    rows = context_shares(case.unit[known]) * known.sum()
    return np.tensordot(rule(case.members, products, rows), case.new.astype(float), axes=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("where", help="'simulated', 'judge', or a folder of tables with roles")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.where == "judge":
        record.write("mix_cases", {"tables": judged()})
        return
    if options.where != "simulated":
        for one in read_sets(Path(options.where), only=options.only):
            split = one.splits[-1]
            if not split.key.startswith("unseen:") or path_of(f"tables/{one.name}/0").exists():
                continue
            for case in run(f"tables/{one.name}", candidates(one), one.dataset, split):
                save(case)
                print(case.name, flush=True)
        return
    for seed in range(options.seeds):
        for name in options.only or (verdict_truth.NOTHING, *PROCESSES):
            if not path_of(f"simulated/{name}/{seed}").exists():
                save(simulated(name, seed))
                print(name, seed, flush=True)


if __name__ == "__main__":
    main()
