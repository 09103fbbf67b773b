"""Rules for the weights of a stack: chosen on some contexts, judged on others that had no say.

    python benchmarks/mix_rules.py ../shared/data [--processes none step_like ...]

Tables: out-of-fold predictions of our panel for contexts held out, from the cache of
benchmarks/peer_table.py; weights from two thirds of a table's contexts, the others judge. Processes:
each model of a quick study is fitted on twelve machines and asked about thirty that were never drawn;
weights from 6, 10 or 14 of these, which give between 2 and 50 rows, the others judge. So a rule costs
no fit. Losses are of R2 (AUC for classes) against the better of LightGBM and Random Forest on the
judging contexts, pooled over their rows; below zero: better than both.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import record
import torch
import verdict_truth
from peers.answers import answers
from peers.benchmark_set import BenchmarkSet, read_sets
from peers.cache import COMMITTED, Cache, FitKey
from peers.own_models import candidates

from tabcouce.evaluation.metrics import auc, r2
from tabcouce.simulation import PROCESSES
from tabcouce.splits import plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.final_models import refit
from tabcouce.study.panel import panel
from tabcouce.system.weights import choose_mix, context_shares, error_products, simplex_weights

Floats = np.ndarray
Rule = Callable[[Sequence[str], Floats, Floats], Floats]
"""Members, (G, M, M) error products, (G,) rows -> (M,) weights."""
MACHINES, ROWS = 30, 1500
TREES = ("lightgbm", "random_forest")
FEWEST = 6


@dataclass(frozen=True)
class Told:
    """(M, n) or (M, n, k) predictions for contexts that no member saw; y, unit (n,)."""

    name: str
    members: tuple[str, ...]
    told: Floats
    y: Floats
    unit: np.ndarray

    @property
    def errors(self) -> Floats:
        """In standard deviations of y; probabilities less membership."""
        if self.told.ndim == 2:
            return (self.told - self.y) / self.y.std()
        return self.told - (self.y[:, None] == np.arange(self.told.shape[2])).astype(float)

    def score(self, prediction: Floats, rows: np.ndarray) -> float | None:
        metric = r2 if self.told.ndim == 2 else auc
        return metric(self.y[rows], prediction[rows])


def mean_of(products: Floats, rows: Floats) -> Floats:
    return np.tensordot(rows / rows.sum(), products, axes=1)


def free(members: Sequence[str], products: Floats, rows: Floats) -> Floats:
    return simplex_weights(mean_of(products, rows))


def single(members: Sequence[str], products: Floats, rows: Floats) -> Floats:
    return np.eye(len(members))[int(np.argmin(np.diagonal(mean_of(products, rows))))]


def trees(members: Sequence[str], products: Floats, rows: Floats) -> Floats:
    return np.array([member in TREES for member in members]) / len(TREES)


def near(anchors: Sequence[str], errors: float, *, with_best: bool) -> Rule:
    """Equal parts of the anchors within so many standard errors of the best single model."""

    def rule(members: Sequence[str], products: Floats, rows: Floats) -> Floats:
        own, share = np.diagonal(products, axis1=1, axis2=2), rows / rows.sum()
        best = int(np.argmin(share @ own))
        gap = own - own[:, [best]]
        spread = share**2 @ (gap - share @ gap) ** 2 * len(gap) / (len(gap) - 1)
        used = np.array([member in anchors for member in members])
        used &= share @ gap <= errors * np.sqrt(spread)
        if with_best or not used.any():
            used[best] = True
        return used / used.sum()

    return rule


def shrunk(plain: Rule, pseudo: float) -> Rule:
    def rule(members: Sequence[str], products: Floats, rows: Floats) -> Floats:
        G = len(products)
        kept = pseudo * plain(members, products, rows)
        return (G * free(members, products, rows) + kept) / (G + pseudo)

    return rule


def stepped_back(rule: Rule, plain: Rule) -> Rule:
    """The plain mix, unless the rule gains a standard error on each context left out in turn."""

    def chosen(members: Sequence[str], products: Floats, rows: Floats) -> Floats:
        gain = np.empty(len(products))
        for g in range(len(products)):
            rest = np.arange(len(products)) != g
            a, b = (own(members, products[rest], rows[rest]) for own in (rule, plain))
            gain[g] = b @ products[g] @ b - a @ products[g] @ a
        share = rows / rows.sum()
        mean = share @ gain
        error = np.sqrt(share**2 @ (gain - mean) ** 2 * len(gain) / (len(gain) - 1))
        return (rule if mean > error else plain)(members, products, rows)

    return chosen


def product(members: Sequence[str], products: Floats, rows: Floats) -> Floats:
    return np.array(choose_mix(members, products, rows / rows.sum()).weight)


SMOOTH = ("couce", "lightgbm")
RULES: dict[str, Rule] = {
    "product": product,
    "before: by 4 to couce, lightgbm within 1 error, best": shrunk(near(SMOOTH, 1, with_best=True), 4),
    "single": single,
    "free": free,
    "trees": trees,
    "by 4 to trees": shrunk(trees, 4),
    "by 8 to trees": shrunk(trees, 8),
    "by 4 to trees within 1 error, best": shrunk(near(TREES, 1, with_best=True), 4),
    "by 4 to trees within 1 error": shrunk(near(TREES, 1, with_best=False), 4),
    "by 4 to trees within 3 errors": shrunk(near(TREES, 3, with_best=False), 4),
    "by 8 to trees within 2 errors": shrunk(near(TREES, 2, with_best=False), 8),
    "trees, else free where shown": stepped_back(free, trees),
}
ALIKE: dict[str, Callable[[Floats], Floats]] = {"by rows": lambda n: n, "alike": np.ones_like}


def cached(one: BenchmarkSet) -> Told | None:
    """Blind predictions of the held-out contexts, from the cache; None where some are missing."""
    split, cache = one.splits[-1], Cache(COMMITTED)
    if not split.key.startswith("unseen:"):
        return None
    keys = [FitKey.of(one, split, candidate.key, "") for candidate in candidates(one)]
    found = [answers(one, split, cache.load(key, any_version=True)) for key in keys]
    whole = [each.prediction for each in found if each.prediction is not None]
    if len(whole) < len(found):
        return None
    told = np.stack(whole)
    rows = np.isfinite(told).reshape(*told.shape[:2], -1).all(axis=(0, 2))
    members = tuple(each.model for each in found)
    return Told(one.name, members, told[:, rows], one.dataset.y[rows], split.unit[rows])


def process(name: str, seed: int) -> Told:
    """A quick panel fitted on twelve machines, asked about machines never drawn."""
    effort = EFFORTS["quick"]
    train = verdict_truth.drawn(name, seed=seed, rows=240, contexts=12, draw="train")
    data = verdict_truth.dataset(name, train, seed)
    plan = plan_splits(data, folds=effort.folds, seed=seed)
    models = panel(data, effort, seed=seed, device="cpu")
    wanted = {candidate.key for candidate in models}
    final = refit(models, wanted, {}, data, plan.of(plan.headline), lambda *_: None)
    new = verdict_truth.drawn(name, seed=seed, rows=ROWS, contexts=MACHINES, draw="unseen")
    y = verdict_truth.target(name, new, seed)
    told = np.stack([model.estimate(new.X) for model in final.values()])
    return Told(f"{name}/{seed}", tuple(final), told, y, np.arange(ROWS) % MACHINES)


def table_draws(of: Told, repeats: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows whose contexts choose, rows whose contexts judge."""
    levels = np.unique(of.unit)
    for repeat in range(repeats):
        order = np.random.default_rng(repeat).permutation(levels)
        chosen = np.isin(of.unit, order[: round(len(levels) * 2 / 3)])
        yield chosen, ~chosen


