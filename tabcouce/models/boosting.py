"""LightGBM as a panel model: tuned to the number of rows, rounds chosen inside the training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.boosted_trees import (
    TreeSettings,
    as_text,
    base_score,
    choose_rounds,
    from_text,
    grow,
    raw_score,
    to_estimate,
    tree_contributions,
    tree_leaves,
)
from tabcouce.models.contract import State
from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    TargetRange,
    checked_target,
    plain,
    restored_prior,
    task_classes,
)
from tabcouce.models.inner_split import (
    INNER_FOLDS,
    InnerFold,
    enough_context_folds,
    enough_folds,
    inner_folds,
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BoostingRows:
    """Training rows as LightGBM takes them: codes (n, p), target (n,), label (n,) value or class position."""

    codes: Floats
    target: Floats
    label: Floats
    categorical: tuple[int, ...]
    settings: TreeSettings


class BoostingModel(PanelEstimator):
    """LightGBM with settings for n rows, early stopping on inner folds, then a refit on all rows.

    Given a context, the inner folds hold out whole levels of it, so that the number of rounds is
    that for a context never seen; without one they hold out rows. The context is used for
    nothing else.

    pace  learning rate over the tuned one: 2 halves the rounds, and with them the time
    monotone  numeric column -> 1 or -1, the direction an engineer knows; not for several classes

    rounds_   chosen number of trees (per class)
    booster_  LightGBM booster over the columns of `matrix_`; base_ the score it adds to
    """

    def __init__(
        self,
        task: ModelTask = "regression",
        threads: int = 2,
        seed: int = 0,
        pace: float = 1.0,
        monotone: Mapping[str, int] | None = None,
    ) -> None:
        self.task = task
        self.monotone = monotone
        self.pace = pace
        self.threads = threads
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        rows = self._prepared(X, y)
        offset = self._offset(len(rows.label), None)
        held_out = self._boost(rows, offset, self._folds(rows, context))
        self._keep_left_out(rows.target, context, self._bounded(offset + held_out))
        return self

    def _folds(self, rows: BoostingRows, context: pd.DataFrame | None) -> tuple[InnerFold, ...]:
        """Inner folds over levels of the context, or over rows; fewer where boosting is slow."""
        k = len(self.classes_)
        folds = inner_folds(rows.label, context, folds=INNER_FOLDS, classes=k > 0, seed=self.seed)
        if context is None:
            return enough_folds(folds, len(rows.label))
        return enough_context_folds(folds, rows.codes.size * (k if k > 2 else 1))

    def _prepared(self, X: pd.DataFrame, y: Floats) -> BoostingRows:
        """Learn classes, range, column code and base score from the training rows."""
        target = checked_target(X, y, self.task)
        self.classes_ = task_classes(target, self.task)
        k = len(self.classes_)
        label = np.searchsorted(self.classes_, target).astype(float) if k else target
        self.range_ = TargetRange.of(target)
        self.matrix_ = DesignMatrix.of(X)
        self.base_ = base_score(label, k)
        codes = self.matrix_.codes(X)
        tuned = TreeSettings.for_rows(*codes.shape, classes=k, threads=self.threads, seed=self.seed)
        settings = replace(tuned, rate=tuned.rate * self.pace, patience=round(tuned.patience / self.pace))
        if self.monotone:
            signs = tuple(
                0 if j in self.matrix_.categorical else self.monotone.get(str(name), 0)
                for j, name in enumerate(X.columns)
            )
            settings = replace(settings, monotone=signs)
        return BoostingRows(codes, target, label, self.matrix_.categorical, settings)

    def _boost(self, rows: BoostingRows, offset: Floats, folds: Sequence[InnerFold]) -> Floats:
        """Choose the rounds on the inner folds, then grow on all rows.

        Returns  (n,) or (n, k) raw score of each row by the inner trees that did not see it. The
                 number of rounds and the offset did: mildly optimistic, as every early stopping.
        """
        rounds = choose_rounds(rows.codes, rows.label, offset, rows.categorical, folds, rows.settings)
        self.rounds_ = rounds.count
        self.booster_ = grow(rows.codes, rows.label, offset, rows.categorical, self.rounds_, rows.settings)
        return rounds.held_out

    def _bounded(self, raw: Floats) -> Floats:
        """Raw score with offset as values within the target's range, or as probabilities."""
        estimate = to_estimate(raw, len(self.classes_))
        return self.range_(estimate) if self.task == "regression" else estimate

    def _offset(self, n: int, context: pd.DataFrame | None) -> Floats:
        """(n,) or (n, k): the score that the trees add to."""
        return np.broadcast_to(self.base_, (n, *self.base_.shape)).copy()

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        trees = raw_score(self.booster_, self.matrix_.codes(X), self.threads)
        return self._bounded(trees + self._offset(len(X), context))

    def leaves(self, X: pd.DataFrame) -> npt.NDArray[np.int32]:
        """(n, trees) leaf of each row in each tree: rows that share many are alike to the trees."""
        return tree_leaves(self.booster_, self.matrix_.codes(X), self.threads)

    def contributions(self, X: pd.DataFrame) -> Floats:
        """(n, p + 1), or (n, k, p + 1) for more than two classes: exact SHAP values, base last.

        Of the prediction for a new context: the target before it is held within the range, or
        log-odds.
        """
        codes = self.matrix_.codes(X)
        out = tree_contributions(self.booster_, codes, len(self.classes_), self.threads)
        out[..., -1] += self.base_
        return out

    def state(self) -> State:
        settings = {
            "task": self.task,
            "threads": self.threads,
            "seed": self.seed,
            "pace": self.pace,
            "monotone": dict(self.monotone or {}),
            "classes": plain(self.classes_),
            "range": [self.range_.lower, self.range_.upper],
            "matrix": self.matrix_.settings(),
            "rounds": self.rounds_,
            "shots": self.shot_prior_.settings(),
        }
        return State(settings, {"base": self.base_}, {"lightgbm": as_text(self.booster_)})

    @classmethod
    def from_state(cls, state: State) -> Self:
        settings = state.settings
        model = cls(settings["task"], settings["threads"], settings["seed"], settings["pace"])
        model.monotone = settings.get("monotone") or None
        model.classes_ = np.array(settings["classes"], dtype=float)
        model.range_ = TargetRange(*settings["range"])
        model.matrix_ = DesignMatrix.from_settings(settings["matrix"])
        model.rounds_ = settings["rounds"]
        model.base_ = np.asarray(state.arrays["base"])
        model.booster_ = from_text(state.texts["lightgbm"])
        model.shot_prior_ = restored_prior(state)
        return model
