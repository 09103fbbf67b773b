"""What a fitted encoder answers: blind, for an adapted or a labelled new context, known, and do(x)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from tabcouce.encoder.backdoor import ContextLevels
from tabcouce.encoder.checkpoints import TrainingPath
from tabcouce.encoder.column_code import ColumnCode
from tabcouce.encoder.fitted_view import FittedView, GroupAnswers
from tabcouce.encoder.head_choice import ChosenHead
from tabcouce.encoder.inner_selection import InnerTrial
from tabcouce.encoder.input_rows import input_frame, labels
from tabcouce.encoder.kernel_head import HeadShots
from tabcouce.encoder.overlap import LEAST_OVERLAP, check_overlap
from tabcouce.encoder.random_slopes import RandomSlopes
from tabcouce.encoder.settings import CouceSettings
from tabcouce.encoder.shots import LeftOutRows, Shift, calibration, rehearsed
from tabcouce.encoder.within_context import TypicalContext, with_place
from tabcouce.errors import FitError
from tabcouce.models.contract import Rehearsal

Array = npt.NDArray[np.float64]

LEAST_BATCH = 10
"""Unlabelled rows below which a new context's place says too little to be used."""


class CouceAnswers(CouceSettings):
    """Fitted attributes, and the answers they give."""

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

    @property
    def heterogeneity_(self) -> dict[str, float]:
        """Numeric input -> standard deviation over contexts of its own slope, in target units per
        interquartile range; empty where no modifier was declared or found."""
        if self.slopes_ is None:
            return {}
        names = [self.code_.design.names[j] for j in self.code_.owner[: self.code_.numeric]]
        return dict(zip(names, self.slopes_.spread.tolist(), strict=True))

    def _numbered(self, y: Any, rows: int) -> tuple[npt.NDArray[np.bool_], Array]:
        """Which labels can be used, and these as `fit` uses them; ValueError if not as many as rows."""
        raise NotImplementedError

    def _as_estimate(self, output: Array) -> Array:
        """What `estimate` returns for the output (n, 1) values or (n, k) probabilities of a view."""
        raise NotImplementedError

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
        if known.all():
            return self._of_known(u, index)
        out = self._blind(X)
        if known.any():
            out[known] = self._of_known(u[known], index[known])
        return out

    def _of_known(self, u: Array, index: npt.NDArray[np.int64]) -> Array:
        """(n,) or (n, k) for rows of training contexts; index (n, c) level numbers."""
        if self.head_ is not None and self.head_.known is not None and self.slopes_ is None:
            return self.head_.head.known(u, self._network_estimate(u), self.head_.known(index))
        output = self.adjusted_.known(u, index)
        if self.slopes_ is not None:
            output = output + self.slopes_.shift(u, index)[:, None]
        return self._as_estimate(output)

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

    def by_group(self, X: Any, hidden: npt.NDArray[np.bool_] | None = None) -> GroupAnswers:
        """What the groups of columns read and say of rows X, without context.

        hidden  (p,) columns that no group may attend to
        Raises  FitError if `groups` was not set when the model was fitted
        """
        check_is_fitted(self, "code_")
        if not self.groups:
            raise FitError("The encoder was fitted without groups.", remedy="Fit it with groups=3.")
        return self.blind_.by_group(self._code(X), hidden)
