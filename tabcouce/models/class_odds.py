"""From one-against-rest scores to calibrated class probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Floats = npt.NDArray[np.float64]
STEADY = 1.0
"""Penalty on the calibration's parameters, in rows; a scale of scores that separate is then finite."""
STEEPEST = 30.0


@dataclass(frozen=True)
class ClassOdds:
    """p = softmax(slope * score + shift): Platt's calibration with one slope for all classes.

    slope  >= 0; scores are estimates of centred membership, so 1 is about the distance of two classes
    shift  (k,)
    """

    slope: float
    shift: Floats

    @classmethod
    def of(cls, score: Floats, member: Floats) -> Self:
        """Least log loss on left-out scores (Platt, 1999; Guo et al., 2017); a convex problem.

        score   (n, k) left-out scores; member (n, k) whether a row is of the class
        """
        k = score.shape[1]
        prior = np.log(np.maximum(member.mean(axis=0), 1e-6))

        def loss(v: Floats) -> tuple[float, Floats]:
            z = v[0] * score + prior + v[1:]
            rest = softmax(z, axis=1) - member
            value = -(log_softmax(z, axis=1) * member).sum() + STEADY * (v @ v) / 100
            slope = np.concatenate([[(rest * score).sum()], rest.sum(axis=0)]) + STEADY * v / 50
            return float(value), slope

        start = np.concatenate([[4.0], np.zeros(k)])
        bounds = [(0.0, STEEPEST)] + [(None, None)] * k
        found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
        return cls(float(found[0]), prior + found[1:])

    def log_odds(self, score: Floats) -> Floats:
        """(n, k) unnormalised log-probabilities."""
        return self.slope * score + self.shift

    def __call__(self, score: Floats) -> Floats:
        """(n, k) probabilities."""
        return softmax(self.log_odds(score), axis=1)
