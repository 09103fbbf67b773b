"""Backdoor adjustment: context effects as shrunken atoms, and the explicit sum over contexts.

p(y | do x) = sum_k P(k) p(y | x, k). The atoms enter additively, one set per context column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

PSEUDO_ROWS = 20.0
"""Rows a context needs before its atom counts half."""
EXACT_CONTEXTS = 64
"""Up to this many observed contexts are summed one by one; the most frequent beyond."""


def shrinkage(count: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """n / (n + 20): atoms of rare levels stay near zero."""
    return count / (count + PSEUDO_ROWS)


@dataclass(frozen=True)
class ContextLevels:
    """The context levels of training rows, numbered over all context columns.

    levels   per context column its texts, in order of first appearance in sorted order
    names    context columns
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, context: pd.DataFrame) -> Self:
        return cls(
            names=tuple(map(str, context.columns)),
            levels=tuple(tuple(sorted(set(context.iloc[:, c]))) for c in range(context.shape[1])),
        )

    @property
    def total(self) -> int:
        """L, the number of levels over all columns; number L itself means 'unknown'."""
        return sum(map(len, self.levels))

    def index(self, context: pd.DataFrame) -> npt.NDArray[np.int64]:
        """(n, c) level numbers in [0, L]; a level never seen in training is L."""
        out = np.full((len(context), len(self.names)), self.total, dtype=np.int64)
        start = 0
        for c, texts in enumerate(self.levels):
            number = {text: start + k for k, text in enumerate(texts)}
            out[:, c] = [number.get(text, self.total) for text in context.iloc[:, c]]
            start += len(texts)
        return out

    def settings(self) -> dict[str, Any]:
        return {"names": list(self.names), "levels": [list(texts) for texts in self.levels]}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        return cls(tuple(settings["names"]), tuple(tuple(texts) for texts in settings["levels"]))


def level_counts(index: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.float64]:
    """(L,) rows per level; index (n, c) in [0, L]."""
    return np.bincount(index.ravel(), minlength=total + 1)[:total].astype(float)


@dataclass(frozen=True)
class Prior:
    """P(k): the contexts seen in training and how often.

    combination  (J, c) level numbers of each observed combination of context columns
    weight       (J,) training frequency, sums to one
    """

    combination: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]

    @classmethod
    def of(cls, index: npt.NDArray[np.int64]) -> Self:
        """From the level numbers (n, c) of training rows."""
        combination, count = np.unique(index, axis=0, return_counts=True)
        keep = np.sort(np.argsort(-count, kind="stable")[:EXACT_CONTEXTS])
        return cls(combination=combination[keep], weight=count[keep] / count[keep].sum())


def intercepts(
    residual: npt.NDArray[np.float64], index: npt.NDArray[np.int64], total: int, *, sweeps: int = 5
) -> npt.NDArray[np.float64]:
    """Best linear unbiased predictor of additive context effects on a target.

    r_i = sum_c b[index_ic] + e_i with b ~ N(0, tau_c^2), e ~ N(0, sigma^2): per column
    b_k = n_k / (n_k + sigma^2 / tau^2) * mean residual of level k, variance components by
    moments, columns in turn. What no level explains stays in the caller's constant.

    residual (n,) about its mean; index (n, c) in [0, total]; returns (total + 1,), the last
    entry, for unknown levels, 0.
    """
    effect = np.zeros(total + 1)
    for _ in range(sweeps if index.shape[1] > 1 else 1):
        for c in range(index.shape[1]):
            others = effect[np.delete(index, c, axis=1)].sum(axis=1)
            level, place = np.unique(index[:, c], return_inverse=True)
            effect[level] = _one_way(residual - others, place, len(level))
            effect[total] = 0.0
    return effect


def _one_way(
    residual: npt.NDArray[np.float64], place: npt.NDArray[np.int64], levels: int
) -> npt.NDArray[np.float64]:
    """(levels,) shrunken means of one context column (one-way random effects, ANOVA moments)."""
    n = len(residual)
    count = np.bincount(place, minlength=levels).astype(float)
    mean = np.bincount(place, weights=residual, minlength=levels) / count
    if levels < 2 or n <= levels:
        return np.zeros(levels)
    sigma2 = float(((residual - mean[place]) ** 2).sum() / (n - levels))
    between = float((count * (mean - residual.mean()) ** 2).sum() / (levels - 1))
    typical = (n - (count**2).sum() / n) / (levels - 1)
    tau2 = max(0.0, (between - sigma2) / typical)
    if tau2 == 0.0:
        return np.zeros(levels)
    return count / (count + sigma2 / tau2) * mean


def log_odds_intercepts(
    logits: npt.NDArray[np.float64],
    y: npt.NDArray[np.int64],
    index: npt.NDArray[np.int64],
    total: int,
    *,
    sweeps: int = 8,
) -> npt.NDArray[np.float64]:
    """Context effects on class logits: maximum a posteriori under b ~ N(0, 1).

    Diagonal Newton steps with the other effects fixed; a level of n rows is shrunk like
    n p (1 - p) / (n p (1 - p) + 1).

    logits (n, k) of the model without these effects; y (n,) class; returns (total + 1, k).
    """
    k = logits.shape[1]
    effect = np.zeros((total + 1, k))
    onehot = np.eye(k)[y]
    for _ in range(sweeps):
        for c in range(index.shape[1]):
            shifted = logits + effect[index].sum(axis=1)
            p = np.exp(shifted - shifted.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            slope, curve = np.zeros((total + 1, k)), np.ones((total + 1, k))
            np.add.at(slope, index[:, c], onehot - p)
            np.add.at(curve, index[:, c], p * (1 - p))
            level = np.unique(index[:, c])
            # Half steps: softmax couples the classes, which the diagonal ignores.
            effect[level] += 0.5 * (slope[level] - effect[level]) / curve[level]
            effect[total] = 0.0
    return effect
