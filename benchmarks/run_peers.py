"""Fill the cache of outside models' predictions: what is missing is fitted, nothing is fitted twice.

    nice -n 19 python benchmarks/run_peers.py ../shared/data [--peers catboost_td ...] [--only SET ...]

Works on any folder of tables with a roles.toml each. Tables are read, thinned and split by tabcouce; the
models run in their own environment (benchmarks/peer_environment.py), one process and one thread at a
time, cheapest model first and smallest table first. Stop it whenever you like and start it again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from peer_environment import python
from peers.benchmark_set import SEED, BenchmarkSet, read_sets
from peers.cache import CACHE, TIMED_OUT, Cached, FitKey, FoldOutcome, load, store
from peers.registry import PEERS, Peer, peer

from tabcouce.evaluation.run import all_classes
from tabcouce.splits import Split

WORKER = Path(__file__).resolve().parent / "peers" / "worker.py"
CPU_SECONDS = 600.0


@dataclass(frozen=True)
class Seen:
    """The classes a model was trained on."""

    classes_: np.ndarray


def job_arrays(one: BenchmarkSet, wanted: dict[str, tuple[Split, int]]) -> dict[str, Any]:
    """What the worker reads: columns, target, and the positions of the folds that are wanted."""
    X = one.dataset.X
    kinds = ["number" if dtype == np.float64 else "category" for dtype in X.dtypes]
    arrays: dict[str, Any] = {"y": one.dataset.y}
    for j, kind in enumerate(kinds):
        cells = X.iloc[:, j]
        arrays[f"column_{j}"] = (
            cells.to_numpy() if kind == "number" else cells.astype(object).fillna("").to_numpy().astype(str)
        )
    for name, (split, k) in wanted.items():
        arrays[f"train_{name}"], arrays[f"test_{name}"] = split.folds[k].train, split.folds[k].test
    meta = {
        "kinds": kinds,
        "regression": one.dataset.is_regression,
        "seed": SEED,
        "folds": list(wanted),
    }
    return {**arrays, "meta": np.array(json.dumps(meta))}


def missing(one: BenchmarkSet, model: Peer) -> dict[str, tuple[Split, int]]:
    """Name in the job -> split and fold number, of the fits that the cache lacks."""
    found: dict[str, tuple[Split, int]] = {}
    for s, split in enumerate(one.splits):
        have = load(FitKey.of(one, split, model.key, model.version())).outcomes
        found |= {f"{s}_{k}": (split, k) for k in range(len(split.folds)) if k not in have}
    return found


def keep(one: BenchmarkSet, model: Peer, split: Split, fold: int, outcome: FoldOutcome) -> None:
    cached: Cached = load(FitKey.of(one, split, model.key, model.version()))
    store(cached.having(fold, outcome))


def outcome_of(path: Path, one: BenchmarkSet, split: Split, fold: int) -> FoldOutcome:
    """The worker's answer for the test rows, with a column for every class of the set."""
    with np.load(path, allow_pickle=False) as file:
        found, classes, seconds = file["prediction"], file["classes"], float(file["seconds"])
    if not np.isfinite(found).all():
        return FoldOutcome(np.zeros(0, np.float32), seconds, "predictions are not finite")
    if not one.dataset.is_regression:
        trained = len(split.folds[fold].train)
        found = all_classes(found, Seen(classes), len(one.dataset.classes), trained)
    return FoldOutcome(found.astype(np.float32), seconds)


def run_set(one: BenchmarkSet, model: Peer, cpu_seconds: float) -> None:
    """Fit what is missing in one process; begin a new one after a fold that ran out of time or failed."""
    while wanted := missing(one, model):
        with tempfile.TemporaryDirectory() as scratch:
            job = Path(scratch) / "job.npz"
            np.savez(job, **job_arrays(one, wanted))
            command = [str(python()), str(WORKER), str(job), model.key, scratch]
            process = subprocess.Popen(
                [*command, "--cpu-seconds", str(cpu_seconds)],
                stdout=subprocess.PIPE,
                stderr=(Path(scratch) / "errors.txt").open("w"),
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": "", "CUDA_VISIBLE_DEVICES": ""},
                cwd=scratch,
            )
            assert process.stdout is not None
            left = dict(wanted)
            try:
                for line in process.stdout:
                    split, fold = left.pop(line.strip())
                    outcome = outcome_of(Path(scratch) / f"{line.strip()}.npz", one, split, fold)
                    keep(one, model, split, fold, outcome)
                    print(f"{model.key} {one.name} {split.key} {fold}: {outcome.seconds:.1f} s", flush=True)
            except BaseException:
                process.kill()
                raise
            code = process.wait()
            if code == 0:
                continue
            if code < 0 and code != -signal.SIGXCPU:
                raise SystemExit(f"The worker was ended by signal {-code}; start again to go on.")
            split, fold = next(iter(left.values()))
            said = (Path(scratch) / "errors.txt").read_text("utf-8").strip().splitlines()
            failure = TIMED_OUT if code < 0 else f"failed: {said[-1] if said else code}"[:300]
            print(f"{model.key} {one.name} {split.key} {fold}: {failure}", flush=True)
            spent = cpu_seconds if code < 0 else 0.0
            keep(one, model, split, fold, FoldOutcome(np.zeros(0, np.float32), spent, failure))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", nargs="*", default=[one.key for one in PEERS])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--targets", type=int, default=1)
    parser.add_argument("--cpu-seconds", type=float, default=CPU_SECONDS)
    options = parser.parse_args()
    if not python().exists():
        raise SystemExit("Make the peers' environment first: python3.11 benchmarks/peer_environment.py")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the worker is ended with us
    sets = read_sets(options.folder, only=options.only, targets=options.targets)
    for key in options.peers:
        for one in sets:
            run_set(one, peer(key), options.cpu_seconds)
    print(f"All cached in {CACHE.name}/.")


if __name__ == "__main__":
    main()
