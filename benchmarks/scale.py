"""Large tables: `fit --effort quick` on a million rows, a large workbook, time against rows.

    python benchmarks/scale.py table FOLDER --rows 1000000 --format csv
    python benchmarks/scale.py fit FOLDER --rows 1000000 --format csv
    python benchmarks/scale.py workbook FOLDER --rows 100000
    python benchmarks/scale.py growth FOLDER --rows 10000 100000 1000000
    python benchmarks/scale.py executor FOLDER --rows 30000
    python benchmarks/scale.py stacks FOLDER --rows 30000

The table has 40 columns: 33 sensors (three of them codes), 3 context columns (12 machines, a lot
per 1000 rows, 6 operators), a time stamp, a row number, a grade in words and the target, which
depends on eight sensors, a machine's and a lot's offset. Targets on 2 cores: the fit within 20
minutes and 10 GB; the workbook read at least 6 times faster than by pandas' default reader in
the same run; seconds against rows with an exponent of at most 1.1 for reading, checks,
prediction and one LightGBM that no cap holds back. `executor` trains the same LightGBM folds of
the compared rows one after the other on two threads, two at a time in threads of one process, and
two at a time in processes. `stacks` scores the line and the kernel, and what is stacked of them, after
labels of a held-out context, with one BLAS thread and with two. Each part replaces its own entry of
`results/scale.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import record

if TYPE_CHECKING:
    from tabcouce.roles.dataset import Dataset
    from tabcouce.splits.split import Split

NAME = "scale"
SENSORS = 33
CONTEXTS = ("machine", "lot", "operator")


def simulated(rows: int, seed: int = 0) -> pd.DataFrame:
    """rows x 40; the same seed gives the same table."""
    rng = np.random.default_rng(seed)
    number = np.arange(rows)
    lot = number // 1000
    machine = (lot * 7) % 12
    X = rng.normal(size=(rows, SENSORS)).round(4)
    X[:, 1] += 0.5 * machine
    X[:, 30:] = rng.integers(0, (3, 5, 20), size=(rows, 3))
    X[rng.random(rows) < 0.02, 20] = np.nan
    y = (
        2.0 * X[:, 0]
        + np.tanh(X[:, 2])
        + X[:, 3] * X[:, 4]
        + 0.5 * np.maximum(X[:, 5], 0)
        - 0.7 * X[:, 6]
        + 0.3 * X[:, 30]
        + 0.4 * X[:, 1]
        + rng.normal(0, 1.0, 12)[machine]
        + rng.normal(0, 0.3, lot[-1] + 1)[lot]
        + rng.normal(0, 0.8, rows)
    )
    frame = pd.DataFrame(X, columns=[f"sensor {k}" for k in range(SENSORS)])
    frame.insert(0, "No", number + 1)
    frame.insert(1, "time", pd.Timestamp("2024-01-01") + pd.to_timedelta(number, unit="min"))
    frame.insert(2, "machine", np.array([f"M{k + 1}" for k in range(12)])[machine])
    frame.insert(3, "lot", np.char.add("L", np.char.zfill(lot.astype(str), 5)))
    frame.insert(4, "operator", np.array(list("ABCDEF"))[rng.integers(0, 6, rows)])
    frame["grade"] = np.array(["standard", "fine", "coarse"])[rng.integers(0, 3, rows)]
    frame["strength"] = y.round(4)
    assert frame.shape[1] == 40
    return frame


def table_path(folder: Path, rows: int, form: str) -> Path:
    return folder / f"line_{rows}.{form}"


def make_table(folder: Path, rows: int, form: str) -> Path:
    """The table and its role file; what is there already is kept."""
    path = table_path(folder, rows, form)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        frame = simulated(rows)
        if form == "csv":
            frame.to_csv(path, index=False)
        elif form == "parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_excel(path, index=False, engine="xlsxwriter")
    path.with_suffix(".roles.toml").write_text(
        f'targets = ["strength"]\ncontext = {json.dumps(list(CONTEXTS))}\n', encoding="utf-8"
    )
    return path


def timed_process(code: list[str]) -> dict[str, Any]:
    """Wall and CPU seconds and peak resident memory of one process, from the system's account."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    return {
        "wall_s": round(time.perf_counter() - start, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gb": round(usage.ru_maxrss / 1024**2, 2),
        "exit_code": os.waitstatus_to_exitcode(status),
    }


