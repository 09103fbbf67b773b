"""Blind, batch and k-shot mode where the truth is known: encoder and peers on new machines.

    python benchmarks/encoder_modes.py --seeds 0 1 2 3 4

1080 rows of 12 machines to learn from, 1080 rows of 12 new machines to predict. R2 over all rows
that are nobody's shots: of each new machine 5 rows, the same for every model, are labelled and never
scored. Every peer gets the same shots through the same shrunken offset, its variances from its own
left-out predictions of training machines; batch mode sees the scored rows of a machine without
labels. Modes stand in columns of their own.

encoder     CouceRegressor(within=True): blind, batch and shots
lightgbm    BoostingModel on the inputs: blind and shots
demeaned    the same on the target less its machine's mean: shots
within      the same with each number less its machine's mean, over its machine's deviation, beside it: batch
oracle      the true function of the true causes, which no model sees: blind and shots; the gap
            between it and a peer is the most that a margin over this peer can be

A run goes on where the last one at the same commit stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from record import RESULTS, commit, write

from tabcouce.encoder import CouceRegressor
from tabcouce.models import BoostingModel
from tabcouce.models.calibration import ShotOffset, ShotPrior, calibrated
from tabcouce.simulation import PROCESSES, Draw, Process

SHOTS = 5
CASES: tuple[tuple[str, Draw], ...] = (
    ("sensor_shift", "unseen"),
    ("all_sensors_shift", "unseen"),
    ("target_offset", "unseen"),
    ("common_cause", "unseen"),
    ("common_cause", "interventional"),
    ("machine_state", "unseen"),
    ("machine_state", "interventional"),
    ("operating_point", "unseen"),
    ("none", "unseen"),
    ("step_like", "unseen"),
)
# (case, our mode, peer, its mode, margin asked for)
TARGETS = (
    ("sensor_shift unseen", "encoder batch", "lightgbm blind", 0.40),
    ("all_sensors_shift unseen", "encoder batch", "lightgbm blind", 0.40),
    ("target_offset unseen", "encoder shots", "lightgbm shots", 0.08),
    ("target_offset unseen", "encoder shots", "demeaned shots", 0.03),
    ("common_cause unseen", "encoder shots", "lightgbm shots", 0.25),
    ("common_cause interventional", "encoder shots", "lightgbm shots", 0.25),
    ("machine_state unseen", "encoder shots", "lightgbm shots", 0.25),
    ("machine_state interventional", "encoder shots", "lightgbm shots", 0.25),
    ("operating_point unseen", "encoder blind", "lightgbm blind", -0.01),
    ("none unseen", "encoder blind", "lightgbm blind", -0.01),
    ("step_like unseen", "encoder blind", "lightgbm blind", -0.02),
)
Array = np.ndarray


def demeaned(y: Array, machine: Array) -> Array:
    """y less its machine's mean, about the mean of all."""
    return y - pd.Series(y).groupby(machine).transform("mean").to_numpy() + y.mean()


def with_within(X: pd.DataFrame, machine: Array) -> pd.DataFrame:
    """Inputs, and beside them each less its machine's mean over its machine's deviation."""
    groups = X.groupby(machine)
    inside = (X - groups.transform("mean")) / groups.transform("std")
    return pd.concat([X, inside.add_suffix(" within")], axis=1)


def shot_prior(seen: Process, estimates: Array) -> ShotPrior:
    """Of a model's left-out predictions, against the target as it is."""
    return ShotPrior.of_values(seen.y - estimates, pd.factorize(seen.context["machine"])[0])