def process_draws(of: Told, repeats: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for contexts in (6, 10, 14):
        for repeat in range(repeats):
            rng = np.random.default_rng([contexts, repeat])
            order = rng.permutation(MACHINES)
            chosen = np.zeros(len(of.y), bool)
            for g in order[:contexts]:
                rows = np.flatnonzero(of.unit == g)
                few = round(len(rows) * 25 ** -rng.uniform(0, 1))
                chosen[rng.choice(rows, few, replace=False)] = True
            yield chosen, np.isin(of.unit, order[contexts:])


def losses(of: Told, draws: Iterator[tuple[np.ndarray, np.ndarray]]) -> dict[str, list[float]]:
    """Weighting and rule -> loss of each draw against the better of the two trees."""
    errors = of.errors
    found: dict[str, list[float]] = {}
    for chosen, judging in draws:
        products = error_products(errors[:, chosen], of.unit[chosen])
        rows = context_shares(of.unit[chosen]) * chosen.sum()
        own = [of.score(of.told[of.members.index(key)], judging) for key in TREES]
        if any(value is None for value in own):
            continue
        best = max(value for value in own if value is not None)
        for way, weigh in ALIKE.items():
            for name, rule in RULES.items():
                w = rule(of.members, products, weigh(rows))
                value = of.score(np.tensordot(w, of.told, axes=1), judging)
                if value is not None:
                    found.setdefault(f"{name}; contexts {way}", []).append(best - value)
    return found


def summary(found: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Per rule: mean loss over sets, the worst set, the share of draws above 0.02, each set's mean."""
    out = {}
    for key in next(iter(found.values())):
        of_set = {name: each[key] for name, each in found.items()}
        means = {name: round(float(np.mean(values)), 4) for name, values in of_set.items()}
        out[key] = {
            "mean": round(float(np.mean(list(means.values()))), 4),
            "worst": max(means.values()),
            "above_0.02": round(float(np.mean([np.mean(np.array(v) > 0.02) for v in of_set.values()])), 3),
            "sets": means,
        }
    return dict(sorted(out.items(), key=lambda item: item[1]["mean"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", nargs="*", default=list(PROCESSES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    figures: dict[str, Any] = {}
    tables = {}
    for one in read_sets(options.folder):
        told = cached(one)
        if told is None or len(np.unique(told.unit)) < FEWEST:
            continue
        repeats = options.repeats if told.told.ndim == 2 else options.repeats // 3
        tables[one.name] = losses(told, table_draws(told, repeats))
        print(one.name, flush=True)
    figures["tables"] = summary(tables)
    record.write("mix_rules", figures)
    simulated = {}
    for seed in range(options.seeds):
        for name in options.processes:
            told = process(name, seed)
            simulated[told.name] = losses(told, process_draws(told, options.repeats))
            figures["processes"] = summary(simulated)
            record.write("mix_rules", figures)
            print(told.name, flush=True)


if __name__ == "__main__":
    main()
