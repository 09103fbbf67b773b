"""Is the recommended model the right one? Verdicts on simulated processes, judged by new machines.

    python benchmarks/verdict_truth.py --seeds 20 --rows 480 [--only none step_like ...]

For each process and seed the whole panel is judged as `tabcouce fit --effort quick` judges it, on
twelve machines, by the split that holds machines out (the others have no say in what is recommended
for a new one and are left out). Then every model is refitted on all rows and predicts two thousand
rows of forty machines that were never drawn: the recommended model should be within 0.01 R2 of the
best of them.
The process 'nothing' has the targets of 'none' shuffled within each machine: there 'do not predict'
is the right answer, and nowhere else. 'covered' is the share of the new machines' rows inside the
90 % band of the recommended model. Runs that are in the result file are not run again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import record
import torch

from tabcouce.evaluation import decide, run_trials
from tabcouce.evaluation.candidates import simplicity
from tabcouce.evaluation.metrics import r2
from tabcouce.evaluation.stacked import SYSTEM, stacked_trials
from tabcouce.read.table import Source
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.simulation import PROCESSES, Process
from tabcouce.splits import SplitPlan, plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.final_models import refit, stack_mixes
from tabcouce.study.panel import panel
from tabcouce.study.reliability import held_out_intervals

NOTHING = "nothing"
WITHIN = 0.01


def drawn(name: str, *, seed: int, rows: int, contexts: int, draw: str) -> Process:
    return PROCESSES["none" if name == NOTHING else name](
        seed=seed,
        rows=rows,
        contexts=contexts,
        draw=draw,  # type: ignore[arg-type]
    )


def target(name: str, process: Process, seed: int) -> np.ndarray:
    """The process's own target; of 'nothing' dealt out anew within each machine."""
    if name != NOTHING:
        return process.y
    rng = np.random.default_rng([seed, 9])
    y = process.y.copy()
    for _, rows in process.context.groupby("machine").indices.items():
        y[rows] = y[rng.permutation(rows)]
    return y


def dataset(name: str, process: Process, seed: int) -> Dataset:
    columns = [ColumnRole(str(c), process.kinds[str(c)]) for c in process.X.columns]  # type: ignore[arg-type]
    columns += [ColumnRole("machine", "context"), ColumnRole("quality", "target")]
    return Dataset(
        name=name,
        source=Source("simulated", ""),
        task="regression",
        target="quality",
        X=process.X,
        y=target(name, process, seed),
        classes=(),
        contexts=process.context,
        group=None,
        order=None,
        rows=np.arange(2, len(process.y) + 2),
        roles=Roles(tuple(columns), ("quality",)),
    )


def judged(name: str, seed: int, rows: int) -> dict[str, Any]:
    """One verdict and what every model really does on new machines."""
    start = time.process_time()
    effort = EFFORTS["quick"]
    data = dataset(name, drawn(name, seed=seed, rows=rows, contexts=12, draw="train"), seed)
    plan = plan_splits(data, folds=effort.folds, seed=seed)
    candidates = panel(data, effort, seed=seed, device="cpu")
    plan = SplitPlan((plan.of(plan.headline),), plan.headline)  # the one split that decides
    trials = tuple(run_trials(candidates, data, plan))
    trials = (*trials, *stacked_trials(trials, data, plan))
    verdict = decide(trials, data, plan, draws=effort.draws, seed=seed)
    wanted = {candidate.key for candidate in candidates} | {SYSTEM}
    mixes = stack_mixes(trials, data, plan)
    final = refit(candidates, wanted, mixes, data, plan.of(plan.headline), lambda *_: None)
    new = drawn(name, seed=seed, rows=2000, contexts=40, draw="unseen")
    y = target(name, new, seed)
    told = {key: model.estimate(new.X) for key, model in final.items()}
    truth = {key: r2(y, estimate) or 0.0 for key, estimate in told.items()}
    headline = {t.model: t for t in trials if (t.split, t.mode) == (plan.headline, "blind")}
    band = held_out_intervals(headline[verdict.recommended], data, plan.of(plan.headline))
    assert band is not None
    low, high = band.band(told[verdict.recommended])
    blind = {key: r2(data.y, t.prediction) for key, t in headline.items()}
    return {
        "outcome": verdict.outcome,
        "recommended": verdict.recommended,
        "lost": round(max(truth.values()) - truth[verdict.recommended], 4),
        "truth": {key: round(value, 4) for key, value in truth.items()},
        "coverage": round(float(((low <= y) & (y <= high)).mean()), 4),
        "promised": {key: None if value is None else round(value, 4) for key, value in blind.items()},
        "weights": dict(zip(mixes["blind"].members, mixes["blind"].weight, strict=True)),
        "cpu_s": round(time.process_time() - start, 1),
        "rows": rows,
        "commit": record.commit(),
    }


def summary(runs: dict[str, Any]) -> dict[str, Any]:
    """Per process: how often the named model is within 0.01 R2 of the best, and what was said."""
    table: dict[str, Any] = {}
    for key, run in runs.items():
        row = table.setdefault(
            key.partition("/")[0],
            {"runs": 0, "within_0.01": 0, "do_not_predict": 0, "lost": [], "covered": []},
        )
        row["runs"] += 1
        row["within_0.01"] += run["lost"] <= WITHIN
        row["do_not_predict"] += run["outcome"] == "do_not_predict"
        row["lost"].append(run["lost"])
        row["covered"].append(run["coverage"])
    return table


def rules(runs: dict[str, Any]) -> dict[str, Any]:
    """What other rules than the verdict's would have lost in the same runs; they see the same promises."""
    lost: dict[str, list[float]] = {}
    for run in runs.values():
        told = {key: value for key, value in run["promised"].items() if value is not None}
        best = max(told, key=lambda key: told[key])
        silent = run["outcome"] == "do_not_predict"
        stack = "constant" if silent else SYSTEM
        as_good = [key for key in told if told[key] >= told[SYSTEM] - WITHIN and key != "constant"]
        simplest = min(as_good, key=lambda key: (simplicity(key), -told[key]))
        named = {
            "the verdict": run["recommended"],
            "stack unless do not predict": stack,
            "stack, or the line where it promises as much": "linear"
            if not silent and told["linear"] >= told[SYSTEM]
            else stack,
            "simplest that promises 0.01 less than the stack or more": "constant" if silent else simplest,
            "largest promise": best,
            "stack unless no promise above 0": SYSTEM if told[best] > 0 else "constant",
        }
        for rule, key in named.items():
            lost.setdefault(rule, []).append(max(run["truth"].values()) - run["truth"][key])
    return {
        rule: {
            "within_0.01": sum(value <= WITHIN for value in values),
            "mean_lost": round(float(np.mean(values)), 4),
            "largest_lost": round(max(values), 4),
        }
        for rule, values in lost.items()
    }


def kept(runs: dict[str, Any]) -> Path:
    return record.write("verdict_truth", {"rules": rules(runs), "summary": summary(runs), "runs": runs})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=480)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = record.RESULTS / "verdict_truth.json"
    runs: dict[str, Any] = json.loads(path.read_text("utf-8"))["runs"] if path.exists() else {}
    for seed in range(options.seeds):
        for name in (NOTHING, *PROCESSES):
            key = f"{name}/{seed}"
            if key in runs or (options.only and name not in options.only):
                continue
            runs[key] = judged(name, seed, options.rows)
            print(key, runs[key]["outcome"], runs[key]["recommended"], runs[key]["lost"], flush=True)
            kept(runs)
    print(kept(runs))


if __name__ == "__main__":
    main()
