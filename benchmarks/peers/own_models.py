"""Our own panel on the sets of the benchmark, cached by the commit of the models."""

from __future__ import annotations

import subprocess
import time

import numpy as np
from record import ROOT

from peers.benchmark_set import SEED, BenchmarkSet
from peers.cache import Cache, Cached, FitKey, FoldOutcome
from peers.shots import SHOTS, draws, score
from tabcouce.evaluation import Candidate, Trial, run_trials
from tabcouce.models.calibration import calibrated
from tabcouce.models.contract import ShotsModel
from tabcouce.splits import Split, SplitPlan
from tabcouce.study.effort import EFFORTS
from tabcouce.study.panel import panel

EFFORT = EFFORTS["standard"]
OWN_ROOMS = ("tabcouce/models", "tabcouce/encoder", "tabcouce/system", "tabcouce/study/panel.py")
OWN_MODE = f"own shots={SHOTS}"


def own_version() -> str:
    """The last commit that touched the models; '+changes' where the tree was not clean."""
    head = _git("log", "-1", "--format=%h", "--", *OWN_ROOMS)
    return f"{EFFORT.name}, {head}{'+changes' if _git('status', '--porcelain', '--', *OWN_ROOMS) else ''}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def candidates(one: BenchmarkSet) -> tuple[Candidate, ...]:
    """The panel as `tabcouce fit` makes it."""
    return panel(one.dataset, EFFORT, seed=SEED, device="cpu")


def run_own(one: BenchmarkSet, candidate: Candidate, version: str, cache: Cache) -> None:
    """Fit the model on all folds of the set and keep its blind predictions.

    Seconds are CPU seconds of fits and predictions together, shared out evenly over the folds.
    """
    plan = SplitPlan(one.splits, headline=one.splits[-1].key)
    start = time.process_time()
    trials = [trial for trial in run_trials([candidate], one.dataset, plan) if trial.mode == "blind"]
    seconds = (time.process_time() - start) / sum(len(split.folds) for split in one.splits)
    for trial in trials:
        split = plan.of(trial.split)
        outcomes = {
            k: FoldOutcome(trial.prediction[fold.test].astype(np.float32), seconds)
            for k, fold in enumerate(split.folds)
        }
        key = FitKey.of(one, split, candidate.key, version)
        cache.store(Cached(key, outcomes, calibration_scores(one, split, trial)))


def calibration_scores(one: BenchmarkSet, split: Split, trial: Trial) -> dict[str, tuple[float, ...]]:
    """Scores of each draw of shots with the model's own `calibrate`, where it has one."""
    if not split.key.startswith("unseen:") or not isinstance(trial.fitted[0], ShotsModel):
        return {}
    X, y = one.dataset.X, one.dataset.y
    found = []
    for drawn in draws(one, split):
        moved, scored = trial.prediction.copy(), np.zeros(len(y), bool)
        for place in drawn:
            few, rest = (X.iloc[rows].reset_index(drop=True) for rows in (place.few, place.rest))
            moved[place.rest] = calibrated(trial.fitted[place.fold], few, y[place.few]).estimate(rest)
            scored[place.rest] = True
        value = score(one, moved, scored)
        found += [] if value is None else [value]
    return {OWN_MODE: tuple(found)}
