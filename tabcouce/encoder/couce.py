"""What the estimators of the encoder share: settings, fitting, the three predictions, attribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from tabcouce.encoder.backdoor import ContextLevels
from tabcouce.encoder.blind_network import BlindNetwork, HeadedNetwork
from tabcouce.encoder.checkpoints import TrainingPath
from tabcouce.encoder.column_code import ColumnCode
from tabcouce.encoder.context_graph import check_graphs, modifiers
from tabcouce.encoder.fitted_fold import FittedFold
from tabcouce.encoder.fitted_view import FittedView
from tabcouce.encoder.head_choice import ChosenHead, chosen_head
from tabcouce.encoder.inner_selection import InnerTrial
from tabcouce.encoder.input_rows import input_frame, labels
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.kernel_head import HeadShots
from tabcouce.encoder.members import FoldRows
from tabcouce.encoder.nuisance import Nuisance
from tabcouce.encoder.overlap import LEAST_OVERLAP, check_overlap, overlap
from tabcouce.encoder.packed_net import FIRST_LAYER
from tabcouce.encoder.packed_run import fit_views
from tabcouce.encoder.plan import automatic_members, check_settings, planned
from tabcouce.encoder.random_slopes import RandomSlopes, random_slopes
from tabcouce.encoder.saved_estimator import restored, saved
from tabcouce.encoder.shots import LeftOutRows, Shift, calibration, rehearsed
from tabcouce.encoder.within_context import TypicalContext, with_place
from tabcouce.errors import FitError
from tabcouce.models.contract import Rehearsal, State
from tabcouce.roles.thinning import thinned

Array = npt.NDArray[np.float64]

LEAST_BATCH = 10
"""Unlabelled rows below which a new context's place says too little to be used."""


