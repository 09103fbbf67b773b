"""With few contexts to learn from, how should models be mixed for a new one? Equal parts against trees.

    python benchmarks/few_contexts.py [--machines 4] [--seeds 50 51]

Every model of a quick study is fitted on 50 rows of each of a few machines and asked about 2,000 rows of
forty machines never drawn. R2 of each model, of equal parts of the trees, and of equal parts of all
learners, which is the mix in use below `evaluation.stacked.FEWEST_TO_CHOOSE` contexts.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from record import write
from verdict_truth import dataset, drawn

from tabcouce.evaluation.metrics import r2
from tabcouce.simulation import PROCESSES
from tabcouce.splits import plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.final_models import refit
from tabcouce.study.panel import panel
from tabcouce.system.weights import equal_mix

TREES = ("random_forest", "lightgbm")


def scores(name: str, seed: int, machines: int) -> dict[str, float]:
    effort = EFFORTS["quick"]
    train = drawn(name, seed=seed, rows=50 * machines, contexts=machines, draw="train")
    data = dataset(name, train, seed)
    plan = plan_splits(data, folds=effort.folds, seed=seed)
    models = panel(data, effort, seed=seed, device="cpu")
    final = refit(models, {m.key for m in models}, {}, data, plan.of(plan.headline), lambda *_: None)
    new = drawn(name, seed=seed, rows=2000, contexts=40, draw="unseen")
    told = {key: model.estimate(new.X) for key, model in final.items()}
    mixes = {
        "trees in equal parts": np.mean([told[key] for key in TREES], axis=0),
        "learners in equal parts": equal_mix(tuple(told))(np.stack(list(told.values()))),
    }
    return {key: round(float(r2(new.y, each) or 0.0), 4) for key, each in {**told, **mixes}.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machines", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[50, 51])
    args = parser.parse_args()
    torch.set_num_threads(1)
    runs: dict[str, dict[str, float]] = {}
    for seed in args.seeds:
        for name in PROCESSES:
            runs[f"{name}/{seed}"] = scores(name, seed, args.machines)
            print(name, seed, runs[f"{name}/{seed}"], flush=True)
            keys = next(iter(runs.values()))
            mean = {key: round(float(np.mean([run[key] for run in runs.values()])), 4) for key in keys}
            write("few_contexts", {"machines": args.machines, "mean": mean, "runs": runs})


if __name__ == "__main__":
    main()
