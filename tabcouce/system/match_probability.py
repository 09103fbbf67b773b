"""Similarity -> probability that two rows belong together: Platt and isotonic, on cross-context pairs.

A strictly increasing map over all contexts relabels the threshold and nothing else: OPIS over
thresholds chosen by false-accept rate stays what it was. Only training (TCM) or one map per
context can make contexts agree; with few pairs the per-context map keeps the pooled slope.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from tabcouce.errors import FitError

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ISOTONIC_PAIRS = 200
"""Positive pairs a group needs before it is given an isotonic map of its own."""
SLOPE_PENALTY = 1e6
"""C of the logistic fit: as good as none, but separable pairs keep a finite slope."""


@dataclass(frozen=True)
class PairSample:
    """Pairs (i, j), i < j, of rows of different contexts: similarity, and whether labels agree.

    first, second  (m,) row numbers;  similarity (m,) cosine;  same (m,) bool
    """

    first: Labels
    second: Labels
    similarity: Floats
    same: Flags


@dataclass(frozen=True)
class PlattMap:
    """P(match | s) = 1 / (1 + exp(-(slope s + intercept))); Platt (1999)."""

    slope: float
    intercept: float

    @classmethod
    def of(cls, similarity: Floats, same: Flags) -> Self:
        """Raises FitError where all pairs match, or none does."""
        _both(same)
        fit = LogisticRegression(C=SLOPE_PENALTY).fit(similarity[:, None], same)
        return cls(float(fit.coef_[0, 0]), float(fit.intercept_[0]))

    def __call__(self, similarity: Floats) -> Floats:
        return 1.0 / (1.0 + np.exp(-(self.slope * similarity + self.intercept)))

    def shifted(self, similarity: Floats, same: Flags) -> PlattMap:
        """The pooled slope with a group's own intercept: its mean probability is its own rate.

        Newton on one number; the group's rate is pulled in by half a pair on each side.
        """
        rate = (same.sum() + 0.5) / (len(same) + 1.0)
        intercept = self.intercept
        for _ in range(50):
            p = PlattMap(self.slope, intercept)(similarity)
            step = (p.mean() - rate) / max(float((p * (1 - p)).mean()), 1e-9)
            intercept -= float(np.clip(step, -2.0, 2.0))
        return PlattMap(self.slope, intercept)


@dataclass(frozen=True)
class IsotonicMap:
    """Non-decreasing steps, linear between them: at (m,) similarities, value (m,) probabilities."""

    at: Floats
    value: Floats

    @classmethod
    def of(cls, similarity: Floats, same: Flags) -> Self:
        """Raises FitError where all pairs match, or none does."""
        _both(same)
        fit = IsotonicRegression(out_of_bounds="clip").fit(similarity, same.astype(float))
        return cls(np.asarray(fit.X_thresholds_, float), np.asarray(fit.y_thresholds_, float))

    def __call__(self, similarity: Floats) -> Floats:
        return np.interp(similarity, self.at, self.value)


def cross_context_pairs(Z: Floats, label: Labels, context: Labels, *, most: int, seed: int) -> PairSample:
    """At most `most` pairs of rows of different contexts, drawn evenly; Z (n, d) unit rows held out."""
    i, j = np.triu_indices(len(Z), k=1)
    other = context[i] != context[j]
    i, j = i[other], j[other]
    if len(i) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(i), most, replace=False))
        i, j = i[chosen], j[chosen]
    return PairSample(i, j, np.einsum("nd,nd->n", Z[i], Z[j]), label[i] == label[j])


def per_context_maps(pairs: PairSample, context: Labels) -> Mapping[int, PlattMap | IsotonicMap]:
    """One map per context from the pairs with an end in it.

    Isotonic from 200 matching pairs on, else the pooled slope with an intercept of its own.
    context  (n,) of the rows that the pairs number
    """
    pooled = PlattMap.of(pairs.similarity, pairs.same)
    maps: dict[int, PlattMap | IsotonicMap] = {}
    for c in np.unique(context).tolist():
        own = (context[pairs.first] == c) | (context[pairs.second] == c)
        s, same = pairs.similarity[own], pairs.same[own]
        if same.sum() >= ISOTONIC_PAIRS and not same.all():
            maps[int(c)] = IsotonicMap.of(s, same)
        elif len(same):
            maps[int(c)] = pooled.shifted(s, same)
    return maps


def _both(same: Flags) -> None:
    if same.all() or not same.any():
        raise FitError(
            "The held-out pairs all match, or none does.",
            remedy="Give pairs of rows that belong together and of rows that do not.",
        )
