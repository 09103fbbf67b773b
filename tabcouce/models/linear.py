"""Straight lines that survive glitched cells: ridge, PLS for wide tables, logistic for classes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import softmax
from sklearn.cross_decomposition import PLSRegression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV

from tabcouce.models.contract import State
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    TargetRange,
    checked_target,
    plain,
    task_classes,
)
from tabcouce.models.inner_split import inner_folds
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
            self._fit_logistic(Z, target, context)
        elif Z.shape[1] > len(Z) / 4:
            self._fit_pls(Z, target, context)
        else:
            self._fit_ridge(Z, target)
        return self

    def _fit_ridge(self, Z: Floats, y: Floats) -> None:
        ridge = RidgeCV(alphas=RIDGE_PENALTIES).fit(Z, y)
        self.kind_, self.strength_ = "ridge", float(ridge.alpha_)
        self.coef_, self.intercept_ = ridge.coef_[:, None], np.array([float(ridge.intercept_)])

    def _fit_pls(self, Z: Floats, y: Floats, context: pd.DataFrame | None) -> None:
        inner = inner_folds(y, context, folds=5, classes=False, seed=self.seed)
        most = min(MOST_COMPONENTS, Z.shape[1], min(len(fold.train) for fold in inner) - 1)
        error = np.zeros(most)
        for fold in inner:
            path = _pls_path(Z[fold.train], y[fold.train], most)
            residual = y[fold.test, None] - path.predict(Z[fold.test])
            error += np.square(residual).sum(axis=0)
        best = int(error[1:].argmin()) + 2 if most > 1 else 1
        path = _pls_path(Z, y, best)
        self.kind_, self.strength_ = "pls", float(best)
        self.coef_, self.intercept_ = path.coef[:, -1:], path.intercept[-1:]

    def _fit_logistic(self, Z: Floats, y: Floats, context: pd.DataFrame | None) -> None:
        rows = np.arange(len(y))
        if len(y) > SELECTION_ROWS:
            rows = np.sort(np.random.default_rng(self.seed).choice(rows, SELECTION_ROWS, replace=False))
        part = None if context is None else context.iloc[rows]
        inner = inner_folds(y[rows], part, folds=3, classes=True, seed=self.seed)
        loss = [
            sum(_held_out_loss(Z[rows], y[rows], fold.train, fold.test, c) for fold in inner)
            for c in INVERSE_PENALTIES
        ]
        self.kind_, self.strength_ = "logistic", INVERSE_PENALTIES[int(np.argmin(loss))]
        model = _logistic(Z, y, self.strength_)
        self.coef_, self.intercept_ = model.coef_.T.copy(), model.intercept_.copy()

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
        Z, owner = self.design_(X), self.design_.owner
        p = len(self.design_.matrix.names)
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


def _logistic(Z: Floats, y: Floats, inverse_penalty: float) -> LogisticRegression:
    with warnings.catch_warnings():
        # 200 steps are enough for a penalised line; the last digits do not matter here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=inverse_penalty, max_iter=200).fit(Z, y)


def _held_out_loss(
    Z: Floats, y: Floats, train: npt.NDArray[np.int64], test: npt.NDArray[np.int64], inverse_penalty: float
) -> float:
    """Summed log loss; a class that the inner training rows lack counts at probability 1e-6."""
    if len(np.unique(y[train])) < 2:
        return 0.0
    model = _logistic(Z[train], y[train], inverse_penalty)
    p = model.predict_proba(Z[test])
    mine = np.where(model.classes_ == y[test, None], p, 0.0).sum(axis=1)
    return float(-np.log(np.clip(mine, 1e-6, 1.0)).sum())
