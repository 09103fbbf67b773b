"""How models stand over sets: means with standard errors, ranks, paired differences, losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from scipy.stats import t as student

LOSS = {"r2": 0.01, "auc": 0.005}
LARGE_LOSS = 0.03
ENOUGH = 0.5
"""A model with fewer than this share of the sets is listed but not ranked: means over different
sets say nothing about models."""


@dataclass(frozen=True)
class SetScores:
    """Scores of all models on one set in one mode.

    metric  'r2' or 'auc'
    values  model -> score;  why_not  model -> why it has none
    """

    name: str
    metric: str
    rows: int
    contexts: int
    values: Mapping[str, float]
    why_not: Mapping[str, str]


@dataclass(frozen=True)
class Mean:
    """A mean over sets, its standard error and 95 % t interval (None below two), how many sets."""

    value: float
    error: float | None
    low: float | None
    high: float | None
    sets: int


@dataclass(frozen=True)
class Standing:
    """One line of the table.

    sets        sets with a score;  ranked  whether it has enough of them
    r2, auc     mean over the common sets (those on which every ranked model has a score)
    rank        mean rank there, 1 is best
    gain_r2,    reference minus this model, paired, over all sets that both have
    gain_auc
    losses,     of `compared` sets, how often the best OTHER outside model is ahead by more than
    large       0.01 R2 (0.005 AUC), by more than 0.03
    """

    model: str
    sets: int
    ranked: bool
    r2: Mean | None
    auc: Mean | None
    rank: float | None
    gain_r2: Mean | None
    gain_auc: Mean | None
    losses: int
    large: int
    compared: int


def mean(values: Sequence[float]) -> Mean | None:
    if not len(values):
        return None
    middle, n = float(np.mean(values)), len(values)
    if n < 2:
        return Mean(middle, None, None, None, n)
    error = float(np.std(values, ddof=1) / np.sqrt(n))
    reach = float(student.ppf(0.975, n - 1)) * error
    return Mean(middle, error, middle - reach, middle + reach, n)


def standings(sets: Sequence[SetScores], *, reference: str, outside: Sequence[str]) -> list[Standing]:
    """Every model that has a score somewhere, best mean rank first, those not ranked last.

    outside  names of the outside models, against whose best the losses are counted
    """
    models = list(dict.fromkeys(model for one in sets for model in one.values))
    having = {model: [one for one in sets if model in one.values] for model in models}
    ranked = [model for model in models if len(having[model]) >= ENOUGH * len(sets)]
    common = [one for one in sets if all(model in one.values for model in ranked)]
    ranks = [rankdata([-one.values[model] for model in ranked]) for one in common]
    mean_rank = dict(zip(ranked, np.mean(ranks, axis=0), strict=True)) if common else {}
    lines = [
        _standing(model, having[model], common if model in ranked else [], mean_rank, reference, outside)
        for model in models
    ]
    return sorted(lines, key=lambda line: (line.rank is None, line.rank or 0.0, line.model))


def _standing(
    model: str,
    having: Sequence[SetScores],
    common: Sequence[SetScores],
    mean_rank: Mapping[str, float],
    reference: str,
    outside: Sequence[str],
) -> Standing:
    def over(metric: str) -> Mean | None:
        return mean([one.values[model] for one in common if one.metric == metric])

    def gain(metric: str) -> Mean | None:
        both = [one for one in having if one.metric == metric and reference in one.values]
        return mean([one.values[reference] - one.values[model] for one in both])

    behind = []
    for one in having:
        others = [one.values[name] for name in outside if name in one.values and name != model]
        if others:
            behind.append((max(others) - one.values[model], LOSS[one.metric]))
    return Standing(
        model=model,
        sets=len(having),
        ranked=model in mean_rank,
        r2=over("r2"),
        auc=over("auc"),
        rank=float(mean_rank[model]) if model in mean_rank else None,
        gain_r2=None if model == reference else gain("r2"),
        gain_auc=None if model == reference else gain("auc"),
        losses=sum(gap > margin for gap, margin in behind),
        large=sum(gap > LARGE_LOSS for gap, _ in behind),
        compared=len(behind),
    )