def scores(name: str, draw: Draw, seed: int, threads: int) -> dict[str, float]:
    """R2 of every model and mode on one case."""
    seen = PROCESSES[name](seed=seed, rows=1080, contexts=12)
    new = PROCESSES[name](seed=seed, rows=1080, contexts=12, draw=draw)
    old, machine = seen.context["machine"].to_numpy(), new.context["machine"].to_numpy()
    start = time.process_time()
    ours = CouceRegressor(
        proxy_columns=seen.proxies, tolerances=dict(seen.tolerances), within=True, threads=threads
    ).fit(seen.X, seen.y, seen.context)
    seconds = time.process_time() - start
    trees = BoostingModel("regression", seed=seed).fit(seen.X, seen.y, seen.context)
    centred = BoostingModel("regression", seed=seed).fit(seen.X, demeaned(seen.y, old), seen.context)
    centred_prior = shot_prior(seen, centred.left_out_)
    inside = BoostingModel("regression", seed=seed).fit(with_within(seen.X, old), seen.y, seen.context)
    truth_prior = shot_prior(seen, seen.surface)
    found: dict[str, Array] = {}
    scored = np.zeros(len(new.y), dtype=bool)

    def keep(key: str, rows: Array, values: Array) -> None:
        found.setdefault(key, np.full(len(new.y), np.nan))[rows] = values

    rng = np.random.default_rng([seed, 7])
    for level in np.unique(machine):
        own = rng.permutation(np.flatnonzero(machine == level))
        few, rest = own[:SHOTS], own[SHOTS:]
        scored[rest] = True
        X, labelled = new.X.iloc[rest], (new.X.iloc[few], new.y[few])
        keep("encoder blind", rest, ours.estimate(X))
        keep("encoder batch", rest, ours.adapt(X).estimate(X))
        keep("encoder shots", rest, ours.calibrate(*labelled).estimate(X))
        keep("lightgbm blind", rest, trees.estimate(X))
        keep("lightgbm shots", rest, calibrated(trees, *labelled).estimate(X))
        keep("demeaned shots", rest, calibrated(centred, *labelled, prior=centred_prior).estimate(X))
        keep("oracle blind", rest, new.surface[rest])
        offset = ShotOffset.of_values(new.y[few], new.surface[few], truth_prior)
        keep("oracle shots", rest, offset(new.surface[rest]))
        keep("within batch", rest, inside.estimate(with_within(X, machine[rest])))
    y = new.y[scored]
    r2 = {k: float(1 - np.mean((v[scored] - y) ** 2) / np.var(y)) for k, v in found.items()}
    return r2 | {"chose_do": float(ours.view_ == "do"), "cpu_s": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--processes", nargs="*", default=[])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=9.0, help="no seed is begun later")
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    path = RESULTS / "encoder_modes.json"
    end = time.monotonic() + 60 * args.minutes
    cases: dict[str, Any] = {}
    if path.exists():
        before = json.loads(path.read_text("utf-8"))
        cases = before["cases"] if before["commit"] == commit() else {}
    for name, draw in CASES:
        if args.processes and name not in args.processes:
            continue
        rows = cases.get(f"{name} {draw}", {}).get("seeds", {})
        for seed in args.seeds:
            if str(seed) not in rows and time.monotonic() < end:
                rows[str(seed)] = scores(name, draw, seed, args.threads)
        if not rows:
            continue
        mean = {key: float(np.mean([row[key] for row in rows.values()])) for key in next(iter(rows.values()))}
        cases[f"{name} {draw}"] = {"mean": mean, "seeds": rows}
        print(name, draw, {k: round(v, 3) for k, v in mean.items()}, file=sys.stderr, flush=True)
        if not args.dry:
            write(
                "encoder_modes",
                {"shots": SHOTS, "targets": judged(cases), "cases": cases},
            )


def judged(cases: dict[str, Any]) -> list[dict[str, object]]:
    """Every target whose case was run: what was asked for and what was reached."""
    out: list[dict[str, object]] = []
    for case, ours, peer, margin in TARGETS:
        if case in cases:
            mean = cases[case]["mean"]
            ceiling = mean["oracle shots" if ours.endswith("shots") else "oracle blind"]
            gain = mean[ours] - mean[peer]
            out.append(
                {
                    "case": case,
                    "ours": ours,
                    "peer": peer,
                    "asked": margin,
                    "reached": gain,
                    "reached_by_the_oracle": ceiling - mean[peer],
                    "seeds": len(cases[case]["seeds"]),
                    "met": gain >= margin,
                }
            )
    return out


if __name__ == "__main__":
    main()
