"""Shrunken additive effects of contexts, one column at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
HALF_ROW = 0.5
"""Added to each count under a logarithm (Haldane, 1956), so that a context of one class is finite."""


@dataclass(frozen=True)
class ContextEffects:
    """What each known level adds to the score of a new context; an unseen level adds nothing.

    columns  names of the context columns
    levels   per column its texts
    effects  per column (levels, k), k = 1 but for more than two classes
    """

    columns: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    effects: tuple[Floats, ...]

    def of_rows(self, context: pd.DataFrame) -> Floats:
        """(n, k) sum of the effects of each row's levels."""
        total = np.zeros((len(context), self.effects[0].shape[1] if self.effects else 1))
        for name, levels, effect in zip(self.columns, self.levels, self.effects, strict=True):
            if name not in context.columns:
                continue
            position = pd.Index(levels).get_indexer(pd.Index(context[name].astype(str)))
            known = position >= 0
            total[known] += effect[position[known]]
        return total

    def settings(self) -> dict[str, Any]:
        return {"columns": list(self.columns), "levels": [list(v) for v in self.levels]}

    def arrays(self) -> dict[str, Floats]:
        return {f"effect_{j}": effect for j, effect in enumerate(self.effects)}

    @classmethod
    def from_state(cls, settings: Mapping[str, Any], arrays: Mapping[str, Floats]) -> Self:
        columns = tuple(settings["columns"])
        return cls(
            columns,
            tuple(tuple(v) for v in settings["levels"]),
            tuple(np.asarray(arrays[f"effect_{j}"]) for j in range(len(columns))),
        )


def between_variance(estimate: Floats, precision: Floats) -> float:
    """tau^2 >= 0 of level effects b_g ~ (0, tau^2), by moments (DerSimonian and Laird, 1986).

    With W_g = n_g / sigma^2 it is the unbalanced analysis-of-variance estimator.

    estimate, precision  (G,) noisy level estimates and 1 / variance of their noise, > 0
    """
    if len(estimate) < 2:
        return 0.0
    total = precision.sum()
    centre = (precision @ estimate) / total
    heterogeneity = precision @ np.square(estimate - centre)
    room = total - np.square(precision).sum() / total
    return max(0.0, float((heterogeneity - (len(estimate) - 1)) / room)) if room > 0 else 0.0


def shrunken(estimate: Floats, precision: Floats) -> Floats:
    """Best linear unbiased prediction of level effects from noisy level estimates.

    e_g = b_g + noise of variance 1 / W_g, b_g ~ (0, tau^2):  b_g = W_g / (W_g + 1 / tau^2) e_g.
    For a mean of n_g residuals W_g = n_g / sigma^2, so the factor is n_g / (n_g + sigma^2 /
    tau^2). No spread beyond noise: no effects.

    estimate, precision  (G,), precision > 0
    """
    tau2 = between_variance(estimate, precision)
    if tau2 <= 0:
        return np.zeros_like(estimate)
    centre = (precision @ estimate) / precision.sum()
    return precision / (precision + 1.0 / tau2) * (estimate - centre)


def effects_of_values(y: Floats, score: Floats, context: pd.DataFrame, sweeps: int = 3) -> ContextEffects:
    """Additive effects on a number, each column fitted to what the others leave (backfitting).

    y, score  (n,) target and out-of-fold prediction for a new context
    """
    codes, levels = _factorized(context)
    effects = [np.zeros((len(texts), 1)) for texts in levels]
    for _ in range(sweeps):
        for j, code in enumerate(codes):
            others = sum(effects[i][codes[i], 0] for i in range(len(codes)) if i != j)
            residual = y - score - others
            rows = np.bincount(code, minlength=len(levels[j]))
            mean = np.bincount(code, residual, minlength=len(levels[j])) / rows
            free = len(y) - len(rows)
            sigma2 = np.square(residual - mean[code]).sum() / free if free > 0 else np.inf
            if not np.isfinite(sigma2) or sigma2 <= 0:
                continue  # one row a level: effect and noise cannot be told apart
            effects[j][:, 0] = shrunken(mean, rows / sigma2)
    return ContextEffects(tuple(map(str, context.columns)), tuple(levels), tuple(effects))


def effects_of_classes(
    member: Floats, score: Floats, context: pd.DataFrame, sweeps: int = 3
) -> ContextEffects:
    """Additive effects on log-odds: observed against expected odds of each class in a level.

    member  (n, k) whether a row is of the class; k = 1 for two classes
    score   (n, k) out-of-fold raw score for a new context: log-odds (k = 1) or log shares
    """
    codes, levels = _factorized(context)
    k = member.shape[1]
    effects = [np.zeros((len(texts), k)) for texts in levels]
    for _ in range(sweeps):
        for j, code in enumerate(codes):
            others = sum(effects[i][codes[i]] for i in range(len(codes)) if i != j)
            expected = _probabilities(score + others)
            rows = np.bincount(code, minlength=len(levels[j])).astype(float)
            for c in range(k):
                seen = np.bincount(code, member[:, c], minlength=len(rows)) + HALF_ROW
                due = np.bincount(code, expected[:, c], minlength=len(rows)) + HALF_ROW
                rest = rows + 2 * HALF_ROW
                log_odds = np.log(seen / (rest - seen)) - np.log(due / (rest - due))
                # Variance of a log-odds by the delta method; `due` steadies the counts of rare
                # classes, where a level with none of them would look precise.
                precision = due * (rest - due) / rest
                effects[j][:, c] = shrunken(log_odds, precision)
    return ContextEffects(tuple(map(str, context.columns)), tuple(levels), tuple(effects))


def _factorized(
    context: pd.DataFrame,
) -> tuple[list[npt.NDArray[np.int64]], list[tuple[str, ...]]]:
    codes, levels = [], []
    for name in context.columns:
        code, texts = pd.factorize(context[name].astype(str), sort=True)
        codes.append(np.asarray(code, dtype=np.int64))
        levels.append(tuple(map(str, texts)))
    return codes, levels


def _probabilities(score: Floats) -> Floats:
    if score.shape[1] == 1:
        return 1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))
    shifted = np.exp(score - score.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
