"""Fill the cache of outside models' predictions: what is missing is fitted, nothing is fitted twice.

    nice -n 19 python benchmarks/run_peers.py ../shared/data [--peers catboost_td ...] [--only SET ...]
    nice -n 19 python benchmarks/run_peers.py ../shared/data --bagged --only SET ...

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
from peers.cache import COMMITTED, COMMITTED_BAGS, TIMED_OUT, Cache, FitKey, FoldOutcome
from peers.registry import BAGGED, PEERS, Peer, peer

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


def missing(one: BenchmarkSet, model: Peer, cache: Cache) -> dict[str, tuple[Split, int]]:
    """Name in the job -> split and fold number, of the fits that the cache lacks."""
    found: dict[str, tuple[Split, int]] = {}
    for s, split in enumerate(one.splits):
        have = cache.load(FitKey.of(one, split, model.key, model.version())).outcomes
        found |= {f"{s}_{k}": (split, k) for k in range(len(split.folds)) if k not in have}
    return found


@dataclass(frozen=True)
class Keeper:
    """Writes each outcome down as it comes, and says so."""

    one: BenchmarkSet
    model: Peer
    cache: Cache

    def __call__(self, split: Split, fold: int, outcome: FoldOutcome) -> None:
        key = FitKey.of(self.one, split, self.model.key, self.model.version())
        self.cache.store(self.cache.load(key).having(fold, outcome))
        told = outcome.failure or f"{outcome.seconds:.1f} s"
        print(f"{self.model.key} {self.one.name} {split.key} {fold}: {told}", flush=True)


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


def run_set(one: BenchmarkSet, model: Peer, cache: Cache, cpu_seconds: float) -> None:
    """Fit what is missing in one process; begin a new one after a fold that ran out of time or failed."""
    while wanted := missing(one, model, cache):
        with tempfile.TemporaryDirectory() as scratch:
            run_job(one, model, wanted, Path(scratch), Keeper(one, model, cache), cpu_seconds)


def run_job(
    one: BenchmarkSet,
    model: Peer,
    wanted: dict[str, tuple[Split, int]],
    scratch: Path,
    keep: Keeper,
    cpu_seconds: float,
) -> None:
    """One worker process: every finished fold is kept at once, and the one that ended it as a failure."""
    np.savez(scratch / "job.npz", **job_arrays(one, wanted))
    command = [str(python()), str(WORKER), str(scratch / "job.npz"), model.key, str(scratch)]
    left = dict(wanted)
    with (scratch / "errors.txt").open("w") as errors:
        process = subprocess.Popen(
            [*command, "--cpu-seconds", str(cpu_seconds), "--bags", str(model.bags)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": "", "CUDA_VISIBLE_DEVICES": ""},
            cwd=scratch,
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                name = line.strip()
                split, fold = left.pop(name)
                keep(split, fold, outcome_of(scratch / f"{name}.npz", one, split, fold))
            code = process.wait()
        finally:
            process.kill()
    if code == 0:
        return
    if code < 0 and code != -signal.SIGXCPU:
        raise SystemExit(f"The worker was ended by signal {-code}; start again to go on.")
    said = (scratch / "errors.txt").read_text("utf-8").strip().splitlines() or [str(code)]
    failure = TIMED_OUT if code < 0 else f"failed: {said[-1]}"[:300]
    split, fold = next(iter(left.values()))
    spent = cpu_seconds if code < 0 else 0.0
    keep(split, fold, FoldOutcome(np.zeros(0, np.float32), spent, failure))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", nargs="*")
    parser.add_argument("--bagged", action="store_true", help="bags of eight instead of single fits")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--targets", type=int, default=1)
    parser.add_argument("--cpu-seconds", type=float, default=CPU_SECONDS)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    if not python().exists():
        raise SystemExit("Make the peers' environment first: python3.11 benchmarks/peer_environment.py")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the worker is ended with us
    sets = read_sets(options.folder, only=options.only, targets=options.targets)
    folder = COMMITTED_BAGS if options.bagged else COMMITTED
    for key in options.peers or [one.key for one in (BAGGED if options.bagged else PEERS)]:
        for one in sets:
            model = peer(key)
            run_set(one, model, Cache(options.cache or folder), options.cpu_seconds * model.bags)


if __name__ == "__main__":
    main()
