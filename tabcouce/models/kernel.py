"""The kernel expert: a recursive feature machine with a random intercept per context."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import FitError
from tabcouce.models.class_odds import ClassOdds
from tabcouce.models.context_code import ContextCode
from tabcouce.models.contract import Rehearsal, State
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    TargetRange,
    checked_target,
    plain,
    task_classes,
)
from tabcouce.models.feature_machine import Metric
from tabcouce.models.inner_split import InnerFold, inner_folds
from tabcouce.models.kernel_choice import Choice, Setting, choose
from tabcouce.models.kernel_inputs import KernelInputs
from tabcouce.models.kernel_intercept import Conditioned
from tabcouce.models.kernel_machine import KernelMachine
from tabcouce.models.kernel_rows import MODES, KernelRows, Mode
from tabcouce.models.within import shrunken_means

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
CHOICE_ROWS = 700
"""Kernel, ridge and metric are chosen on at most this many rows; the fit then uses all it may."""


@dataclass(frozen=True)
class Shots:
    """A new context of which some rows are labelled.

    Z, mean  (k, q) scaled rows, (q,) shrunken mean of the context; fit: coefficients given the labels
    """

    Z: Floats
    mean: Floats
    fit: Conditioned


class KernelModel(PanelEstimator):
    """Kernel ridge regression in a learnt metric, y = f(x) + b_context + e, all choices in closed form.

    f has a Laplace kernel of a metric learnt from the fit's own gradients (xRFM, Beaglehole et
    al., 2025) and a straight line; b is a random intercept per level of each context column. Rows
    are compared as read, relative to the shrunken mean of their context, or both. For each way to
    predict (blind, known, batch, shots) kernel, ridge, intercept variance and view are those of
    least error on training contexts left out, from the inverse by blocks, without a refit; with
    no context rows are left out. Classes: one regression each on centred membership, then a
    calibration on the left-out scores.

    max_rows   training rows used at most, drawn evenly from the contexts; memory grows as its square
    choice_rows  rows on which kernel, ridge and metric are chosen at most; most of the time goes there

    settings_    mode -> chosen `Setting`
    importance_  (p,) share of each input in the learnt metric of the blind machine
    left_out_    (n,) or (n, k) see `CrossEstimated`
    rows_used_   training rows used
    """

    def __init__(
        self,
        task: ModelTask = "regression",
        seed: int = 0,
        max_rows: int = 4000,
        choice_rows: int = CHOICE_ROWS,
    ) -> None:
        self.task = task
        self.seed = seed
        self.max_rows = max_rows
        self.choice_rows = choice_rows

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        target = checked_target(X, y, self.task)
        if context is not None and len(context) != len(X):
            raise FitError(f"The context has {len(context)} rows but the inputs have {len(X)}.")
        self.classes_ = task_classes(target, self.task)
        self.range_ = TargetRange.of(target)
        self.inputs_ = KernelInputs.of(X)
        self.contexts_ = ContextCode.of(context)
        Z, code = self.inputs_(X), self.contexts_(context, len(X))
        self.code_ = code
        label = code[:, 0] if code.shape[1] else np.full(len(X), -1)
        levels = len(self.contexts_.levels[0]) if code.shape[1] else 0
        self.means_ = shrunken_means(Z, label, levels)
        outputs = self._outputs(target)
        self.centre_ = outputs.mean(axis=0)
        self.scale_ = float(np.sqrt(outputs.var(axis=0).mean())) or 1.0
        every = KernelRows(
            Z, self._standardised(target), code, self._context_means(code), self.inputs_.movable
        )
        kept = spread_rows(label, self.max_rows, self.seed)
        rows = every.of(kept)
        chosen = rows.of(spread_rows(label[kept], self.choice_rows, self.seed))
        choice = choose(chosen, self.seed)
        self.settings_ = choice.settings()
        self.rows_used_ = len(kept)
        self._fit_machines(rows)
        folds = inner_folds(target, context, folds=4, classes=len(self.classes_) > 0, seed=self.seed)
        score = self._leave_out(every, kept, choice, folds)
        member = every.y * self.scale_ + self.centre_
        self.odds_ = ClassOdds.of(score, member) if len(self.classes_) else None
        self._keep_left_out(target, context, self._answer(score))
        self.shots_: Shots | None = None
        self.fresh_mean_: Floats | None = None
        return self

    def _fit_machines(self, rows: KernelRows) -> None:
        made: dict[int, KernelMachine] = {}
        self.machines_: dict[Mode, KernelMachine] = {}
        for mode in MODES:
            setting = self.settings_[mode]
            if id(setting) not in made:
                made[id(setting)] = KernelMachine.of(setting, rows)
            self.machines_[mode] = made[id(setting)]

    def _leave_out(
        self, every: KernelRows, kept: Codes, choice: Choice, folds: Sequence[InnerFold]
    ) -> Floats:
        """(n, k) score of each row by a fit without its fold, under a setting chosen without it too.

        Folds as other models leave out, since whoever trains on more contexts looks better, and of
        the least of a hundred errors the contexts that chose it would tell too much good. The
        learnt metric has still seen them.
        """
        score = np.empty_like(every.y)
        for fold in folds:
            setting = choice.best("blind", without=np.unique(every.unit[fold.test]))
            rest = KernelMachine.of(setting, every.of(np.intersect1d(kept, fold.train)))
            score[fold.test] = rest.score(every.Z[fold.test], np.zeros(every.Z.shape[1]))
        return score

    def _outputs(self, target: Floats) -> Floats:
        if self.task == "classification":
            return (target[:, None] == self.classes_).astype(float)
        return target[:, None]

    def _standardised(self, target: Floats) -> Floats:
        return (self._outputs(target) - self.centre_) / self.scale_

    def _context_means(self, code: Codes) -> Floats:
        """(n, q) shrunken mean of each row's context; 0 for an unknown one."""
        mean = np.zeros((len(code), self.means_.shape[1]))
        if code.shape[1]:
            known = code[:, 0] >= 0
            mean[known] = self.means_[code[known, 0]]
        return mean

    def _answer(self, score: Floats, shift: Floats | float = 0.0) -> Floats:
        """Values or probabilities from smooth scores and what labelled rows of the context add."""
        if self.odds_ is not None:
            return self.odds_(score + shift)
        value = self.range_(self.centre_[0] + self.scale_ * score[:, 0])
        # Labelled rows of a context may show that it lies outside the training range.
        return value + self.scale_ * np.broadcast_to(shift, score.shape)[:, 0]

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        Z = self.inputs_(X)
        if self.shots_ is not None:
            return self._after_shots(Z, self.shots_)
        fresh = self.fresh_mean_
        new: Mode = "blind" if fresh is None else "batch"
        mean = np.zeros(Z.shape[1]) if fresh is None else fresh
        out = self._answer(self.machines_[new].score(Z, mean))
        code = self.contexts_(context, len(X))
        known = (code >= 0).any(axis=1)
        if known.any():
            machine, own = self.machines_["known"], code[known]
            score = machine.score(Z[known], self._context_means(own)) + machine.intercepts(own)
            out[known] = self._answer(score)
        return out

    def adapt(self, X: pd.DataFrame) -> Self:
        """A copy for the context of the unlabelled rows X: their shrunken mean is its operating point."""
        model = copy.copy(self)
        Z = self.inputs_(X)
        model.fresh_mean_ = shrunken_means(Z, np.zeros(len(Z), dtype=np.int64), 1)[0]
        return model

    def calibrate(self, X: pd.DataFrame, y: Floats) -> Self:
        """A copy for the context of the labelled rows X, y: exact conditioning of the mixed model."""
        Z, target = self.inputs_(X), np.asarray(y, dtype=float)
        if self.fresh_mean_ is not None:
            mean = self.fresh_mean_
        else:
            mean = shrunken_means(Z, np.zeros(len(Z), dtype=np.int64), 1)[0]
        model = copy.copy(self)
        if len(Z):
            fit = self.machines_["shots"].after(Z, self._standardised(target), mean)
            model.shots_ = Shots(Z, mean, fit)
        return model

    def _after_shots(self, Z: Floats, shots: Shots) -> Floats:
        return self._answer(*self.machines_["shots"].after_score(Z, shots.Z, shots.mean, shots.fit))

    def rehearse(self, X: pd.DataFrame, y: Floats, draws: Sequence[Rehearsal]) -> list[Floats]:
        """See `contract.RehearsedShots`; the choice of the setting has seen all training contexts."""
        Z, target = self.inputs_(X), np.asarray(y, dtype=float)
        every = KernelRows(Z, self._standardised(target), self.code_, np.zeros_like(Z), self.inputs_.movable)
        return [self._answer(*told) for told in self.machines_["shots"].rehearsed(every, draws)]

    @property
    def importance_(self) -> Floats:
        """(p,) diagonal of the blind machine's metric, summed over the columns of each input; sums to 1."""
        setting = self.settings_["blind"]
        owner = self.inputs_.columns.owner
        weight = setting.metric.weight
        owner = np.concatenate([owner, owner[self.inputs_.movable]]) if setting.view == "both" else owner
        total = np.bincount(owner, weight, minlength=len(self.inputs_.columns.matrix.names))
        return np.asarray(total / max(float(total.sum()), 1e-300), dtype=float)

    def front_scale(self) -> Floats:
        """(p,) sqrt(M_j / mean M) in [0.3, 3]: where a network may start its own column scales."""
        share = self.importance_
        return np.clip(np.sqrt(share / share.mean()), 0.3, 3.0) if share.any() else np.ones_like(share)

    def state(self) -> State:
        machines = list({id(m): m for m in self.machines_.values()}.values())
        rows = machines[0].rows
        arrays: dict[str, npt.NDArray[np.generic]] = {
            **self.inputs_.arrays(),
            "Z": rows.Z,
            "y": rows.y,
            "code": rows.code,
            "row_mean": rows.mean,
            "means": self.means_,
        }
        settings = []
        for k, machine in enumerate(machines):
            own = machine.setting
            arrays |= {f"weight_{k}": own.metric.weight, f"alpha_{k}": machine.alpha}
            settings.append(
                {
                    "modes": [mode for mode in MODES if self.machines_[mode] is machine],
                    "view": own.view,
                    "bandwidth": own.metric.bandwidth,
                    "linear": own.metric.linear,
                    "ridge": own.ridge,
                    "tau2": own.tau2,
                }
            )
        return State(
            {
                "task": self.task,
                "seed": self.seed,
                "max_rows": self.max_rows,
                "classes": plain(self.classes_),
                "range": [self.range_.lower, self.range_.upper],
                "centre": plain(self.centre_),
                "scale": self.scale_,
                "odds": None if self.odds_ is None else [self.odds_.slope, *plain(self.odds_.shift)],
                "contexts": self.contexts_.settings(),
                "machines": settings,
                **self.inputs_.settings(),
            },
            arrays,
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        settings, arrays = state.settings, state.arrays
        model = cls(settings["task"], settings["seed"], settings["max_rows"])
        model.classes_ = np.array(settings["classes"], dtype=float)
        model.range_ = TargetRange(*settings["range"])
        model.inputs_ = KernelInputs.from_state(settings, arrays)
        model.contexts_ = ContextCode.from_settings(settings["contexts"])
        model.means_ = arrays["means"]
        model.centre_, model.scale_ = np.array(settings["centre"], dtype=float), settings["scale"]
        odds = settings["odds"]
        model.odds_ = None if odds is None else ClassOdds(odds[0], np.array(odds[1:], dtype=float))
        rows = KernelRows(arrays["Z"], arrays["y"], arrays["code"], arrays["row_mean"], model.inputs_.movable)
        model.settings_, model.machines_ = {}, {}
        for k, own in enumerate(settings["machines"]):
            machine = _restored(own, arrays, k, rows)
            for mode in own["modes"]:
                model.settings_[mode], model.machines_[mode] = machine.setting, machine
        model.rows_used_ = len(rows.Z)
        model.shots_, model.fresh_mean_ = None, None
        return model


def _restored(
    own: Mapping[str, object], arrays: Mapping[str, Floats], k: int, rows: KernelRows
) -> KernelMachine:
    metric = Metric(arrays[f"weight_{k}"], own["bandwidth"], own["linear"])  # type: ignore[arg-type]
    setting = Setting(own["view"], metric, own["ridge"], own["tau2"])  # type: ignore[arg-type]
    return KernelMachine(setting, rows, arrays[f"alpha_{k}"])


def spread_rows(label: Codes, most: int, seed: int) -> Codes:
    """Sorted positions of at most `most` rows, evenly from the labels: each gives its share, large ones last.

    label  (n,) level of each row
    """
    if len(label) <= most:
        return np.arange(len(label))
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(label))
    order = shuffled[np.argsort(label[shuffled], kind="stable")]
    # Every (n / most)-th row of the rows sorted by label: proportional shares without rounding by hand.
    return np.sort(order[np.floor(np.arange(most) * (len(label) / most)).astype(np.int64)])