class CouceEstimator(BaseEstimator):
    """What regressor and classifier share. Constructors only store; `fit` checks.

    proxy_columns  inputs that give the context away; O4 swaps them between contexts
    tolerances     sensor -> (offset in its unit, gain as a share); O1 recalibrates within it
    nuisance       declared blocks, waveforms, repeatability, drift (`Nuisance`): operators O2 to O8
    graphs         context column -> 'assignment' or 'common_cause' (summed over), 'measurement' (has
                   no effect of its own, only moves readings) or 'modifier' (own slopes too)
    members        networks per variant, each holds out another block of training contexts: with
                   three or more, every context is held out by one; None: by the number of rows
    piecewise      whether columns also enter as ramps at the target's thresholds (300 rows or more)
    epochs, batch  None: by the number of rows
    view           'auto', 'pooled' or 'do': what `predict` without context uses
    interventions  'auto', 'on' or 'off'
    host           'proxy_nca', 'proxy_anchor' or 'soft_triple'
    neighbour_weight  of the soft-nearest-neighbour term
    orthogonality  weight of the detector dictionary's soft orthogonality; variance_gate: whether
                   its atoms close for noise (G1)
    threshold_margin  'off', 'fixed' or 'adaptive': TCM, which asks that one similarity threshold
                   fits all contexts; off: it has not yet earned its place (benchmarks/threshold_claims.py)
    within         whether to train also what `adapt` needs; about half as much work again
    held_out       context column whose levels members hold out; None: the first with 3 levels
    max_rows       training rows beyond are thinned, each context in its share (`rows_used_`)
    head           'auto': a kernel on the inputs and the network's answer (`kernel_head`) where it
                   predicts left-out contexts better; 'off'. Needs three members
    checkpoints    steps between two recorded sets of weights (`path_`); 0: none. Of `fit` only
    first_layer    start of the first layer, as a share of the usual scale
    classes        all class labels, where a training set may lack some
    """

    def __init__(
        self,
        *,
        proxy_columns: Sequence[str] = (),
        tolerances: Mapping[str, tuple[float, float]] | None = None,
        nuisance: Nuisance | None = None,
        graphs: Mapping[str, str] | None = None,
        members: int | None = None,
        epochs: int | None = None,
        batch: int | None = None,
        width: int = 128,
        depth: int = 2,
        embedding: int = 32,
        frequencies: int = 8,
        piecewise: bool = True,
        learning_rate: float = 1e-2,
        proxy_weight: float = 0.1,
        invariance_weight: float = 1.0,
        host: str = "proxy_nca",
        neighbour_weight: float = 0.0,
        orthogonality: float = 0.0,
        variance_gate: bool = True,
        view: str = "auto",
        interventions: str = "auto",
        within: bool = False,
        threshold_margin: str = "off",
        held_out: str | None = None,
        head: str = "auto",
        max_rows: int = 10_000,
        checkpoints: int = 0,
        first_layer: float = FIRST_LAYER,
        classes: Sequence[Any] | None = None,
        device: str = "auto",
        threads: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.proxy_columns = proxy_columns
        self.tolerances = tolerances
        self.nuisance = nuisance
        self.graphs = graphs
        self.members = members
        self.epochs = epochs
        self.batch = batch
        self.width = width
        self.depth = depth
        self.embedding = embedding
        self.frequencies = frequencies
        self.piecewise = piecewise
        self.learning_rate = learning_rate
        self.proxy_weight = proxy_weight
        self.invariance_weight = invariance_weight
        self.host = host
        self.neighbour_weight = neighbour_weight
        self.orthogonality = orthogonality
        self.variance_gate = variance_gate
        self.view = view
        self.interventions = interventions
        self.within = within
        self.threshold_margin = threshold_margin
        self.held_out = held_out
        self.head = head
        self.max_rows = max_rows
        self.checkpoints = checkpoints
        self.first_layer = first_layer
        self.classes = classes
        self.device = device
        self.threads = threads
        self.random_state = random_state

    code_: ColumnCode
    levels_: ContextLevels
    blind_: FittedView
    adjusted_: FittedView
    within_: FittedView | None
    typical_: TypicalContext | None
    n_features_in_: int
    view_: str
    overlap_: float | None = None
    """Share of rows with neighbours from two contexts or more, None without contexts. The do-claim
    is refused below 0.3."""
    slopes_: RandomSlopes | None = None
    """Own slopes of the contexts of a declared modifier."""
    path_: TrainingPath | None = None
    """The blind view's members along training, where `checkpoints` asked for it; not in `state`."""
    left_out_rows_: LeftOutRows
    answer_: str = "blind"
    """View that predictions without context read: 'blind', or what adapt or calibrate chose."""
    place_: Array | None = None
    """(2, p) of the context that an adapted copy is for."""
    shift_: Shift | None = None
    """What a calibrated copy adds."""
    head_: ChosenHead | None = None
    """The kernel head, where it is believed in some mode."""
    head_place_: Array | None = None
    head_shots_: HeadShots | None = None
    """Of an adapted and of a calibrated copy that the head answers for."""
    selection_: tuple[InnerTrial, ...]
    calibration_slope_: float
    """Share in [0, 1] of the blind prediction's distance from the mean that is believed."""
    left_out_: Array
    """Blind estimate of each training row by members that never saw its held-out context (without
    context: the row). NaN for rows that `max_rows` thinned away, and where one or two members
    leave blocks that none held out. Not kept by `state`."""

    @property
    def notes_(self) -> tuple[str, ...]:
        """What was chosen inside the training contexts, for the report: stable keys."""
        view = {"within": "within-context", "adjusted": "do-view"}.get(
            self.answer_, "do-view" if self.view_ == "do" else "pooled"
        )
        found = (view, "interventions") if self.intervention_ else (view,)
        found = (*found, "kernel-head") if self.answer_ == "head" else found
        return (
            (*found, "no-overlap") if self.overlap_ is not None and self.overlap_ < LEAST_OVERLAP else found
        )

    # Fitting --------------------------------------------------------------------------------

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

    @property
    def heterogeneity_(self) -> dict[str, float]:
        """Numeric input -> standard deviation over contexts of its own slope, in target units per
        interquartile range; empty where no modifier was declared or found."""
        if self.slopes_ is None:
            return {}
        names = [self.code_.design.names[j] for j in self.code_.owner[: self.code_.numeric]]
        return dict(zip(names, self.slopes_.spread.tolist(), strict=True))

    def _device(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)

    def _class_count(self) -> int:
        raise NotImplementedError

    def _numbered(self, y: Any, rows: int) -> tuple[npt.NDArray[np.bool_], Array]:
        """Which labels can be used, and these as `fit` uses them; ValueError if not as many as rows."""
        raise NotImplementedError

    def _as_estimate(self, output: Array) -> Array:
        """What `estimate` returns for the output (n, 1) values or (n, k) probabilities of a view."""
        raise NotImplementedError

    # Predicting -----------------------------------------------------------------------------

    def adapt(self, X: Any) -> Self:
        """A copy for the new context that the unlabelled rows X (m, p) come from: batch mode.

        Its predictions without context read every number less a learned share of the context's
        own mean and spread, where that predicted left-out training contexts better than the blind
        view; else, and with fewer than 10 rows, they are the blind ones (`notes_` says which). A
        prediction depends on these rows X and on no other row of its call.

        Raises  FitError if `within` was not set when the model was fitted
        """
        check_is_fitted(self, "code_")
        if not self.within:
            raise FitError(
                "The encoder was fitted without what batch mode needs.",
                remedy="Fit it with within=True.",
            )
        own = copy(self)
        u = self._code(X)
        if self.within_ is not None and self.typical_ is not None and len(u) >= LEAST_BATCH:
            own.answer_ = "within"
            own.place_ = self.typical_.place(u[:, : self.code_.numeric], self.code_.observed(u))
        elif own.answer_ == "head" and self.head_ is not None and len(u) >= LEAST_BATCH:
            own.head_place_ = self.head_.head.place(u, self._network_estimate(u))
        return own

    def calibrate(self, X: Any, y: Any) -> Self:
        """A copy for the new context that the k labelled rows X (k, p), y (k,) come from: k-shot mode.

        Its predictions without context are moved to the level of these rows: by k / (k + sigma^2 /
        tau^2) of their mean residual, by the most probable shift of the log-probabilities for
        classes, and from 10 rows on by a slope too where that won inside. View (pooled or do, and
        within on an adapted copy), slope and both variances come from training contexts predicted
        by members that never saw them; without such contexts nothing is moved.

        y  as given to `fit`; rows of a class unknown to `fit` are passed over
        """
        u = self._code(X)
        known, labels = self._numbered(y, len(u))
        own = copy(self)
        if self.head_ is not None and self.head_.shots and self.answer_ != "within" and known.any():
            own.answer_ = "head"
            own.head_shots_ = self.head_.head.conditioned(
                u[known], self._network_estimate(u[known]), labels, self.head_place_
            )
            return own
        views = list(dict.fromkeys([self.answer_, "blind", "adjusted"]))
        views = [view for view in views if view in self.left_out_rows_.estimate]
        estimate = {view: self._estimated(view, u[known]) for view in views}
        own.answer_, own.shift_ = calibration(self.left_out_rows_, views, labels, estimate)
        return own

    def rehearse(self, X: Any, y: Any, draws: Sequence[Rehearsal]) -> list[Array]:
        """See `models.contract.RehearsedShots`; NaN for rows that no member left out.

        The spread of the contexts and the choice of the view have seen the drawn context, the
        answers that are moved have not.
        """
        views = [view for view in (self.answer_, "blind", "adjusted") if view in self.left_out_rows_.estimate]
        views = list(dict.fromkeys(views))
        place = np.full(len(X), -1)
        place[self.kept_] = np.arange(len(self.kept_))
        if self.head_ is not None and self.head_.shots:
            return self._head_rehearsed(self.head_, place, draws)
        return rehearsed(self.left_out_rows_, views, place, draws)

    def _head_rehearsed(
        self, chosen: ChosenHead, place: npt.NDArray[np.int64], draws: Sequence[Rehearsal]
    ) -> list[Array]:
        kept = [Rehearsal(*(p[p >= 0] for p in (place[draw.few], place[draw.rest]))) for draw in draws]
        told = []
        for draw, answer in zip(draws, chosen.head.rehearsed(kept), strict=True):
            out = np.full((len(draw.rest), *answer.shape[1:]), np.nan)
            out[place[draw.rest] >= 0] = answer
            told.append(out)
        return told

    def _network_estimate(self, u: Array) -> Array:
        """(n,) or (n, k): the network's own answer for a new context."""
        return self._as_estimate(self._read("blind", u))

    def _estimated(self, view: str, u: Array) -> Array:
        return self._headed(u) if view == "head" else self._as_estimate(self._read(view, u))

    def _headed(self, u: Array) -> Array:
        """(n,) or (n, k): the head's answer for a new context, an adapted or a labelled one."""
        assert self.head_ is not None
        head, estimate = self.head_.head, self._network_estimate(u)
        if self.head_shots_ is not None:
            return self.head_shots_(u, estimate)
        return (
            head.blind(u, estimate) if self.head_place_ is None else head.batch(u, estimate, self.head_place_)
        )

    def _read(self, view: str, u: Array) -> Array:
        """(n, 1) values or (n, k) probabilities of one view, for a new context."""
        if view == "within":
            assert self.within_ is not None and self.place_ is not None
            return self.within_.plain(with_place(u, self.code_.observed(u), self.place_))
        if view == "adjusted":
            return self.adjusted_.do(u)
        return self.blind_.do(u) if self.view_ == "do" else self.blind_.plain(u)

    def _blind(self, X: Any) -> Array:
        """(n,) or (n, k): what `predict` says without context."""
        estimate = self._estimated(self.answer_, self._code(X))
        return estimate if self.shift_ is None else self.shift_(estimate)

    def _known(self, X: Any, context: Any) -> Array:
        """Own effects for levels seen in training; rows without any such level are blind."""
        u = self._code(X)
        labelled = labels(context, len(u))
        missing = [name for name in self.levels_.names if name not in labelled.columns]
        if missing:
            raise FitError(
                f"The context column '{missing[0]}' that the model was trained with is missing.",
                remedy="Give the context columns of training, or none for a new context.",
            )
        index = self.levels_.index(labelled[list(self.levels_.names)])
        known = (index < self.levels_.total).any(axis=1)
        out = self._blind(X)
        if known.any():
            output = self.adjusted_.known(u[known], index[known])
            if self.slopes_ is not None:
                output = output + self.slopes_.shift(u[known], index[known])[:, None]
            out[known] = self._as_estimate(output)
        return out

    def _do(self, X: Any) -> Array:
        """Raises FitError where contexts do not overlap in the inputs."""
        check_is_fitted(self, "code_")
        check_overlap(self.overlap_)
        return self._as_estimate(self.adjusted_.do(self._code(X)))

    def _code(self, X: Any) -> Array:
        check_is_fitted(self, "code_")
        return self.code_(input_frame(self, X))

    def embed(self, X: Any) -> Array:
        """(n, members * embedding) unit vectors; their inner product is the mean cosine."""
        return self.blind_.embedding(self._code(X))

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
