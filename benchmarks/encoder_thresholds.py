"""Is the target-aware piecewise-linear code worth its time?

    python benchmarks/encoder_thresholds.py --seeds 3

R2 on other machines of every simulated process with the code on and off (same seeds, same rows),
and the processor seconds of a fit at 1000 rows and 30 columns, on and off in turn.

Writes benchmarks/results/encoder_thresholds.json.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import pandas as pd
from record import write

from tabcouce.encoder import CouceRegressor
from tabcouce.simulation import PROCESSES, Process, none

Row = dict[str, float]


def r2(prediction: np.ndarray, truth: np.ndarray) -> float:
    return float(1 - np.mean((prediction - truth) ** 2) / np.var(truth))


def fitted(process: Process, piecewise: bool, threads: int) -> CouceRegressor:
    return CouceRegressor(
        proxy_columns=process.proxies,
        tolerances=dict(process.tolerances),
        piecewise=piecewise,
        threads=threads,
    ).fit(process.X, process.y, process.context)


def scores(name: str, seed: int, threads: int) -> Row:
    seen, new = PROCESSES[name](seed=seed), PROCESSES[name](seed=seed, draw="unseen")
    off, on = (r2(fitted(seen, way, threads).predict(new.X), new.y) for way in (False, True))
    return {"off": off, "on": on, "gain": on - off}


def seconds(repeats: int) -> Row:
    """Processor seconds of one thread, median; fifteen columns of noise beside the fifteen."""
    process = none(rows=1000)
    noise = np.random.default_rng(0).standard_normal((1000, 15))
    X = pd.concat([process.X, pd.DataFrame(noise).add_prefix("noise ")], axis=1)
    took: dict[bool, list[float]] = {False: [], True: []}
    for way in [False, True] * (repeats + 1):
        start = time.process_time()
        CouceRegressor(piecewise=way, threads=1).fit(X, process.y, process.context)
        took[way].append(time.process_time() - start)
    off, on = (float(np.median(took[way][1:])) for way in (False, True))
    return {"off": off, "on": on, "ratio": on / off}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    processes: dict[str, object] = {}
    for name in PROCESSES:
        rows = [scores(name, seed, args.threads) for seed in range(args.seeds)]
        mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        processes[name] = {"mean": mean, "seeds": rows}
        print(name, mean, file=sys.stderr)
    print(write("encoder_thresholds", {"r2_other_machines": processes, "seconds_1000_x_30": seconds(5)}))


if __name__ == "__main__":
    main()
