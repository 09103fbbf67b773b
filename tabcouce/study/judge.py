"""Scores and verdict of the finished trials, and what the judged study offers to the stages after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from tabcouce.evaluation import ModelScores, Trial, Verdict, decide, score
from tabcouce.evaluation.confounding import SPLIT, Confounding, confounding
from tabcouce.evaluation.debiased import debiased_trials
from tabcouce.evaluation.deployment import deployed_trials
from tabcouce.evaluation.stacked import OURS, PEERS, stacked_trials
from tabcouce.models.contract import Model
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split, SplitPlan
from tabcouce.study.effort import Effort
from tabcouce.study.progress import Stopwatch


@dataclass(frozen=True)
class Judged:
    """Scores and verdict; `headline` has the blind trial of each model on the headline split."""

    scores: tuple[ModelScores, ...]
    verdict: Verdict
    headline: Mapping[str, Trial]
    confounding: Confounding | None = None


@dataclass(frozen=True)
class JudgedModels:
    """What a judged study offers to those who explain it and advise from it.

    recommended  key of the model for a new context
    headline     blind trial of each model on `split`
    final        the wanted models, refitted on all rows
    """

    recommended: str
    headline: Mapping[str, Trial]
    final: Mapping[str, Model]
    dataset: Dataset
    split: Split
    effort: Effort
    seed: int


def with_stacks(
    trials: Sequence[Trial], dataset: Dataset, plan: SplitPlan, *, seed: int
) -> tuple[Trial, ...]:
    """Beside the models their stack, and the stack without our own parts, to see what those add.

    Beside the encoder its debiased answer where it gives the pooled one. All others also as they do
    with a batch of unlabelled rows, or a few labelled ones, of the context that is held out.
    """
    # As in `run_trials`: answers must not depend on the number of threads. On a quiet machine two of them
    # take 1.7 times the CPU for a seventh less of wall (`stacks` in benchmarks/results/scale.json).
    with threadpool_limits(limits=1, user_api="blas"):
        peers = stacked_trials(trials, dataset, plan, key=PEERS, without=OURS)
        blind = (*trials, *peers, *stacked_trials(trials, dataset, plan))
        aside = debiased_trials(trials, dataset, plan)
        return (*blind, *deployed_trials(blind, dataset, plan, seed=seed), *aside)


def judge(
    trials: Sequence[Trial],
    dataset: Dataset,
    plan: SplitPlan,
    effort: Effort,
    *,
    seed: int,
    watch: Stopwatch,
) -> Judged:
    """Scores and verdict of the finished trials."""
    with watch.stage("scores"):
        scores = tuple(
            score(trial, dataset, plan.of(trial.split), draws=effort.draws, seed=seed) for trial in trials
        )
        verdict = decide(trials, dataset, plan, draws=effort.draws, seed=seed)
        blind = {t.model: t for t in trials if (t.split, t.mode) == (verdict.headline, "blind")}
        keys = [split.key for split in plan.splits]
        shared = (
            confounding(trials, dataset, plan.of(SPLIT), draws=effort.draws, seed=seed)
            if SPLIT in keys
            else None
        )
    return Judged(scores, verdict, blind, shared)
