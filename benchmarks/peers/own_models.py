"""Our own panel on the sets of the benchmark, cached by the commit of the models."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from record import ROOT

from peers.benchmark_set import SEED, BenchmarkSet
from peers.cache import Cache, Cached, FitKey, FoldOutcome
from peers.registry import BAGS
from peers.shots import draws, score, scored_rows
from tabcouce.evaluation import Candidate, Trial, run_trials
from tabcouce.evaluation.deployment import SHOTS_MODE, deployed_trials
from tabcouce.evaluation.stacked import OURS, SYSTEM, stacked_trials
from tabcouce.evaluation.stacked import PEERS as PEER_STACK
from tabcouce.splits import SplitPlan
from tabcouce.study.effort import EFFORTS
from tabcouce.study.panel import panel

EFFORT = EFFORTS["standard"]
STACKS = (PEER_STACK, SYSTEM)
"""The panel's stack without and with our own parts."""
OWN_ROOMS = ("tabcouce/models", "tabcouce/encoder", "tabcouce/system", "tabcouce/study")


def own_version(*, bagged: bool = False) -> str:
    """The last commit that touched the models; '+changes' where the tree was not clean."""
    head = _git("log", "-1", "--format=%h", "--", *OWN_ROOMS)
    changes = "+changes" if _git("status", "--porcelain", "--", *OWN_ROOMS) else ""
    return f"{EFFORT.name}{f' with {BAGS} encoders' if bagged else ''}, {head}{changes}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def candidates(one: BenchmarkSet, *, bagged: bool = False) -> tuple[Candidate, ...]:
    """The panel as `tabcouce fit` makes it; bagged: with as many encoders as the bags have models."""
    effort = replace(EFFORT, members=BAGS) if bagged else EFFORT
    return panel(one.dataset, effort, seed=SEED, device="cpu")


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
    blind = (*trials, *without, *stacked_trials(trials, one.dataset, plan))
    seconds[PEER_STACK] = sum(spent for model, spent in seconds.items() if model not in OURS)
    seconds[SYSTEM] = sum(seconds[candidate.key] for candidate in panel)
    shots = shot_scores(one, plan, blind)
    for trial in blind:
        split = plan.of(trial.split)
        outcomes = {
            k: FoldOutcome(trial.prediction[fold.test].astype(np.float32), seconds[trial.model])
            for k, fold in enumerate(split.folds)
        }
        key = FitKey.of(one, split, trial.model, version)
        unseen = split.key.startswith("unseen:") and trial.model in shots
        cache.store(Cached(key, outcomes, {SHOTS_MODE: shots[trial.model]} if unseen else {}))


def shot_scores(one: BenchmarkSet, plan: SplitPlan, blind: Sequence[Trial]) -> dict[str, tuple[float, ...]]:
    """Model -> its score in each draw of labelled rows, used as the product uses them.

    Each model by its own `calibrate` where it has one; the stacks with weights of their own.
    """
    found: dict[str, tuple[float, ...]] = {}
    for trial in deployed_trials(blind, one.dataset, plan, seed=SEED):
        if trial.mode != SHOTS_MODE:
            continue
        pairs = zip((trial.prediction, *trial.repeats), draws(plan.of(trial.split)), strict=True)
        values = []
        for prediction, drawn in pairs:
            scored = scored_rows(one, drawn)
            assert np.isfinite(prediction[scored]).all(), "the product draws other rows than the benchmark"
            values.append(score(one, prediction, scored))
        found[trial.model] = tuple(value for value in values if value is not None)
    return found
