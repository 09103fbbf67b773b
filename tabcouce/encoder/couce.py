"""Fitting, keeping and differentiating an encoder; settings and answers are in rooms of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from tabcouce.encoder.answers import CouceAnswers
from tabcouce.encoder.blind_network import BlindNetwork, HeadedNetwork
from tabcouce.encoder.context_graph import check_graphs, modifiers
from tabcouce.encoder.fitted_fold import FittedFold
from tabcouce.encoder.head_choice import chosen_head
from tabcouce.encoder.input_rows import labels
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.members import FoldRows
from tabcouce.encoder.overlap import overlap
from tabcouce.encoder.packed_run import fit_views
from tabcouce.encoder.plan import automatic_members, check_settings, planned
from tabcouce.encoder.random_slopes import RandomSlopes, random_slopes
from tabcouce.encoder.saved_estimator import restored, saved
from tabcouce.encoder.shots import LeftOutRows
from tabcouce.models.contract import State
from tabcouce.roles.thinning import thinned

Array = npt.NDArray[np.float64]


class CouceEstimator(CouceAnswers):
    """What regressor and classifier share: fitting, keeping, and the map that attributions follow."""

    def fit(self, X: Any, y: Any, context: Any = None) -> Self:
        """Train on rows X (n, p), targets y (n,), contexts (n, c) or None; see `models.contract`."""
        frame, values = self._checked(X, y)
        everything = np.arange(len(frame))
        fitted = self._fit_folds(frame, values, labels(context, len(frame)), [everything])
        self.__dict__.update(fitted[0].__dict__)
        return self

    def fit_folds(
        self,
        X: Any,
        y: Any,
        context: Any,
        folds: Sequence[npt.NDArray[np.int64]],
        held_out: Sequence[str | None] | None = None,
    ) -> list[Self]:
        """One fitted estimator per fold, all trained in one packed run.

        folds     positions of each fold's training rows; nothing else of a fold's data is used
        held_out  per fold the context column that its test rows are new in, so that members hold
                  out levels of the same one; None: the setting of that name
        """
        frame, values = self._checked(X, y)
        return self._fit_folds(frame, values, labels(context, len(frame)), list(folds), held_out)

    def _fit_folds(
        self,
        frame: pd.DataFrame,
        y: Array,
        context: pd.DataFrame,
        folds: Sequence[npt.NDArray[np.int64]],
        held_out: Sequence[str | None] | None = None,
    ) -> list[Self]:
        settings = self.get_params(deep=False)
        check_settings(settings)
        check_graphs(self.graphs or {})
        if self.nuisance is not None:
            self.nuisance.check(map(str, frame.columns))
        seed = 0 if self.random_state is None else int(self.random_state)
        joint = (
            context.groupby(list(context.columns)).ngroup().to_numpy().astype(np.int64)
            if len(context.columns)
            else np.zeros(len(frame), dtype=np.int64)
        )
        kept = [thinned(np.arange(len(fold)), joint[fold], self.max_rows, seed) for fold in folds]
        rows = [np.asarray(fold, dtype=np.int64)[own] for fold, own in zip(folds, kept, strict=True)]
        members = self.members or automatic_members(max(map(len, rows)))
        columns = [own or self.held_out for own in held_out or [None] * len(rows)]
        coded = [
            FoldRows.of(
                frame.iloc[own].reset_index(drop=True),
                y[own],
                context.iloc[own].reset_index(drop=True),
                classes=self._class_count(),
                held_out=column,
                seed=seed,
                members=members,
                graphs=self.graphs,
            )
            for own, column in zip(rows, columns, strict=True)
        ]
        budgets = [self._budget(fold) for fold in coded]
        fitted = fit_views(coded, budgets, planned(settings, coded, budgets, seed), self._device())
        return [
            self._adopt(fold, one, budget, own, len(whole))
            for fold, one, budget, own, whole in zip(coded, fitted, budgets, kept, folds, strict=True)
        ]

    def _adopt(
        self, fold: FoldRows, fitted: FittedFold, budget: Budget, kept: npt.NDArray[np.int64], rows: int
    ) -> Self:
        """A copy with what was fitted; kept: positions of the fold's rows among all `rows` given."""
        own = clone(self)
        own.__dict__.update(
            {name: value for name, value in self.__dict__.items() if name.endswith("_") and name[0] != "_"}
        )
        own.code_, own.levels_ = fold.code, fold.levels
        own.blind_, own.adjusted_ = fitted.blind, fitted.adjusted
        own.answer_, own.head_ = "blind", None
        own.view_ = fitted.choice.blind_view
        own.within_, own.typical_ = fitted.within, fold.typical
        own.intervention_ = fitted.choice.blind.intervene
        own.selection_ = fitted.trials
        own.calibration_slope_ = fitted.slope.share
        own.path_ = fitted.path
        own.slopes_ = own._slopes(fold)
        own.overlap_ = own._overlap(fold)
        own.rows_used_ = len(kept)
        own.range_ = (float(fold.y.min()), float(fold.y.max()))
        choice = fitted.choice
        roles = {"blind": choice.blind, "adjusted": choice.known, "within": choice.within}
        own.left_out_rows_ = LeftOutRows(
            y=fold.y,
            unit=fold.unit,
            estimate={
                name: own._as_estimate(fitted.slope.left_out if name == "blind" else fitted.left_out[variant])
                for name, variant in roles.items()
                if variant is not None and (name == "blind" or variant != choice.blind)
            },
        )
        left_out = own.left_out_rows_.estimate["blind"]
        if self.head == "auto":
            moved = budget.touched if choice.blind.intervene else np.zeros_like(budget.touched)
            seed = 0 if self.random_state is None else int(self.random_state)
            own.head_ = chosen_head(fold, own.left_out_rows_, moved, seed)
        if own.head_ is not None and own.head_.blind:
            own.answer_, left_out = "head", own.head_.head.left_out
            own.left_out_rows_.estimate["head"] = left_out
        own.kept_ = kept
        own.left_out_ = np.full((rows, *left_out.shape[1:]), np.nan)
        own.left_out_[kept] = left_out
        return own

    def _budget(self, fold: FoldRows) -> Budget:
        budget = Budget.of(fold.code, self.proxy_columns, self.tolerances or {}, self.nuisance)
        if self.nuisance is None or not self.nuisance.ordered:
            return budget
        return budget.with_chosen_bands(fold.u.astype(float), fold.y, fold.joint, self.nuisance)

    def _slopes(self, fold: FoldRows) -> RandomSlopes | None:
        """Own slopes in the levels of the first column declared a modifier; regression only."""
        changed = modifiers(fold.levels.names, self.graphs or {})
        if not changed or fold.classes:
            return None
        u = fold.u.astype(float)
        residual = fold.y - self.adjusted_.known(u, fold.index)[:, 0]
        column = fold.levels.names.index(changed[0])
        return random_slopes(u[:, : fold.code.numeric], residual, fold.index, column, fold.levels.total)

    def _overlap(self, fold: FoldRows) -> float | None:
        proxies = set(self.proxy_columns)
        cause = [j for j, owner in enumerate(fold.code.owner) if fold.code.design.names[owner] not in proxies]
        seed = 0 if self.random_state is None else int(self.random_state)
        return overlap(fold.u[:, cause].astype(float), fold.joint, seed=seed)

    def _device(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)

    def _class_count(self) -> int:
        raise NotImplementedError

    # Keeping --------------------------------------------------------------------------------

    def state(self) -> State:
        """The fitted estimator as arrays and JSON values."""
        check_is_fitted(self, "code_")
        return saved(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`, for a model that is not an adapted or calibrated copy."""
        return restored(cls, state)

    # Attribution ----------------------------------------------------------------------------

    def gradient_inputs(self, X: Any) -> Array:
        """(n, q) what the network reads: interquartile units, blanks at the median, flags beside."""
        return self._code(X)

    def network(self) -> torch.nn.Module:
        """Maps `gradient_inputs` as a tensor (n, q) to the blind output: (n, 1) values in the unit
        of the target (before the range is applied), or (n, k) log-probabilities."""
        check_is_fitted(self, "code_")
        network = BlindNetwork(self.blind_, self.view_ == "do")
        return HeadedNetwork(network, self.head_.head) if self.head_ and self.head_.blind else network

    @property
    def owner_(self) -> npt.NDArray[np.int64]:
        """(q,) position of the input column each network input comes from."""
        return self.code_.owner

    # Input ----------------------------------------------------------------------------------

    def _checked(self, X: Any, y: Any) -> tuple[pd.DataFrame, Array]:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
