"""Clock and memory of the whole command: n = 1000 rows, p = 30 inputs, 12 contexts.

    python benchmarks/fit_clock.py [--effort quick standard] [--runs 3]

Target on 2 cores, report included: quick within 45 s, standard within 180 s, under 2 GB.
The table is the simulated process `sensor_shift` and 15 columns of noise, written as a workbook.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import record

from tabcouce import simulation

LIMITS = {"quick": 45.0, "standard": 180.0}


def make_table(path: Path) -> None:
    """1000 rows, 15 simulated sensors and 15 of noise, 12 machines, one workbook."""
    process = simulation.sensor_shift(seed=0, rows=1000, contexts=12)
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(len(process.y), 15)), columns=[f"noise {k}" for k in range(15)])
    frame = pd.concat([process.context, process.X, noise], axis=1).assign(Quality=process.y)
    frame.to_excel(path, index=False)
    context = list(process.context.columns)
    path.with_suffix(".roles.toml").write_text(
        f'targets = ["Quality"]\ncontext = {json.dumps(context)}\n', encoding="utf-8"
    )


def run_once(data: Path, out: Path, effort: str) -> dict[str, Any]:
    """Wall seconds and peak resident memory of one process, from the system's own account."""
    command = [sys.executable, "-m", "tabcouce", "fit", str(data), "--out", str(out)]
    command += ["--effort", effort, "--quiet"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    document = json.loads((out / "result.json").read_text("utf-8"))
    return {
        "wall_s": round(wall, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024),
        "exit_code": os.waitstatus_to_exitcode(status),
        "stages_s": {k: round(v, 1) for k, v in document["timings"].items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--effort", nargs="+", default=["quick", "standard"])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "line.xlsx"
        make_table(data)
        for effort in options.effort:
            runs = [run_once(data, Path(scratch) / "out", effort) for _ in range(options.runs)]
            slowest = max(run["wall_s"] for run in runs)
            figures[effort] = {"limit_s": LIMITS.get(effort), "slowest_s": slowest, "runs": runs}
            print(effort, [run["wall_s"] for run in runs], [run["peak_mb"] for run in runs], flush=True)
    record.write("fit_clock", {"rows": 1000, "inputs": 30, "contexts": 12, "efforts": figures})


if __name__ == "__main__":
    main()