def fit(folder: Path, rows: int, form: str) -> dict[str, Any]:
    """The whole command, report included."""
    out = folder / f"report_{rows}_{form}"
    data = make_table(folder, rows, form)
    clock = timed_process(
        ["-m", "tabcouce", "fit", str(data), "--out", str(out), "--effort", "quick", "--quiet"]
    )
    document = json.loads((out / "result.json").read_text("utf-8"))
    clock["stages_s"] = {stage: round(seconds, 1) for stage, seconds in document["timings"].items()}
    clock["megabytes"] = round(data.stat().st_size / 1e6)
    return {"limit_s": 1200, "limit_gb": 10, **clock}


def cpu_seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    """CPU seconds of all threads: another program on the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    answer = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return answer, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def workbook(folder: Path, rows: int) -> dict[str, Any]:
    """Reading one workbook, ours and pandas' default, one after the other in one process."""
    from tabcouce.read import read_table

    path = make_table(folder, rows, "xlsx")
    table, ours = cpu_seconds(lambda: read_table(path))
    frame, theirs = cpu_seconds(lambda: pd.read_excel(path))
    assert table.frame.shape == frame.shape == (rows, 40)
    return {
        "target": 6,
        "ours_cpu_s": round(ours, 1),
        "pandas_cpu_s": round(theirs, 1),
        "times": theirs / ours,
    }


def growth(folder: Path, sizes: list[int]) -> dict[str, Any]:
    """CPU seconds of four jobs by number of rows, and the slope of their logarithms; one thread."""
    from tabcouce.checks import check
    from tabcouce.models import BoostingModel
    from tabcouce.models.design_matrix import DesignMatrix
    from tabcouce.roles import datasets
    from tabcouce.study.inputs import open_inputs

    seconds: dict[str, list[float]] = {}
    model: BoostingModel | None = None
    for rows in sizes:
        path = make_table(folder, rows, "csv")
        inputs, reading = cpu_seconds(lambda path=path: open_inputs(path))
        (data,) = datasets(inputs.table, inputs.roles, name="scale")
        _, checks = cpu_seconds(lambda inputs=inputs, data=data: check(inputs.table, inputs.roles, data))
        # The same 200 trees at every size: early stopping alone would decide how many there are.
        settings = {"objective": "regression", "learning_rate": 0.05, "num_leaves": 100, "max_bin": 255}
        settings |= {"num_threads": 1, "verbosity": -1, "seed": 0, "force_col_wise": True}
        import lightgbm as lgb

        codes = DesignMatrix.of(data.X).codes(data.X)
        _, boosting = cpu_seconds(
            lambda codes=codes, data=data, settings=settings: lgb.train(
                settings, lgb.Dataset(codes, label=data.y), num_boost_round=200
            )
        )
        model = model or BoostingModel("regression", threads=1, seed=0).fit(data.X[:2000], data.y[:2000])
        _, prediction = cpu_seconds(lambda model=model, data=data: model.estimate(data.X))
        taken = {"reading": reading, "checks": checks, "prediction": prediction, "lightgbm": boosting}
        for job, value in taken.items():
            seconds.setdefault(job, []).append(round(value, 3))
        print(rows, taken, flush=True)
    exponents = {
        job: float(np.polyfit(np.log(sizes), np.log(values), 1)[0]) for job, values in seconds.items()
    }
    return {"target": 1.1, "rows": sizes, "cpu_seconds": seconds, "exponent": exponents}


def compared(folder: Path, rows: int) -> tuple[Dataset, Split]:
    """The rows that `--effort quick` compares, and the split it judges by."""
    from tabcouce.roles import datasets
    from tabcouce.roles.thinning import thinned_dataset
    from tabcouce.splits import plan_splits
    from tabcouce.study.effort import EFFORTS
    from tabcouce.study.inputs import open_inputs

    quick = EFFORTS["quick"]
    inputs = open_inputs(make_table(folder, rows, "csv"))
    (whole,) = datasets(inputs.table, inputs.roles, name="scale")
    data = thinned_dataset(whole, quick.compared_rows, 0)
    plan = plan_splits(data, folds=quick.folds, seed=0)
    return data, plan.of(plan.headline)


