"""Kill `tabcouce fit` with SIGKILL at several moments, go on with `--resume`, compare the results.

    python benchmarks/kill_fit.py [--moments 0.1 0.3 0.5 0.7 0.9 0.97]

A table of 160 rows is fitted without a break first. Then, for each moment (a share of the time of
that run), a fit into a new folder is killed there; its second attempt is killed again halfway to
the end; a third one is left alone. Where a kill came before the first fold was finished, or after
the outputs were complete, `--resume` says so and the command is given again without it. The
result.json of each must be that of the run without a break, times and the folder's name aside.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from record import write

from tabcouce.cli.fit import UNFINISHED

TIMES = ("timings", "fit_seconds", "seconds")
NOTHING_TO_RESUME = 3


@dataclass(frozen=True)
class Fit:
    """The command on one file; `run` starts it as a process of its own."""

    command: Sequence[str]
    data: Path

    def start(self, folder: Path, *more: str) -> subprocess.Popen[bytes]:
        asked = [*self.command, str(self.data), "--out", str(folder), "--effort", "quick", "--quiet", *more]
        return subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def killed(self, folder: Path, seconds: float, *more: str) -> bool:
        """Whether the process was still at work when it was killed after so many seconds."""
        process = self.start(folder, *more)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait() == -signal.SIGKILL

    def finished(self, folder: Path) -> str:
        """Go on and end: 'resumed', or 'begun anew' where there was nothing to go on from."""
        code = self.start(folder, "--resume").wait()
        if code != NOTHING_TO_RESUME:
            assert code == 0, f"--resume ended with {code}"
            return "resumed"
        assert self.start(folder).wait() == 0
        return "begun anew"


def kept_folds(folder: Path) -> int:
    """Finished folds that lie beside the outputs."""
    return sum(1 for path in (folder / UNFINISHED).glob("*/*") if path.suffix != ".draft")


def result(folder: Path) -> Any:
    """result.json without times and without the name, which is the folder's."""

    def clean(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: clean(value) for key, value in part.items() if key not in TIMES}
        return [clean(each) for each in part] if isinstance(part, list) else part

    document = clean(json.loads((folder / "result.json").read_text("utf-8")))
    document["study"]["name"] = ""
    return document


def table(rows: int = 160, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    machine = np.arange(rows) % 5
    X = rng.normal(size=(rows, 4)).round(3)
    y = 2 * X[:, 0] + np.tanh(X[:, 1]) + 0.8 * machine + rng.normal(0, 0.5, rows)
    frame = pd.DataFrame(X, columns=["temperature", "flow", "pressure", "humidity"])
    return frame.assign(machine=[f"M{k}" for k in machine], strength=y.round(3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--moments", type=float, nargs="+", default=[0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
    asked = parser.parse_args()
    place = Path(tempfile.mkdtemp())
    data = place / "press.csv"
    table().to_csv(data, index=False)
    data.with_name("press.roles.toml").write_text('targets = ["strength"]\ncontext = ["machine"]\n')
    fit = Fit([sys.executable, "-m", "tabcouce", "fit"], data)
    runs = []
    try:
        began = time.monotonic()
        assert fit.start(place / "whole").wait() == 0
        took = time.monotonic() - began
        wanted = result(place / "whole")
        for moment in asked.moments:
            folder = place / f"killed at {moment}"
            first = fit.killed(folder, moment * took)
            kept = kept_folds(folder)
            # Without a journal there is nothing to go on from: the second attempt begins anew.
            second = fit.killed(folder, (1 - moment) / 2 * took, *(["--resume"] if kept else []))
            run = {"moment": moment, "killed": [first, second], "folds_kept": [kept, kept_folds(folder)]}
            run |= {"then": fit.finished(folder), "same_result": result(folder) == wanted}
            run["left_over"] = (folder / UNFINISHED).exists()
            runs.append(run)
            print(run, flush=True)
            write("kill_fit", {"seconds_without_a_break": round(took, 1), "runs": runs})
    finally:
        shutil.rmtree(place, ignore_errors=True)
    assert all(run["same_result"] and not run["left_over"] for run in runs)


if __name__ == "__main__":
    main()
