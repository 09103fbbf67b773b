"""Detectors on contexts never seen: recall at 5 % false alarms, AUC, spread of the false alarms.

    python benchmarks/anomaly.py ../shared/data            all tables, then the simulated line
    python benchmarks/anomaly.py ../shared/data --only skab_valve

Every detector meets the same folds of whole contexts. `plain` is the detector's score as it comes;
`started` is the score after the first rows of the new context, taken as an approved period, have
corrected location and spread (pseudo-count chosen on the contexts of the other folds). The rows of
the period are scored for nobody. One limit for all contexts: 5 % of the tested normal rows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import record
from sklearn.metrics import average_precision_score, roc_auc_score

from tabcouce.encoder import CouceDetector
from tabcouce.evaluation.alarm_rates import (
    alarm_spread,
    context_rates,
    pooled_limit,
    rate,
    recall_at,
    time_to_alarm,
)
from tabcouce.models.control_chart import ControlChart
from tabcouce.models.detection import Detector
from tabcouce.models.labelled_detector import BoostedDetector
from tabcouce.models.outlier_models import OutlierModel
from tabcouce.system.alarm import Alarm
from tabcouce.system.alarm_limit import AlarmLimit
from tabcouce.system.context_correction import ContextCorrection, choose_pseudo_count

ALLOWED = 0.05
FOLDS = 5
EPOCHS = 16
UNLABELLED: dict[str, Callable[[], Detector]] = {
    "t2": lambda: ControlChart("t2"),
    "spe": lambda: ControlChart("spe"),
    "isolation_forest": lambda: OutlierModel("isolation_forest"),
    "lof": lambda: OutlierModel("lof"),
    "couce": lambda: CouceDetector(threads=1, epochs=EPOCHS, max_rows=6000),
}
LABELLED: dict[str, Callable[[], Detector]] = {
    "lightgbm (labels)": lambda: BoostedDetector(pace=2.0),
    "couce (labels)": lambda: CouceDetector(threads=1, epochs=EPOCHS, max_rows=6000),
}


@dataclass(frozen=True)
class Recordings:
    """Rows in time order within each context; abnormal (n,), start (n,) the approved period."""

    X: pd.DataFrame
    abnormal: np.ndarray
    context: np.ndarray
    start: np.ndarray
    sha256: str


def skab(folder: Path) -> Recordings:
    """Experiments held out; the first 100 rows of each, 100 s, are the approved period."""
    table, declared, sha = read(folder / "skab_valve")
    context = table["experiment"].astype(str).to_numpy(object)
    X = table.drop(columns=["experiment", "family", "datetime", "anomaly", *declared["drop"]])
    return recordings(X, table["anomaly"].to_numpy() == 1, context, 100, sha)


def moulding(column: str) -> Callable[[Path], Recordings]:
    """Parts or dates held out; the first 30 good rows of each are the approved period."""

    def made(folder: Path) -> Recordings:
        table, declared, sha = read(folder / "injection_molding")
        table = table.sort_values("TimeStamp", kind="stable").reset_index(drop=True)
        context = table[column].astype(str).to_numpy(object)
        labels = [*declared["context"], "TimeStamp", "PassOrFail", *declared["drop"]]
        return recordings(table.drop(columns=labels), table["PassOrFail"].to_numpy() == 1, context, 30, sha)

    return made


TABLES = {
    "skab_valve": skab,
    "injection_molding/part": moulding("PART_NAME"),
    "injection_molding/date": moulding("PART_FACT_PLAN_DATE"),
}


def read(folder: Path) -> tuple[pd.DataFrame, dict[str, Any], str]:
    declared = tomllib.loads((folder / "roles.toml").read_text("utf-8"))
    path = folder / declared["file"]
    return pd.read_csv(path), declared, hashlib.sha256(path.read_bytes()).hexdigest()


def recordings(X: pd.DataFrame, abnormal: Any, context: Any, period: int, sha: str) -> Recordings:
    good = pd.Series(~abnormal).groupby(context).cumsum().to_numpy()
    return Recordings(X.astype(float), abnormal, context, ~abnormal & (good <= period), sha)


def folds_of(context: np.ndarray, seed: int) -> np.ndarray:
    """(n,) fold of each row; whole contexts, the largest first into the smallest fold."""
    names, count = np.unique(context.astype(str), return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-count[order], kind="stable")]
    size, fold_of = np.zeros(min(FOLDS, len(names))), {}
    for k in order:
        fold_of[names[k]] = int(size.argmin())
        size[size.argmin()] += count[k]
    return np.array([fold_of[name] for name in context])


def scored(make: Callable[[], Detector], data: Recordings, fold: np.ndarray) -> np.ndarray:
    """(n,) abnormality of each row by a model that saw nothing of its context."""
    score = np.zeros(len(fold))
    context = pd.DataFrame({"context": data.context})
    for k in np.unique(fold):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        model = make().fit(
            data.X.iloc[train].reset_index(drop=True),
            data.abnormal[train].astype(float),
            context.iloc[train].reset_index(drop=True),
        )
        score[test] = model.abnormality(data.X.iloc[test].reset_index(drop=True))
    return score


def unlabelled(make: Callable[[], Detector]) -> Callable[[], Any]:
    """The same detector given its normal rows only: what labels say of the others is withheld."""

    class Normal:
        def fit(self, X: pd.DataFrame, y: Any, context: pd.DataFrame) -> Any:
            kept = np.flatnonzero(y == 0)
            own = context.iloc[kept].reset_index(drop=True)
            return make().fit(X.iloc[kept].reset_index(drop=True), None, own)

    return Normal


def started(score: np.ndarray, data: Recordings, fold: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """(n,) scores after the start-up correction, and the pseudo-count of each fold."""
    out, counts, order = score.copy(), [], np.arange(len(score), dtype=float)
    period = int(pd.Series(data.start).groupby(data.context).sum().max())
    for k in np.unique(fold):
        others = np.flatnonzero((fold != k) & ~data.abnormal)
        count = choose_pseudo_count(
            score[others], data.context[others], order[others], allowed=ALLOWED, start_up=period
        )
        correction = ContextCorrection.of(score[others], data.context[others], count)
        for name in set(data.context[fold == k].tolist()):
            own = data.context == name
            out[own] = correction.with_context(name, score[own & data.start])(score[own], data.context[own])
        counts.append(count)
    return out, counts


def figures(score: np.ndarray, data: Recordings) -> dict[str, Any]:
    """Every score of one detector on the tested rows."""
    tested = ~data.start
    s, ill, context = score[tested], data.abnormal[tested], data.context[tested]
    alarm = s > pooled_limit(s[~ill], ALLOWED)
    rates = context_rates(alarm, ill, context)
    spread = alarm_spread(rates)
    delay = time_to_alarm(alarm, ill, context, np.arange(len(s), dtype=float))
    return {
        "auc": float(roc_auc_score(ill, s)),
        "average_precision": float(average_precision_score(ill, s)),
        "recall_at_5pct": recall_at(s, ill, ALLOWED),
        "false_alarm_spread": spread.spread,
        "false_alarm_deviation": spread.deviation,
        "contexts": spread.contexts,
        "median_rows_to_alarm": delay.median,
        "recordings_without_alarm": sum(row is None for row in delay.rows),
    }


def table_figures(data: Recordings, seeds: int, name_of: str) -> dict[str, Any]:
    """Written after each detector; what an earlier run of the same commit wrote is not run again."""
    path = record.RESULTS / f"{name_of}.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    same = known.get("sha256") == data.sha256 and known.get("commit") == record.commit()
    found: dict[str, Any] = known["detectors"] if same else {}
    made = {name: unlabelled(make) for name, make in UNLABELLED.items()} | LABELLED
    for seed in range(seeds):
        fold = folds_of(data.context, seed)
        for name, make in made.items():
            if len(found.get(name, [])) > seed:
                continue
            clock = time.process_time()
            score = scored(make, data, fold)
            moved, counts = started(score, data, fold)
            row = {"plain": figures(score, data), "started": figures(moved, data)}
            row["pseudo_counts"] = [c if np.isfinite(c) else None for c in counts]
            row["cpu_s"] = round(time.process_time() - clock, 1)
            found.setdefault(name, []).append(row)
            record.write(name_of, {"sha256": data.sha256, "folds": FOLDS, "detectors": found})
            shown = {k: [round(row[m][k], 3) for m in ("plain", "started")] for k in SHOWN}
            print(f"  seed {seed} {name:18s} {shown} {row['cpu_s']} s", flush=True)
    return found


SHOWN = ("auc", "recall_at_5pct", "false_alarm_spread")
MACHINES, TRAIN_ROWS, TEST_ROWS = 12, 600, 5000


def line(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Normal rows of 12 machines: one process of four factors, noise from 0.6 to 1.6 times."""
    process = np.random.default_rng(7)
    loading = process.normal(size=(4, 12))
    level = 0.5 * process.normal(size=(MACHINES, 4))
    noise = np.exp(np.linspace(-0.5, 0.5, MACHINES))
    rng = np.random.default_rng([seed, 1])
    machine = np.repeat(np.arange(MACHINES), rows)
    F = rng.normal(size=(len(machine), 4)) + level[machine]
    E = 0.6 * noise[machine][:, None] * rng.normal(size=(len(machine), 12))
    names = np.array([f"M{m + 1:02d}" for m in machine], object)
    return pd.DataFrame(F @ loading + E, columns=[f"x{j}" for j in range(12)]), names


