"""Straight lines that survive glitched cells: ridge, PLS for wide tables, logistic for classes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import softmax
from sklearn.cross_decomposition import PLSRegression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV

from tabcouce.models.contract import State
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    TargetRange,
    checked_target,
    plain,
    restored_prior,
    task_classes,
)
from tabcouce.models.inner_split import InnerFold, inner_folds
from tabcouce.models.linear_design import LinearDesign

RIDGE_PENALTIES = np.logspace(-2, 5, 29)
"""On standardised columns; an entry equals as many pseudo-rows."""
INVERSE_PENALTIES = (0.01, 0.1, 1.0, 10.0)
MOST_COMPONENTS = 20
SELECTION_ROWS = 2000
"""The logistic penalty is chosen on at most this many rows: its optimum is flat."""

Floats = npt.NDArray[np.float64]


class LinearModel(PanelEstimator):
    """A straight line in every input (regression) or in the log-odds (classification).

    Ridge with the penalty of least leave-one-out error in closed form (Golub, Heath and Wahba,
    1979); partial least squares with 2 to 20 components where columns outnumber a quarter of
    the rows, components chosen on inner folds that hold out whole contexts; logistic regression
    with the L2 penalty of least log loss on inner folds. Predicted values stay within the
    training range of the target and a tenth of it on each side.

    kind_       'ridge', 'pls' or 'logistic'
    strength_   chosen penalty (ridge), components (pls) or inverse penalty (logistic)
    coef_       (q, k) weight of each column of `LinearDesign`; intercept_ (k,)
    """

    def __init__(self, task: ModelTask = "regression", seed: int = 0) -> None:
        self.task = task
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        target = checked_target(X, y, self.task)
        self.classes_ = task_classes(target, self.task)
        self.design_ = LinearDesign.of(X)
        Z = self.design_(X)
        self.range_ = TargetRange.of(target)
        if self.task == "classification":
            left_out = self._fit_logistic(Z, target, context)
        elif Z.shape[1] > len(Z) / 4:
            left_out = self._fit_pls(Z, target, context)
        else:
            left_out = self._fit_ridge(Z, target, context)
        self._keep_left_out(target, context, left_out)
        return self

    # Each way of fitting returns the left-out predictions of the training rows; the inputs' scale
    # and the one penalty or number of components are those of all rows.

    def _fit_ridge(self, Z: Floats, y: Floats, context: pd.DataFrame | None) -> Floats:
        ridge = RidgeCV(alphas=RIDGE_PENALTIES).fit(Z, y)
        self.kind_, self.strength_ = "ridge", float(ridge.alpha_)
        self.coef_, self.intercept_ = ridge.coef_[:, None], np.array([float(ridge.intercept_)])
        left_out = np.full(len(y), np.nan)
        for fold in inner_folds(y, context, folds=4, classes=False, seed=self.seed):
            line = Ridge(alpha=self.strength_).fit(Z[fold.train], y[fold.train])
            left_out[fold.test] = TargetRange.of(y[fold.train])(line.predict(Z[fold.test]))
        return left_out

    def _fit_pls(self, Z: Floats, y: Floats, context: pd.DataFrame | None) -> Floats:
        inner = inner_folds(y, context, folds=5, classes=False, seed=self.seed)
        most = min(MOST_COMPONENTS, Z.shape[1], min(len(fold.train) for fold in inner) - 1)
        left_out = np.full((len(y), most), np.nan)
        for fold in inner:
            path = _pls_path(Z[fold.train], y[fold.train], most)
            left_out[fold.test] = path.predict(Z[fold.test])
        error = np.square(y[:, None] - left_out).sum(axis=0)
        best = int(error[1:].argmin()) + 2 if most > 1 else 1
        path = _pls_path(Z, y, best)
        self.kind_, self.strength_ = "pls", float(best)
        self.coef_, self.intercept_ = path.coef[:, -1:], path.intercept[-1:]
        return self.range_(left_out[:, best - 1])

    def _fit_logistic(self, Z: Floats, y: Floats, context: pd.DataFrame | None) -> Floats:
        rows = np.arange(len(y))
        if len(y) > SELECTION_ROWS:
            rows = np.sort(np.random.default_rng(self.seed).choice(rows, SELECTION_ROWS, replace=False))
        part = None if context is None else context.iloc[rows]
        inner = inner_folds(y[rows], part, folds=3, classes=True, seed=self.seed)
        label = np.searchsorted(self.classes_, y)
        tried = [
            _held_out_chances(Z[rows], label[rows], len(self.classes_), inner, c) for c in INVERSE_PENALTIES
        ]
        best = int(np.argmin([_summed_log_loss(label[rows], chances) for chances in tried]))
        self.kind_, self.strength_ = "logistic", INVERSE_PENALTIES[best]
        model = _logistic(Z, y, self.strength_)
        self.coef_, self.intercept_ = model.coef_.T.copy(), model.intercept_.copy()
        left_out = np.full((len(y), len(self.classes_)), np.nan)
        left_out[rows] = tried[best]
        return left_out

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        score = self.design_(X) @ self.coef_ + self.intercept_
        if self.task == "regression":
            return self.range_(score[:, 0])
        if score.shape[1] == 1:
            score = np.hstack([np.zeros_like(score), score])
        return softmax(score, axis=1)

    def contributions(self, X: pd.DataFrame) -> Floats:
        """(n, p + 1), or (n, k, p + 1) for more than two classes: share of each input, base last.

        Their sum is the prediction before it is held within the range, or the log-odds.
        """
        Z, owner = self.design_(X), self.design_.columns.owner
        p = len(self.design_.columns.matrix.names)
        gather = (owner[:, None] == np.arange(p)).astype(float)  # (q, p)
        parts = np.stack([(Z * w) @ gather for w in self.coef_.T], axis=1)  # (n, k, p)
        base = np.broadcast_to(self.intercept_[None, :, None], (*parts.shape[:2], 1))
        out = np.concatenate([parts, base], axis=2)
        return out[:, 0] if out.shape[1] == 1 else out

    def state(self) -> State:
        settings = {
            "task": self.task,
            "seed": self.seed,
            "kind": self.kind_,
            "strength": self.strength_,
            "classes": plain(self.classes_),
            "range": [self.range_.lower, self.range_.upper],
            "shots": self.shot_prior_.settings(),
            **self.design_.settings(),
        }
        arrays = {"coef": self.coef_, "intercept": self.intercept_, **self.design_.arrays()}
        return State(settings, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        settings = state.settings
        model = cls(settings["task"], settings["seed"])
        model.kind_, model.strength_ = settings["kind"], settings["strength"]
        model.classes_ = np.array(settings["classes"], dtype=float)
        model.range_ = TargetRange(*settings["range"])
        model.design_ = LinearDesign.from_state(settings, state.arrays)
        model.coef_, model.intercept_ = state.arrays["coef"], state.arrays["intercept"]
        model.shot_prior_ = restored_prior(state)
        return model


@dataclass(frozen=True)
class PlsPath:
    """Partial least squares with 1..a components, from one run.

    coef (q, a), intercept (a,): column j holds the line with j + 1 components.
    """

    coef: Floats
    intercept: Floats

    def predict(self, Z: Floats) -> Floats:
        """(n, a) prediction with each number of components."""
        return Z @ self.coef + self.intercept


def _pls_path(Z: Floats, y: Floats, components: int) -> PlsPath:
    centre, mean = Z.mean(axis=0), float(y.mean())
    if np.ptp(y) == 0 or not Z.any():
        return PlsPath(np.zeros((Z.shape[1], components)), np.full(components, mean))
    with warnings.catch_warnings():
        # A target that fewer components already explain stops the algorithm; its zero
        # loadings then repeat the same line, which is what we want.
        warnings.filterwarnings("ignore", message="y residual is constant")
        pls = PLSRegression(n_components=components, scale=False).fit(Z, y)
    # B_a = R_a q_a' (de Jong, 1993): rotations and loadings of the first a components.
    coef = np.cumsum(pls.x_rotations_ * pls.y_loadings_[0], axis=1)
    return PlsPath(coef, mean - centre @ coef)


def _logistic(Z: Floats, y: npt.NDArray[Any], inverse_penalty: float) -> LogisticRegression:
    with warnings.catch_warnings():
        # 200 steps are enough for a penalised line; the last digits do not matter here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=inverse_penalty, max_iter=200).fit(Z, y)


def _held_out_chances(
    Z: Floats, label: npt.NDArray[np.int64], k: int, folds: Sequence[InnerFold], inverse_penalty: float
) -> Floats:
    """(n, k) probabilities from the fold that held the row out; NaN where it could not be trained.

    A class that the inner training rows lack has probability 0.
    """
    out = np.full((len(label), k), np.nan)
    for fold in folds:
        if len(np.unique(label[fold.train])) < 2:
            continue
        model = _logistic(Z[fold.train], label[fold.train], inverse_penalty)
        out[fold.test] = 0.0
        out[np.ix_(fold.test, model.classes_)] = model.predict_proba(Z[fold.test])
    return out


def _summed_log_loss(label: npt.NDArray[np.int64], chances: Floats) -> float:
    """A class at probability 0 counts at 1e-6, a row without probabilities for nothing."""
    mine = chances[np.arange(len(label)), label]
    return float(-np.log(np.clip(mine[np.isfinite(mine)], 1e-6, 1.0)).sum())
