"""What the encoder costs: one fit, a pack of folds, and how time and memory grow with rows.

    python benchmarks/encoder_speed.py [../shared/data] [--parts members pack rows around gpu]

members  8 members on n = 1000, p = 30 (target on 2 cores: 12 s, aim 6 s)
pack     5 folds x 2 members of concrete_strength in one pack, and before it RealMLP-TD on three folds of
         the same table in the peers' environment; skipped without the data folder or that environment
rows     2 passes of one member over 10,000 to 300,000 rows, each size in a process of its own:
         exponents of CPU seconds (target: at most 1.05) and of the memory above an idle process
around   320 members, one pass: CPU seconds of all that is not training, which a GPU does not take over
gpu      320 members on n = 1000 (target 2 s), step by step and replayed as a CUDA graph, and the ratio to
         2 cores; skipped without CUDA

CPU seconds are those of the process, whatever else the machine does; wall seconds stand beside
them with the load average, and mean little where that is above 1.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import torch
from peer_environment import python
from peers.benchmark_set import read_sets
from record import RESULTS, write

from tabcouce.encoder import CouceRegressor, packed_run, packed_training
from tabcouce.simulation import sensor_shift
from tabcouce.splits import plan_splits

RUNS = 2
ROWS = (10_000, 30_000, 100_000, 300_000)


def table(rows: int, inputs: int) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Fifteen simulated columns of 12 machines, cut or filled up with noise."""
    made = sensor_shift(seed=0, rows=rows, contexts=12)
    noise = np.random.default_rng(0).normal(size=(rows, max(0, inputs - made.X.shape[1])))
    extra = pd.DataFrame(noise, columns=[f"noise {k}" for k in range(noise.shape[1])])
    return pd.concat([made.X, extra], axis=1).iloc[:, :inputs], made.y, made.context


def clock() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def since(start: tuple[float, float]) -> dict[str, float]:
    cpu, wall = clock()
    return {
        "cpu_s": round(cpu - start[0], 2),
        "wall_s": round(wall - start[1], 2),
        "load": round(os.getloadavg()[0], 1),
    }


def members() -> dict[str, Any]:
    X, y, context = table(1000, 30)
    runs = []
    for _ in range(RUNS):
        start = clock()
        CouceRegressor(members=8, view="pooled", threads=2).fit(X, y, context)
        runs.append(since(start))
    return {"rows": 1000, "inputs": 30, "members": 8, "limit_s": 12.0, "aim_s": 6.0, "runs": runs}


def pack(folder: Path | None) -> dict[str, Any]:
    if folder is None or not python().exists():
        return {"skipped": "the data folder is not named or the peers' environment is not made"}
    with tempfile.TemporaryDirectory() as cache:
        peers = Path(__file__).with_name("run_peers.py")
        command = [sys.executable, str(peers), str(folder), "--peers", "realmlp_td"]
        subprocess.run([*command, "--only", "concrete_strength", "--cache", cache], check=True)
        meta = json.loads(str(np.load(Path(cache) / "concrete_strength" / "shuffled.realmlp_td.npz")["meta"]))
    data = read_sets(folder, only=["concrete_strength"])[0].dataset
    plan = plan_splits(data, folds=5, seed=0)
    folds = [fold.train for fold in plan.of("shuffled").folds]
    start = clock()
    CouceRegressor(members=2, threads=2).fit_folds(data.X, data.y, None, folds)
    return {
        "rows": len(data.y),
        "inputs": data.X.shape[1],
        "five_folds_two_members": since(start),
        "realmlp_td_one_fold_cpu_s": [fold[0] for fold in meta["folds"].values()],
        "realmlp_version": meta["key"]["version"],
    }


def one_size(rows: int) -> None:
    """In a process of its own: the last line says what it took."""
    X, y, context = table(rows, 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = clock()
    CouceRegressor(members=1, epochs=2, batch=256, view="pooled", max_rows=rows, threads=1).fit(X, y, context)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, **since(start), "table_mb": round(before), "peak_mb": round(after)}))


