"""LightGBM beside shrunken context effects: the trees learn what holds in every context."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
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
from tabcouce.models.estimator import ModelTask
from tabcouce.models.inner_split import INNER_FOLDS, enough_folds, held_out_column, inner_folds
from tabcouce.models.within_trees import LEAST_BATCH, WithinTrees, pays, within_left_out, within_trees

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

    within    whether to learn also trees that read each number relative to its own context, for known
              contexts and for `adapt`: five more fits. They are used where they predicted left-out
              contexts, given their unlabelled rows, better by a standard error

    effects_  effects of the training levels; a fit without context has none
    within_   those trees; None where not asked for or not better
    """

    effects_: ContextEffects
    within_: WithinTrees | None = None
    place_: Floats | None = None
    """(q,) level of the context that an adapted copy is for."""
    within_column_: str | None = None

    def __init__(
        self,
        task: ModelTask = "regression",
        threads: int = 2,
        seed: int = 0,
        pace: float = 1.0,
        monotone: Mapping[str, int] | None = None,
        within: bool = False,
    ) -> None:
        super().__init__(task, threads, seed, pace, monotone)
        self.within = within

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        if context is not None and len(context) != len(X):
            raise FitError(f"The context has {len(context)} rows but the inputs have {len(X)}.")
        rows = self._prepared(X, y)
        n = len(rows.label)
        folds = inner_folds(
            rows.label, None, folds=INNER_FOLDS, classes=len(self.classes_) > 0, seed=self.seed
        )
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
        held_out = self._boost(rows, self._offset(n, known), inner)
        if known is not None:
            held_out = self._without_contexts(rows, self._offset(n, known), known)
            if self.within:
                self._learn_within(rows, self._offset(n, known), known, held_out)
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

    def _learn_within(
        self, rows: BoostingRows, offset: Floats, context: pd.DataFrame, left_out: Floats
    ) -> None:
        """Keep the trees that read both views if they pay; left_out: raw score of the plain ones."""
        self.within_, self.within_column_ = None, held_out_column(context)
        if self.within_column_ is None:
            return
        level = context[self.within_column_].to_numpy(dtype=object)
        grown = (rows.categorical, self.rounds_, rows.settings)
        folds = self._folds(rows, context)
        told = within_left_out(
            rows.codes, rows.label, offset, level, rows.categorical, folds, self.rounds_, rows.settings
        )
        base = self._offset(len(rows.label), None)
        both = [self._row_errors(rows, base + raw) for raw in (told, left_out)]
        known = np.isfinite(both[0]) & np.isfinite(both[1])
        unit = np.unique(level.astype(str), return_inverse=True)[1].astype(np.int64)
        if pays(both[0][known], both[1][known], unit[known]):
            self.within_ = within_trees(rows.codes, rows.label, offset, level, *grown)

    def _row_errors(self, rows: BoostingRows, raw: Floats) -> Floats:
        """(n,) squared error of each row, summed over the classes."""
        told = self._bounded(raw)
        if told.ndim == 1:
            return np.square(told - rows.target)
        member = rows.label[:, None] == np.arange(told.shape[1])
        return np.asarray(np.square(told - member).sum(axis=1))

    def adapt(self, X: pd.DataFrame) -> Self:
        """A copy for the new context that the unlabelled rows X (m, p) come from: batch mode.

        It answers as it is with fewer than 10 rows, and where reading relative to the context did
        not predict left-out training contexts better.
        """
        own = copy(self)
        if self.within_ is not None and len(X) >= LEAST_BATCH:
            own.place_ = self.within_.code.place(self.matrix_.codes(X))
        return own

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        if self.within_ is None:
            return super().estimate(X, context)
        codes = self.matrix_.codes(X)
        trees = raw_score(self.booster_, codes, self.threads)
        if context is not None and self.within_column_ in context.columns:
            place, known = self.within_.places(context[self.within_column_].to_numpy(dtype=object))
            trees[known] = self.within_.raw(codes[known], place[known]) if known.any() else trees[known]
        elif self.place_ is not None:
            trees = self.within_.raw(codes, self.place_)
        return self._bounded(trees + self._offset(len(X), context))

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
        kept = self.within_
        return State(
            {
                **trees.settings,
                "effects": self.effects_.settings(),
                "within": None if kept is None else {**kept.settings(), "column": self.within_column_},
            },
            {**trees.arrays, **self.effects_.arrays(), **({} if kept is None else kept.arrays())},
            {**trees.texts, **({} if kept is None else {"within": kept.text()})},
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        model = super().from_state(state)
        model.effects_ = ContextEffects.from_state(state.settings["effects"], state.arrays)
        kept = state.settings.get("within")
        if kept is not None:
            model.within = True
            model.within_ = WithinTrees.restored(kept, dict(state.arrays), state.texts["within"])
            model.within_column_ = kept["column"]
        return model