def line_figures(seeds: int) -> dict[str, Any]:
    """One limit at 1 % overall on every machine: rates with exact intervals, before and after."""
    found: dict[str, Any] = {}
    for seed in range(seeds):
        X, machine = line(TRAIN_ROWS, seed)
        fresh, where = line(TEST_ROWS, 1000 + seed)
        first = np.arange(len(X)) % 2 == 0
        for name in ("t2", "couce"):
            detector = UNLABELLED[name]().fit(X[first].reset_index(drop=True), None, None)
            held, own = detector.abnormality(X[~first].reset_index(drop=True)), machine[~first]
            count = choose_pseudo_count(
                held, own, np.arange(len(held), dtype=float), allowed=0.01, start_up=TRAIN_ROWS // 4
            )
            for form, pseudo in (("plain", np.inf), ("corrected", count)):
                correction = ContextCorrection.of(held, own, pseudo)
                limit = AlarmLimit.of(correction(held, own), 0.01)
                alarm = Alarm(name, detector, limit, correction, "machine")
                score = correction(detector.abnormality(fresh), where)
                rates = [
                    rate(int((score[where == m] > alarm.limit.limit).sum()), TEST_ROWS)
                    for m in np.unique(where)
                ]
                values = [one.hits / one.n for one in rates]
                row = {
                    "overall": float(np.mean(values)),
                    "lowest": min(values),
                    "highest": max(values),
                    "inside_0.5_to_2_pct": all(0.005 <= v <= 0.02 for v in values),
                    "machines": [[one.value, one.low, one.high] for one in rates],
                    "pseudo_count": pseudo if np.isfinite(pseudo) else None,
                }
                found.setdefault(f"{name}/{form}", []).append(row)
                print(
                    f"  line seed {seed} {name}/{form}: {row['lowest']:.4f} to {row['highest']:.4f}",
                    flush=True,
                )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    for name, load in TABLES.items():
        if options.only and name not in options.only:
            continue
        data = load(options.folder)
        print(name, data.X.shape, flush=True)
        table_figures(data, options.seeds, f"anomaly_{name.replace('/', '_')}")
    if not options.only or "line" in options.only:
        record.write("anomaly_line", {"rows_a_machine": TEST_ROWS, "detectors": line_figures(options.seeds)})


if __name__ == "__main__":
    main()
