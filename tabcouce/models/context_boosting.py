"""LightGBM beside shrunken context effects: the trees learn what holds in every context."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import FitError
from tabcouce.models.boosted_trees import choose_rounds, grow, raw_score
from tabcouce.models.boosting import BoostingModel, BoostingRows
from tabcouce.models.context_effects import ContextEffects, effects_of_classes, effects_of_values
from tabcouce.models.contract import State
from tabcouce.models.inner_split import enough_folds, inner_folds

Floats = npt.NDArray[np.float64]
ALTERNATIONS = 2


class ContextBoostingModel(BoostingModel):
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

    effects_: ContextEffects

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        if context is not None and len(context) != len(X):
            raise FitError(f"The context has {len(context)} rows but the inputs have {len(X)}.")
        rows = self._prepared(X, y)
        n = len(rows.label)
        folds = inner_folds(rows.label, None, folds=4, classes=len(self.classes_) > 0, seed=self.seed)
        inner = enough_folds(folds, n)
        self.effects_ = ContextEffects((), (), ())
        known = context if context is not None and context.shape[1] else None
        # Residual means need no fine trees.
        coarse = replace(
            rows.settings, rate=0.2, leaves=min(15, rows.settings.leaves), most_rounds=50, patience=5
        )
        for _ in range(ALTERNATIONS):
            if known is None:
                break
            offset = self._offset(n, known)
            rounds = choose_rounds(rows.codes, rows.label, offset, rows.categorical, inner, coarse)
            # Where rows are many only some were held out; they are plenty for a mean per level.
            out = np.flatnonzero(np.isfinite(rounds.held_out).reshape(n, -1).all(axis=1))
            score = self.base_ + rounds.held_out[out]
            self.effects_ = self._effects(rows.label[out], score, known.iloc[out])
        if known is None:
            held_out = self._boost(rows, self._offset(n, known), inner)
        else:
            # Half of the rows choose the rounds; what is said of them is not kept here, since their
            # contexts were seen.
            self._boost(rows, self._offset(n, known), inner[:2])
            held_out = self._without_contexts(rows, self._offset(n, known), known)
        self._keep_left_out(rows.target, context, self._bounded(self._offset(n, None) + held_out))
        return self

    def _without_contexts(self, rows: BoostingRows, offset: Floats, context: pd.DataFrame) -> Floats:
        """(n,) or (n, k) raw score by trees that saw no row of the row's context, NaN where none did."""
        raw = np.full(offset.shape, np.nan)
        for fold in self._folds(rows, context):
            trees = grow(
                rows.codes[fold.train],
                rows.label[fold.train],
                offset[fold.train],
                rows.categorical,
                self.rounds_,
                rows.settings,
            )
            raw[fold.test] = raw_score(trees, rows.codes[fold.test], self.threads)
        return raw

    def _effects(self, label: Floats, score: Floats, context: pd.DataFrame) -> ContextEffects:
        k = len(self.classes_)
        if k == 0:
            return effects_of_values(label, score, context)
        member = (label[:, None] == np.arange(k)).astype(float)
        if k == 2:
            return effects_of_classes(member[:, 1:], score[:, None], context)
        return effects_of_classes(member, score, context)

    def _offset(self, n: int, context: pd.DataFrame | None) -> Floats:
        """(n,) or (n, k): grand mean and known effects."""
        offset = super()._offset(n, context)
        if context is not None and self.effects_.columns:
            effect = self.effects_.of_rows(context)
            offset += effect if offset.ndim == 2 else effect[:, 0]
        return offset

    def state(self) -> State:
        trees = super().state()
        return State(
            {**trees.settings, "effects": self.effects_.settings()},
            {**trees.arrays, **self.effects_.arrays()},
            trees.texts,
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        model = super().from_state(state)
        model.effects_ = ContextEffects.from_state(state.settings["effects"], state.arrays)
        return model
