"""What the factors stage costs on top of the fit: CPU seconds at n=1000, p=30, 12 contexts.

    python benchmarks/factor_cost.py --effort quick

The panel is fitted on the headline split, the encoder with one pass (what it costs to explain does not
depend on how long it was trained); then `explain` is timed, with the stack of all models or LightGBM as
the recommended model. One thread, process seconds: the machine is shared.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from confounded_line import dataset
from record import write

from tabcouce.evaluation.run import run_trial
from tabcouce.evaluation.stacked import stacked_trials
from tabcouce.splits import plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.explain import explain
from tabcouce.study.judge import JudgedModels
from tabcouce.study.panel import panel

ROWS, COLUMNS, MACHINES = 1000, 30, 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--effort", choices=list(EFFORTS), default="quick")
    parser.add_argument(
        "--models", nargs="*", default=["linear", "random_forest", "lightgbm", "kernel", "couce"]
    )
    args = parser.parse_args()
    effort = replace(EFFORTS[args.effort], epochs=1)
    rng = np.random.default_rng(0)
    machine = np.arange(ROWS) % MACHINES
    X = pd.DataFrame(rng.standard_normal((ROWS, COLUMNS)), columns=[f"x{k}" for k in range(COLUMNS)])
    y = X.iloc[:, :6] @ [1.0, -0.8, 0.6, 0.5, 0.4, 0.3] + rng.standard_normal(MACHINES)[machine]
    data = dataset(X, y.to_numpy() + 0.5 * rng.standard_normal(ROWS), machine)
    plan = plan_splits(data, folds=effort.folds, seed=0)
    split = plan.of(plan.headline)
    made = [
        run_trial(candidate, data, split, known=False)
        for candidate in panel(data, effort, seed=0, device="cpu")
        if candidate.key in args.models
    ]
    made += [t for t in stacked_trials(made, data, plan) if t.split == split.key and t.mode == "blind"]
    trials = {trial.model: trial for trial in made}
    seconds = {}
    for recommended in ("system", "lightgbm"):
        final = {recommended: trials[recommended].fitted[0]}
        start = time.process_time()
        explain(JudgedModels(recommended, trials, final, data, split, effort, seed=0), report=lambda *_: None)
        seconds[recommended] = round(time.process_time() - start, 2)
    figures = {"rows": ROWS, "columns": COLUMNS, "contexts": MACHINES, "process_s": seconds,
               "models": sorted(trials)}  # fmt: skip
    print(write(f"factor_cost_{args.effort}", figures), seconds)


if __name__ == "__main__":
    main()
