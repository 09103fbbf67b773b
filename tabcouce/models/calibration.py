"""A few labelled rows of a new context move a fitted model to its level, shrunk by what contexts differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from tabcouce.models.context_effects import HALF_ROW, between_variance
from tabcouce.models.contract import ShotsModel

Floats = npt.NDArray[np.float64]
Units = npt.NDArray[np.int64]

LEAST = 1e-6
"""Probabilities below it are read as it: one sure and wrong row must not decide a shift alone."""


class Estimator(Protocol):
    """All that a calibration needs of a fitted model."""

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats: ...


@dataclass(frozen=True)
class ShotPrior:
    """How far the left-out residuals of whole contexts lie from zero: what a shift is shrunk by.

    within   sigma^2, variance of the residuals within a context; NaN for classes, whose log-odds
             bring their own noise
    between  tau^2, variance of the contexts' levels: square of the target's unit, or of log-odds;
             0 where contexts differ by no more than noise (no shift is then made)
    units    contexts behind it
    """

    within: float
    between: float
    units: int

    @classmethod
    def of_values(cls, residual: Floats, unit: Units) -> Self:
        """One-way analysis of variance by moments, unbalanced, between cut at zero.

        sigma^2 = SSW / (N - G),  tau^2 = (SSB - (G - 1) sigma^2) / (N - sum n_g^2 / N)

        residual  (n,) target minus left-out prediction; NaN rows count for nothing
        unit      (n,) int, context of each row
        Source    Searle, Casella and McCulloch, Variance Components, 1992, chapter 3
        """
        known = np.isfinite(residual)
        r, (found, own) = residual[known], np.unique(unit[known], return_inverse=True)
        rows = np.bincount(own).astype(float)
        free = len(r) - len(found)
        if len(found) < 2 or free < 1:
            return cls(float("nan"), 0.0, len(found))
        mean = np.bincount(own, r) / rows
        within = float(np.square(r - mean[own]).sum() / free)
        if within <= 0:
            # Residuals equal in every context: any spread of their means is certain.
            return cls(0.0, float(np.var(mean, ddof=1)), len(found))
        return cls(within, between_variance(mean, rows / within), len(found))

    @classmethod
    def of_classes(cls, y: Floats, probability: Floats, unit: Units) -> Self:
        """Variance of the contexts' log-odds, observed against expected, mean over the classes.

        y            (n,) position of the row's class among the k columns of `probability`
        probability  (n, k) left-out probabilities; NaN rows count for nothing
        """
        known = np.isfinite(probability).all(axis=1)
        p, label = probability[known], y[known].astype(int)
        found, own = np.unique(unit[known], return_inverse=True)
        if len(found) < 2:
            return cls(float("nan"), 0.0, len(found))
        spread = [
            _log_odds_variance((label == c).astype(float), p[:, c], own)
            for c in ([1] if p.shape[1] == 2 else range(p.shape[1]))
        ]
        return cls(float("nan"), float(np.mean(spread)), len(found))

    def weight(self, k: int) -> float:
        """k / (k + sigma^2 / tau^2): share of the mean residual of k rows that is believed."""
        return 0.0 if k == 0 or not self.between > 0 else k / (k + self.within / self.between)

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return {
            "within": self.within if np.isfinite(self.within) else None,
            "between": self.between,
            "units": self.units,
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        within = settings["within"]
        return cls(float("nan") if within is None else float(within), settings["between"], settings["units"])


NO_PRIOR = ShotPrior(float("nan"), 0.0, 0)
"""Nothing is known of how contexts differ: shots move nothing."""


@dataclass(frozen=True)
class ShotOffset:
    """What the k labelled rows of one context add to a model's answers there.

    shift  () in the unit of the target, or (k,) on the log-probabilities of the classes
    """

    shift: Floats

    @classmethod
    def of_values(cls, y: Floats, prediction: Floats, prior: ShotPrior) -> Self:
        """Best linear prediction of the context's level: weight(k) x mean residual; both (k,)."""
        if len(y) == 0:
            return cls(np.zeros(()))
        return cls(np.asarray(prior.weight(len(y)) * np.mean(y - prediction)))

    @classmethod
    def of_classes(cls, y: Floats, probability: Floats, prior: ShotPrior) -> Self:
        """Most probable shift b of the log-probabilities under b ~ N(0, tau^2) for each class.

        With two classes half of tau^2 goes to each, so that their difference, the log-odds, has
        tau^2. y (m,) position of the class, probability (m, k).
        """
        m, k = probability.shape
        if m == 0 or not prior.between > 0:
            return cls(np.zeros(k))
        variance = prior.between / 2 if k == 2 else prior.between
        score = np.log(np.clip(probability, LEAST, 1.0))
        member = y.astype(int)[:, None] == np.arange(k)
        seen = member.sum(axis=0)

        def loss(b: Floats) -> tuple[float, Floats]:
            value = -log_softmax(score + b, axis=1)[member].sum() + b @ b / (2 * variance)
            return float(value), softmax(score + b, axis=1).sum(axis=0) - seen + b / variance

        return cls(np.asarray(minimize(loss, np.zeros(k), jac=True, method="BFGS").x))

    def __call__(self, estimate: Floats) -> Floats:
        """(n,) values or (n, k) probabilities of the context, from those for a new context."""
        if estimate.ndim == 1:
            return estimate + self.shift
        return softmax(np.log(np.clip(estimate, LEAST, 1.0)) + self.shift, axis=1)


@dataclass(frozen=True)
class CalibratedModel:
    """A fitted model and its offset for one context.

    Values may leave the model's own range by the shift: the labelled rows show the context to lie there.
    """

    model: Estimator
    offset: ShotOffset

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        """(n,) values or (n, k) probabilities for the context of the labelled rows."""
        return self.offset(self.model.estimate(X))


def calibrated(model: Estimator, X: pd.DataFrame, y: Floats, prior: ShotPrior | None = None) -> Estimator:
    """The model for the context that the k labelled rows X (k, p), y (k,) come from.

    By the model's own `calibrate` where it has one, so that every model of a comparison gets the
    same rows and makes the best of them; else by a shrunken offset.

    y      values, or class numbers as given to `fit`; rows of a class unknown to the model are passed over
    prior  spread of the contexts; None: the model's `shot_prior_`, which the panel's models learn in `fit`
    """
    if isinstance(model, ShotsModel):
        own: Estimator = model.calibrate(X, y)
        return own
    known = prior if prior is not None else getattr(model, "shot_prior_", NO_PRIOR)
    estimate = model.estimate(X)
    if estimate.ndim == 1:
        return CalibratedModel(model, ShotOffset.of_values(y, estimate, known))
    classes = np.asarray(getattr(model, "classes_", np.arange(estimate.shape[1])), dtype=float)
    rows = np.isin(y, classes)
    place = np.searchsorted(classes, y[rows]).astype(float)
    offset = ShotOffset.of_classes(place, estimate[rows], known)
    return CalibratedModel(model, offset)


def _log_odds_variance(member: Floats, chance: Floats, own: Units) -> float:
    """tau^2 over contexts of the log-odds of a class; whether a row is of it, its chance, context: (n,)."""
    rest = np.bincount(own) + 2 * HALF_ROW
    seen, due = np.bincount(own, member) + HALF_ROW, np.bincount(own, chance) + HALF_ROW
    log_odds = np.log(seen / (rest - seen)) - np.log(due / (rest - due))
    # Variance of a log-odds by the delta method, as in `context_effects.effects_of_classes`.
    return between_variance(log_odds, due * (rest - due) / rest)