def growth() -> dict[str, Any]:
    sizes = []
    for rows in ROWS:
        command = [sys.executable, __file__, "--one-size", str(rows)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        sizes.append(json.loads(out.splitlines()[-1]))
        print(sizes[-1], flush=True)
    n = np.log([size["rows"] for size in sizes])
    cpu = np.log([size["cpu_s"] for size in sizes])
    # The first size is mostly the interpreter and its libraries, which do not grow.
    memory = np.log([size["peak_mb"] - sizes[0]["table_mb"] for size in sizes])
    return {
        "members": 1,
        "passes": 2,
        "sizes": sizes,
        "exponent_cpu": float(np.polyfit(n, cpu, 1)[0]),
        "exponent_memory": float(np.polyfit(n, memory, 1)[0]),
        "limit_exponent": 1.05,
    }


class Trainings:
    """Seconds that the packs' training took, each in its own thread."""

    def __init__(self) -> None:
        self.cpu_s = self.wall_s = 0.0

    def train(self, *given: Any) -> Any:
        cpu, wall = time.thread_time(), time.perf_counter()
        found = packed_training.train(*given)
        self.cpu_s += time.thread_time() - cpu
        self.wall_s += time.perf_counter() - wall
        return found


def around() -> dict[str, Any]:
    X, y, context = table(1000, 30)
    CouceRegressor(members=2, epochs=1, view="pooled", threads=1).fit(X, y, context)  # starts torch
    runs = []
    for _ in range(RUNS):
        own, start = Trainings(), time.process_time()
        with mock.patch.object(packed_run, "train", own.train):
            CouceRegressor(members=320, epochs=1, view="pooled", threads=1).fit(X, y, context)
        runs.append(round(time.process_time() - start - own.cpu_s, 2))
    return {"rows": 1000, "inputs": 30, "members": 320, "cpu_s": runs}


def gpu() -> dict[str, Any]:
    if not torch.cuda.is_available():
        return {"skipped": "no CUDA device here"}
    X, y, context = table(1000, 30)
    found: dict[str, Any] = {"members": 320, "limit_s": 2.0, "device": torch.cuda.get_device_name()}
    ways = {
        "started": {"device": "cuda"},  # starts CUDA and does not count
        "cuda": {"device": "cuda"},
        "cuda_graph": {"device": "cuda", "cuda_graph": True},
        "cuda_graph_no_head": {"device": "cuda", "cuda_graph": True, "head": "off"},
        "cpu": {"device": "cpu"},
    }
    told = {}
    for name, way in ways.items():
        own, start = Trainings(), clock()
        with mock.patch.object(packed_run, "train", own.train):
            model = CouceRegressor(members=320, view="pooled", threads=2, **way).fit(X, y, context)
        torch.cuda.synchronize()
        told[name] = model.predict(X)
        found[name] = {**since(start), "training_wall_s": round(own.wall_s, 2)}
        print(name, found[name], flush=True)
    found["ratio"] = found["cpu"]["wall_s"] / min(found[name]["wall_s"] for name in ("cuda", "cuda_graph"))
    found["largest_difference_from_cpu_in_sd_of_y"] = {
        name: float(np.abs(told[name] - told["cpu"]).max() / y.std()) for name in ("cuda", "cuda_graph")
    }
    return found


PARTS = ("members", "pack", "rows", "around", "gpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="of tables with roles, for 'pack'")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--one-size", type=int)
    args = parser.parse_args()
    if args.one_size:
        one_size(args.one_size)
        return
    path = RESULTS / "encoder_speed.json"
    parts = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.exists() else {}
    measures = {
        "members": members,
        "pack": lambda: pack(args.folder),
        "rows": growth,
        "around": around,
        "gpu": gpu,
    }
    for name in args.parts:
        parts[name] = measures[name]()
        print(name, parts[name], flush=True)
        write("encoder_speed", {"parts": parts})


if __name__ == "__main__":
    main()
