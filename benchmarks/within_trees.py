"""LightGBM with random intercepts: do trees that also read numbers relative to their context pay?

    python benchmarks/within_trees.py [--seeds 3] [--rows 480]

Fitted on twelve machines of each process with and without within-context features, then asked about
twelve machines never drawn: blind, and with each machine's unlabelled rows (batch); and about further
rows of the twelve known machines. 'kept' is how often the model's own choice, made on left-out
training machines, took the features.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import record
import verdict_truth

from tabcouce.evaluation.metrics import r2
from tabcouce.models import BoostingModel, ContextBoostingModel
from tabcouce.simulation import PROCESSES, Process

MACHINES = 12


def by_machine(model: ContextBoostingModel, new: Process) -> np.ndarray:
    """(n,) batch predictions: every machine's own rows are known without their target."""
    told = np.empty(len(new.y))
    label = new.context["machine"].to_numpy(str)
    for name in np.unique(label):
        rows = label == name
        told[rows] = model.adapt(new.X[rows]).predict(new.X[rows])
    return told


def measured(name: str, seed: int, rows: int) -> dict[str, float]:
    both = verdict_truth.drawn(name, seed=seed, rows=2 * rows, contexts=MACHINES, draw="train")
    first = np.random.default_rng(seed).permutation(2 * rows)[:rows]
    rest = np.setdiff1d(np.arange(2 * rows), first)
    new = verdict_truth.drawn(name, seed=seed, rows=rows, contexts=MACHINES, draw="unseen")
    X, y, context = both.X.iloc[first], both.y[first], both.context.iloc[first]
    X, context = X.reset_index(drop=True), context.reset_index(drop=True)
    plain = ContextBoostingModel(pace=2.0, threads=1).fit(X, y, context)
    within = ContextBoostingModel(pace=2.0, threads=1, within=True).fit(X, y, context)
    lightgbm = BoostingModel(pace=2.0, threads=1).fit(X, y, context)
    known = both.X.iloc[rest], both.context.iloc[rest]
    scores = {
        "blind": r2(new.y, within.predict(new.X)),
        "batch": r2(new.y, by_machine(within, new)),
        "lightgbm blind": r2(new.y, lightgbm.predict(new.X)),
        "known, without": r2(both.y[rest], plain.predict(*known)),
        "known, with": r2(both.y[rest], within.predict(*known)),
        "kept": float(within.within_ is not None),
    }
    return {key: round(float(value or 0.0), 4) for key, value in scores.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=480)
    parser.add_argument("--only", nargs="*", default=list(PROCESSES))
    options = parser.parse_args()
    runs: dict[str, dict[str, float]] = {}
    for seed in range(options.seeds):
        for name in options.only:
            runs[f"{name}/{seed}"] = measured(name, seed, options.rows)
            print(name, seed, runs[f"{name}/{seed}"], flush=True)
            means: dict[str, Any] = {}
            for process in options.only:
                of = [run for key, run in runs.items() if key.startswith(f"{process}/")]
                if of:
                    means[process] = {k: round(float(np.mean([run[k] for run in of])), 4) for k in of[0]}
            record.write("within_trees", {"rows": options.rows, "means": means, "runs": runs})


if __name__ == "__main__":
    main()
