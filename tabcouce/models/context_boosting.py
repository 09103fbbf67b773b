"""LightGBM beside shrunken context effects: the trees learn what holds in every context."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import FitError
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
)
from tabcouce.models.context_effects import ContextEffects, effects_of_classes, effects_of_values
from tabcouce.models.contract import State
from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    TargetRange,
    checked_target,
    plain,
    task_classes,
)
from tabcouce.models.inner_split import enough_folds, inner_folds

Floats = npt.NDArray[np.float64]
ALTERNATIONS = 2


class ContextBoostingModel(PanelEstimator):
    """score = trees(x) + sum of effects of the row's contexts; a mixed-effect LightGBM.

    Alternates (Hajjem et al., 2014, MERF): trees on the target less the effects, then effects
    from out-of-fold residuals, shrunk by n / (n + sigma^2 / tau^2). Effects of classes are added
    to the log-odds through LightGBM's init_score. DIFF: two alternations and a final refit
    instead of tens. The inner folds hold out rows, not contexts: a context left out would have no
    effect to subtract, and its offset would stop the trees early.

    `estimate(X)` is for a new context: trees and grand mean. `estimate(X, context)` adds the
    effects of known levels.

    effects_  effects of the training levels; a fit without context has none
    """

    def __init__(self, task: ModelTask = "regression", threads: int = 2, seed: int = 0) -> None:
        self.task = task
        self.threads = threads
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        target = checked_target(X, y, self.task)
        if context is not None and len(context) != len(X):
            raise FitError(f"The context has {len(context)} rows but the inputs have {len(X)}.")
        self.classes_ = task_classes(target, self.task)
        k = len(self.classes_)
        label = np.searchsorted(self.classes_, target).astype(float) if k else target
        self.range_ = TargetRange.of(target)
        self.matrix_ = DesignMatrix.of(X)
        codes = self.matrix_.codes(X)
        n, p = codes.shape
        settings = TreeSettings.for_rows(n, p, classes=k, threads=self.threads, seed=self.seed)
        folds = inner_folds(label, None, folds=4, classes=k > 0, seed=self.seed)
        categorical = self.matrix_.categorical
        self.base_ = base_score(label, k)
        self.effects_ = ContextEffects((), (), ())
        known = context if context is not None and context.shape[1] else None
        offset = self._offset(n, known)
        # Residual means need no fine trees.
        coarse = replace(settings, rate=2 * settings.rate, most_rounds=200, patience=20)
        for _ in range(ALTERNATIONS if known is not None else 0):
            rounds = choose_rounds(codes, label, offset, categorical, folds, coarse)
            self.effects_ = self._effects(label, self.base_ + rounds.held_out, known)
            offset = self._offset(n, known)
        last = enough_folds(folds, n)
        self.rounds_ = choose_rounds(codes, label, offset, categorical, last, settings).count
        self.booster_ = grow(codes, label, offset, categorical, self.rounds_, settings)
        return self

    def _effects(self, label: Floats, score: Floats, context: pd.DataFrame | None) -> ContextEffects:
        assert context is not None
        k = len(self.classes_)
        if k == 0:
            return effects_of_values(label, score, context)
        member = (label[:, None] == np.arange(k)).astype(float)
        if k == 2:
            return effects_of_classes(member[:, 1:], score[:, None], context)
        return effects_of_classes(member, score, context)

    def _offset(self, n: int, context: pd.DataFrame | None) -> Floats:
        """(n,) or (n, k): grand mean and known effects."""
        offset = np.broadcast_to(self.base_, (n, *self.base_.shape)).copy()
        if context is not None and self.effects_.columns:
            effect = self.effects_.of_rows(context)
            offset += effect if offset.ndim == 2 else effect[:, 0]
        return offset

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        trees = raw_score(self.booster_, self.matrix_.codes(X), self.threads)
        estimate = to_estimate(trees + self._offset(len(X), context), len(self.classes_))
        return self.range_(estimate) if self.task == "regression" else estimate

    def contributions(self, X: pd.DataFrame) -> Floats:
        """(n, p + 1), or (n, k, p + 1) for more than two classes, of the blind score; base last."""
        codes = self.matrix_.codes(X)
        out = tree_contributions(self.booster_, codes, len(self.classes_), self.threads)
        out[..., -1] += self.base_
        return out

    def state(self) -> State:
        settings = {
            "task": self.task,
            "threads": self.threads,
            "seed": self.seed,
            "classes": plain(self.classes_),
            "range": [self.range_.lower, self.range_.upper],
            "matrix": self.matrix_.settings(),
            "rounds": self.rounds_,
            "effects": self.effects_.settings(),
        }
        arrays = {"base": self.base_, **self.effects_.arrays()}
        return State(settings, arrays, {"lightgbm": as_text(self.booster_)})

    @classmethod
    def from_state(cls, state: State) -> Self:
        settings = state.settings
        model = cls(settings["task"], settings["threads"], settings["seed"])
        model.classes_ = np.array(settings["classes"], dtype=float)
        model.range_ = TargetRange(*settings["range"])
        model.matrix_ = DesignMatrix.from_settings(settings["matrix"])
        model.rounds_ = settings["rounds"]
        model.base_ = np.asarray(state.arrays["base"])
        model.effects_ = ContextEffects.from_state(settings["effects"], state.arrays)
        model.booster_ = from_text(state.texts["lightgbm"])
        return model
