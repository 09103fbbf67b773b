"""What a faster form costs in accuracy: every model's R2 on every split, and its CPU seconds.

    python benchmarks/speed_parity.py ../shared/data --label before [--code ../older_checkout]
    python benchmarks/speed_parity.py ../shared/data --label after

Four small tables, effort quick, seeds 0 and 1 (other folds, other draws). Both labels lie in one file;
`difference` holds after less before. `--code` runs the package of another checkout: the figures before.
The encoder is left out, since it changed for its own reasons meanwhile; `system` stacks the other models.
Wide tables are cut to their first columns. CPU seconds are those of the process, all threads together.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import record

TABLES = {"nasa_milling": 30, "octane_refinery": 12, "concrete_strength": 30, "garment_productivity": 30}
"""Table -> inputs used at most."""


def measured(roles: Path, columns: int, seed: int) -> dict[str, Any]:
    """split/mode -> model -> R2, and CPU seconds per model, of the first target."""
    from tabcouce.evaluation.run import run_trials
    from tabcouce.roles import datasets
    from tabcouce.splits import plan_splits
    from tabcouce.study.effort import EFFORTS
    from tabcouce.study.fit import with_stacks
    from tabcouce.study.inputs import open_inputs
    from tabcouce.study.panel import panel

    declared = tomllib.loads(roles.read_text("utf-8"))
    opened = open_inputs(roles.parent / declared["file"], role_file=roles)
    dataset = datasets(opened.table, opened.roles, name=roles.parent.name)[0]
    object.__setattr__(dataset, "X", dataset.X.iloc[:, :columns])
    effort = EFFORTS["quick"]
    plan = plan_splits(dataset, folds=effort.folds, seed=seed)
    trials, seconds = [], {}
    for candidate in panel(dataset, effort, seed=seed, device="cpu"):
        if candidate.key == "couce":
            continue
        start = time.process_time()
        trials += run_trials([candidate], dataset, plan)
        seconds[candidate.key] = round(time.process_time() - start, 2)
    start = time.process_time()
    everything = with_stacks(trials, dataset, plan, seed=seed)
    seconds["stacks"] = round(time.process_time() - start, 2)
    scores: dict[str, Any] = {}
    for trial in everything:
        tested = np.isfinite(trial.prediction)
        y, error = dataset.y[tested], dataset.y[tested] - trial.prediction[tested]
        r2 = 1 - np.square(error).sum() / np.square(y - y.mean()).sum()
        key = trial.split if trial.mode == "blind" else f"{trial.split}/{trial.mode}"
        scores.setdefault(key, {})[trial.model] = round(float(r2), 4)
    return {"rows": len(dataset.y), "inputs": dataset.X.shape[1], "r2": scores, "cpu_s": seconds}


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """R2 after less before, by split and model."""
    return {
        split: {model: round(r2 - before["r2"][split][model], 4) for model, r2 in models.items()}
        for split, models in after["r2"].items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--label", choices=["before", "after"], required=True)
    parser.add_argument("--code", type=Path)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    commit = record.commit()
    if options.code is not None:
        sys.path.insert(0, str(options.code))
        command = ["git", "-C", str(options.code), "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    else:
        sys.path.insert(0, str(record.ROOT))
    path = record.RESULTS / "speed_parity.json"
    runs: dict[str, Any] = json.loads(path.read_text("utf-8"))["runs"] if path.exists() else {}
    for table, columns in TABLES.items():
        if options.only and table not in options.only:
            continue
        for seed in (0, 1):
            run = runs.setdefault(f"{table}, seed {seed}", {})
            row = {"commit": commit, **measured(options.folder / table / "roles.toml", columns, seed)}
            run[options.label] = row
            if "before" in run and "after" in run:
                run["difference"] = differences(run["before"], run["after"])
            print(table, seed, row["cpu_s"], flush=True)
            record.write("speed_parity", {"effort": "quick", "runs": runs})


if __name__ == "__main__":
    main()