def executor(folder: Path, rows: int) -> dict[str, Any]:
    """CPU and wall seconds of the same folds, trained in three ways."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor
    from threadpoolctl import threadpool_limits

    from tabcouce.evaluation.fold_job import FoldJob
    from tabcouce.evaluation.run import contexts_for
    from tabcouce.models import BoostingModel
    from tabcouce.study.effort import EFFORTS

    quick = EFFORTS["quick"]
    data, split = compared(folder, rows)
    columns = tuple(contexts_for(data, split).columns)
    ways = {
        "one at a time, 2 threads": (1, 2),
        "2 threads at a time": (2, 1),
        "2 processes at a time": (2, 1),
    }
    found: dict[str, Any] = {}
    for way, (at_once, threads) in ways.items():
        make = partial(BoostingModel, "regression", threads=threads, seed=0, pace=quick.pace)
        jobs = [FoldJob("lightgbm", str(k), make, fold.train, columns) for k, fold in enumerate(split.folds)]
        prefer = "processes" if "processes" in way else "threads"
        before, start = used_cpu(), time.perf_counter()
        with threadpool_limits(limits=1, user_api="blas"):
            fits = Parallel(at_once, prefer=prefer, batch_size=1)(delayed(job.fit)(data) for job in jobs)
        wall = time.perf_counter() - start
        if prefer == "processes":
            get_reusable_executor().shutdown(wait=True)  # their time counts once they have ended
        rounds = [fit.model.rounds_ for (fit,) in fits]
        found[way] = {"wall_s": round(wall, 1), "cpu_s": round(used_cpu() - before, 1), "rounds": rounds}
        print(way, found[way], flush=True)
    return {"rows": rows, "compared": len(data.y), "folds": len(split.folds), "ways": found}


def stacks(folder: Path, rows: int) -> dict[str, Any]:
    """Wall and CPU seconds of the same answers after labels, by the number of BLAS threads."""
    from threadpoolctl import threadpool_limits

    from tabcouce.evaluation import run_trials
    from tabcouce.evaluation.deployment import deployed_trials
    from tabcouce.evaluation.stacked import stacked_trials
    from tabcouce.splits import SplitPlan
    from tabcouce.study.effort import EFFORTS
    from tabcouce.study.panel import panel

    quick = EFFORTS["quick"]
    data, split = compared(folder, rows)
    plan = SplitPlan((split,), split.key)
    candidates = [c for c in panel(data, quick, seed=0, device="cpu") if c.key in ("linear", "kernel")]
    trials = tuple(run_trials(candidates, data, plan))
    trials = (*trials, *stacked_trials(trials, data, plan))
    found: dict[str, Any] = {}
    for threads in (1, 2, 1, 2):
        before, start = used_cpu(), time.perf_counter()
        with threadpool_limits(limits=threads, user_api="blas"):
            deployed_trials(trials, data, plan, seed=0)
        taken = {
            "wall_s": round(time.perf_counter() - start, 1),
            "cpu_s": round(used_cpu() - before, 1),
        }
        found.setdefault(f"{threads} BLAS threads", []).append(taken)
        print(threads, taken, flush=True)
    return {"rows": rows, "compared": len(data.y), "split": split.key, "ways": found}


def used_cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    told = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in told)


def keep(part: str, figures: dict[str, Any]) -> None:
    """Replace one entry of the results; the others stay with the commit they were measured on."""
    path = record.RESULTS / f"{NAME}.json"
    parts = json.loads(path.read_text("utf-8"))["parts"] if path.exists() else {}
    command = " ".join(["python", *sys.argv])
    parts[part] = {"commit": record.commit(), "command": command, **figures}
    record.write(NAME, {"parts": dict(sorted(parts.items()))})
    print(part, json.dumps(figures), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", choices=["table", "fit", "workbook", "growth", "executor", "stacks"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", required=True)
    parser.add_argument("--format", default="csv", choices=["csv", "parquet", "xlsx"])
    asked = parser.parse_args()
    sys.argv[2] = "FOLDER"  # where the tables lie on this machine is nobody's business
    if asked.part == "growth":
        keep("growth", growth(asked.folder, asked.rows))
        return
    for rows in asked.rows:
        if asked.part == "table":
            print(make_table(asked.folder, rows, asked.format))
        elif asked.part == "fit":
            keep(f"fit {asked.format} {rows}", fit(asked.folder, rows, asked.format))
        elif asked.part == "executor":
            keep(f"executor {rows}", executor(asked.folder, rows))
        elif asked.part == "stacks":
            keep(f"stacks {rows}", stacks(asked.folder, rows))
        else:
            keep(f"workbook {rows}", workbook(asked.folder, rows))


if __name__ == "__main__":
    main()
