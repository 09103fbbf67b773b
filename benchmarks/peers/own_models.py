"""Our own panel on the sets of the benchmark, cached by the commit of the models."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

import numpy as np
from record import ROOT

from peers.benchmark_set import SEED, BenchmarkSet
from peers.cache import Cache, Cached, FitKey, FoldOutcome
from peers.shots import SHOTS, draws, score
from tabcouce.evaluation import Candidate, Trial, run_trials
from tabcouce.evaluation.stacked import OURS, SYSTEM, stacked_trials
from tabcouce.evaluation.stacked import PEERS as PEER_STACK
from tabcouce.models.calibration import calibrated
from tabcouce.models.contract import ShotsModel
from tabcouce.splits import Split, SplitPlan
from tabcouce.study.effort import EFFORTS
from tabcouce.study.panel import panel

EFFORT = EFFORTS["standard"]
STACKS = (PEER_STACK, SYSTEM)
"""The panel's stack without and with our own parts."""
OWN_ROOMS = ("tabcouce/models", "tabcouce/encoder", "tabcouce/system", "tabcouce/study")
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


def run_own(one: BenchmarkSet, panel: Sequence[Candidate], version: str, cache: Cache) -> None:
    """Fit the panel on all folds of the set, stack it, and keep every blind prediction.

    Blind members only: on shuffled rows too no model is told a context, as no outside model is.
    Seconds are CPU seconds of fits and predictions together, shared out evenly over the folds; a
    stack's are those of its members.
    """
    plan = SplitPlan(one.splits, headline=one.splits[-1].key)
    folds = sum(len(split.folds) for split in one.splits)
    trials: list[Trial] = []
    seconds: dict[str, float] = {}
    for candidate in panel:
        start = time.process_time()
        trials += [trial for trial in run_trials([candidate], one.dataset, plan) if trial.mode == "blind"]
        seconds[candidate.key] = (time.process_time() - start) / folds
    without = stacked_trials(trials, one.dataset, plan, key=PEER_STACK, without=OURS)
    for trial in (*trials, *without, *stacked_trials(trials, one.dataset, plan)):
        split = plan.of(trial.split)
        spent = seconds.get(trial.model, sum(seconds.values()))
        outcomes = {
            k: FoldOutcome(trial.prediction[fold.test].astype(np.float32), spent)
            for k, fold in enumerate(split.folds)
        }
        key = FitKey.of(one, split, trial.model, version)
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
