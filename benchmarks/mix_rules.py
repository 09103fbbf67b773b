"""Which rule weights the stack best? Chosen on some simulated machines, judged on others.

    python benchmarks/mix_rules.py [--seeds 2] [--repeats 12]

The panel is fitted to 240 rows of twelve machines of each process, then predicts 1500 rows of thirty
machines never drawn. A rule sees 8, 20 or 50 rows of 6, 10 or 14 of these machines and gives weights;
the rest of the machines judge them. Figures are mean squared errors in target variances, i.e. losses of
R2: against the best single model of the judging machines, and against the better of the two trees.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import record
import torch
import verdict_truth

from tabcouce.simulation import PROCESSES
from tabcouce.splits import plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.fit import refit
from tabcouce.study.panel import panel
from tabcouce.system.weights import ANCHORS, choose_mix, error_products, plain_mix, simplex_weights

Floats = np.ndarray
Rule = Callable[[Sequence[str], Floats], Floats]
MACHINES, ROWS = 30, 1500
TREES = ("lightgbm", "random_forest")


def single(members: Sequence[str], products: Floats) -> Floats:
    return np.eye(len(members))[int(np.argmin(np.diagonal(products.mean(axis=0))))]


def anchors_and_best(members: Sequence[str], products: Floats) -> Floats:
    """Equal parts, however bad an anchor is."""
    used = np.array([member in ANCHORS for member in members]) | (single(members, products) > 0)
    return used / used.sum()


def free(members: Sequence[str], products: Floats) -> Floats:
    return simplex_weights(products.mean(axis=0))


def shrunk(plain: Rule, pseudo: float) -> Rule:
    def rule(members: Sequence[str], products: Floats) -> Floats:
        G = len(products)
        return (G * free(members, products) + pseudo * plain(members, products)) / (G + pseudo)

    return rule


def shown_only(plain: Rule) -> Rule:
    """The plain mix, unless fitted weights, then the single model, gain a standard error left out."""

    def rule(members: Sequence[str], products: Floats) -> Floats:
        def left_out(own: Rule) -> Floats:
            loss = []
            for g in range(len(products)):
                w = own(members, np.delete(products, g, axis=0))
                loss.append(w @ products[g] @ w)
            return np.array(loss)

        kept, loss = plain, left_out(plain)
        for rival in (shrunk(plain, 4), single):
            gain = loss - left_out(rival)
            if gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)):
                kept, loss = rival, loss - gain
        return kept(members, products)

    return rule


RULES: dict[str, Rule] = {
    "product": lambda members, products: np.array(choose_mix(members, products).weight),
    "single": single,
    "free": free,
    "anchors and best": anchors_and_best,
    "not clearly worse": plain_mix,
    "anchors and best, else shown": shown_only(anchors_and_best),
    "not clearly worse, else shown": shown_only(plain_mix),
    "shrunk by 8 to not clearly worse": shrunk(plain_mix, 8),
    "shrunk by 12 to not clearly worse": shrunk(plain_mix, 12),
    "shrunk by 4 to single": shrunk(single, 4),
    "shrunk by 4 to anchors and best": shrunk(anchors_and_best, 4),
}


def unseen_errors(name: str, seed: int) -> tuple[tuple[str, ...], Floats, Floats]:
    """Members, (M, n) errors on machines never drawn in standard deviations of y, (n,) machine."""
    effort = EFFORTS["quick"]
    train = verdict_truth.drawn(name, seed=seed, rows=240, contexts=12, draw="train")
    data = verdict_truth.dataset(name, train, seed)
    plan = plan_splits(data, folds=effort.folds, seed=seed)
    candidates = panel(data, effort, seed=seed, device="cpu")
    wanted = {candidate.key for candidate in candidates}
    final = refit(candidates, wanted, {}, data, plan.of(plan.headline), lambda *_: None)
    new = verdict_truth.drawn(name, seed=seed, rows=ROWS, contexts=MACHINES, draw="unseen")
    y = verdict_truth.target(name, new, seed)
    errors = np.stack([model.estimate(new.X) - y for model in final.values()]) / y.std()
    return tuple(final), errors, np.arange(ROWS) % MACHINES


def losses(
    members: Sequence[str],
    errors: Floats,
    unit: Floats,
    *,
    contexts: int,
    rows: int,
    rng: np.random.Generator,
) -> dict[str, tuple[float, float]]:
    """Loss of each rule against the best single model and against the better trees, one draw."""
    order = rng.permutation(MACHINES)
    drawn = [rng.choice(np.flatnonzero(unit == g), rows, replace=False) for g in order[:contexts]]
    seen = np.concatenate(drawn)
    products = error_products(errors[:, seen], unit[seen])
    truth = error_products(errors, unit)[order[contexts:]].mean(axis=0)
    own = np.diagonal(truth)
    trees = min(own[members.index(key)] for key in TREES)
    found = {}
    for key, rule in RULES.items():
        w = rule(members, products)
        loss = float(w @ truth @ w)
        found[key] = (loss - float(own.min()), loss - float(trees))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    torch.set_num_threads(1)
    told: dict[str, dict[str, list[tuple[float, float]]]] = {}
    done: list[str] = []
    for seed in range(options.seeds):
        for name in options.only or PROCESSES:
            members, errors, unit = unseen_errors(name, seed)
            done.append(f"{name}/{seed}")
            for rows in (8, 20, 50):
                for contexts in (6, 10, 14):
                    for repeat in range(options.repeats):
                        rng = np.random.default_rng([seed, rows, contexts, repeat])
                        for key, pair in losses(
                            members, errors, unit, contexts=contexts, rows=rows, rng=rng
                        ).items():
                            told.setdefault(f"{rows} rows of {contexts} machines", {}).setdefault(
                                key, []
                            ).append(pair)
            record.write(
                "mix_rules", {"runs": done, "losses": {size: table(of) for size, of in told.items()}}
            )
            print(done[-1], flush=True)


def table(of_rule: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """Mean loss to the best single model, share of losses above 0.01, share 0.02 below the trees."""
    out = {}
    for key, pairs in of_rule.items():
        single_loss, tree_loss = np.array(pairs).T
        out[key] = {
            "mean": round(float(single_loss.mean()), 4),
            "above_0.01": round(float((single_loss > 0.01).mean()), 3),
            "0.02_below_trees": round(float((tree_loss > 0.02).mean()), 3),
        }
    return out


if __name__ == "__main__":
    main()
