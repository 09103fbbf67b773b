"""What the verdict's rule says of each set, from the cached predictions of our panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peers.answers import Answers
from peers.benchmark_set import BenchmarkSet
from peers.registry import OUTSIDE
from peers.shots import score
from tabcouce.evaluation import Trial, decide
from tabcouce.splits import SplitPlan

DRAWS = 200


@dataclass(frozen=True)
class Named:
    """The verdict on one set.

    score     R2 or AUC of the recommended model on the split that decides
    best_own  the best model of ours there, best_any of ours and the outside ones
    """

    name: str
    outcome: str
    recommended: str
    known_context: str
    headline: str
    score: float | None
    best_own: float
    best_any: float


def verdict_of(one: BenchmarkSet, found: Sequence[tuple[str, Sequence[Answers]]]) -> Named | None:
    """None without predictions of ours; found: split key and all models' blind answers there."""
    plan = SplitPlan(one.splits, one.splits[-1].key)
    trials = [
        Trial(a.model, key, a.prediction, (), sum(a.seconds), 0)
        for key, given in found
        for a in given
        if a.prediction is not None and a.model not in OUTSIDE
    ]
    if not any(trial.split == plan.headline for trial in trials):
        return None
    verdict = decide(trials, one.dataset, plan, draws=DRAWS, seed=0)
    tested = np.zeros(len(one.dataset.y), bool)
    for fold in plan.of(plan.headline).folds:
        tested[fold.test] = True
    scores = {
        a.model: value
        for key, given in found
        if key == plan.headline
        for a in given
        if a.prediction is not None and (value := score(one, a.prediction, tested)) is not None
    }
    return Named(
        name=one.name,
        outcome=verdict.outcome,
        recommended=verdict.recommended,
        known_context=verdict.known_context,
        headline=plan.headline,
        score=scores.get(verdict.recommended),
        best_own=max(value for model, value in scores.items() if model not in OUTSIDE),
        best_any=max(scores.values()),
    )
