"""From the trained members of one fold to its views: left-out predictions first, then the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from tabcouce.encoder.backdoor import Prior
from tabcouce.encoder.calibration_slope import CalibrationSlope
from tabcouce.encoder.checkpoints import MemberPath, TrainingPath
from tabcouce.encoder.fitted_view import FittedView, Outputs, TargetUnits
from tabcouce.encoder.inner_selection import Choice, InnerTrial, choose, held_out_loss
from tabcouce.encoder.member_task import MemberTask, TrainedMember
from tabcouce.encoder.members import FirstTraining, FoldRows, Variant, target_units
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.plan import Plan


@dataclass(frozen=True)
class Trained:
    """One trained member, what it was trained for and how."""

    variant: Variant
    task: MemberTask
    member: TrainedMember
    path: MemberPath | None = None

    @property
    def first(self) -> FirstTraining:
        """What a second training takes over."""
        return FirstTraining(self.task.penalty, self.member.look)


@dataclass(frozen=True)
class ChosenVariants:
    """How the variants did on contexts that their members never saw, and which are kept for what."""

    choice: Choice
    trials: tuple[InnerTrial, ...]
    left_out: Mapping[Variant, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class FittedFold:
    """The views of one fold, and how they did on contexts that their members never saw.

    blind     what predicts a new context, shrunken by `slope`
    adjusted  what predicts a known one and do(x); never shrunken
    within    what predicts a new context with unlabelled rows; None where not trained or not better
    left_out  (n, k) of each variant kept: prediction of every row by members that never saw the
              row's held-out context; NaN where no member held it out; slope.left_out is the blind one's
    """

    blind: FittedView
    adjusted: FittedView
    within: FittedView | None
    choice: Choice
    trials: tuple[InnerTrial, ...]
    slope: CalibrationSlope
    left_out: Mapping[Variant, npt.NDArray[np.float64]]
    path: TrainingPath | None = None
    """Of the blind view's members, where checkpoints were asked for."""


def chosen_variants(
    fold: FoldRows, trained: Sequence[Trained], shape: NetShape, plan: Plan
) -> ChosenVariants:
    """Predict every held-out block and choose the variants by it."""
    left_out = {
        variant: left_out_prediction(fold, [t for t in trained if t.variant == variant], shape)
        for variant in plan.variants
    }
    trials = tuple(inner_trial(fold, variant, left_out[variant]) for variant in plan.variants)
    return ChosenVariants(choose(trials, view=plan.view, interventions=plan.interventions), trials, left_out)


def fitted_fold(
    fold: FoldRows, chosen: ChosenVariants, trained: Sequence[Trained], shape: NetShape
) -> FittedFold:
    """Join the members of the chosen variants; trained: theirs, of others it may hold more."""
    choice = chosen.choice
    own = {variant: [t for t in trained if t.variant == variant] for variant in choice.kept}
    kept = {variant: _joined(fold, own[variant], shape) for variant in choice.kept}
    slope = CalibrationSlope.of(chosen.left_out[choice.blind], fold.y, fold.unit, fold.classes)
    blind = kept[choice.blind]
    return FittedFold(
        blind=blind.shrunk(slope.share, slope.centre) if slope.share < 1 else blind,
        adjusted=kept[choice.known],
        within=kept[choice.within] if choice.within else None,
        choice=choice,
        trials=chosen.trials,
        slope=slope,
        left_out={variant: chosen.left_out[variant] for variant in choice.kept},
        path=_path(fold, own[choice.blind], shape, slope.share),
    )


def _path(fold: FoldRows, trained: Sequence[Trained], shape: NetShape, share: float) -> TrainingPath | None:
    paths = tuple(one.path for one in trained if one.path is not None)
    if not paths:
        return None
    scale = share * np.array([target_units(fold, one.task.train)[1] for one in trained])
    return TrainingPath(trained[0].variant.net_shape(shape), paths, scale, fold.code.owner)


def left_out_prediction(
    fold: FoldRows, trained: Sequence[Trained], shape: NetShape
) -> npt.NDArray[np.float64]:
    """(n, k) mean prediction of the members that held the row out; nothing of the block is used.

    A member keeps its best look at the block and its penalty of the straight line, both judged on
    the block: a selection among a few dozen nets, not a fit.
    """
    total = np.zeros((len(fold.y), shape.outputs))
    count = np.zeros((len(fold.y), 1))
    u = fold.inputs(trained[0].variant).astype(float)
    for one in trained:
        held = one.task.held
        if not len(held):
            continue
        view = _view(fold, [one], shape)
        outputs = _outputs(fold, [one], view, u)
        if one.variant.use_context:
            view.learn_effects(outputs, fold.y, fold.index, [one.task.train])
            total[held] += view.do(u[held])
        else:
            total[held] += view.each(torch.as_tensor(outputs[:, held]))[0].numpy()
        count[held] += 1
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def inner_trial(fold: FoldRows, variant: Variant, prediction: npt.NDArray[np.float64]) -> InnerTrial:
    """Mean loss of each held-out context."""
    scored = np.isfinite(prediction[:, 0])
    variance = float(fold.y.var()) or 1.0
    loss = held_out_loss(prediction[scored], fold.y[scored], variance)
    unit, place, count = np.unique(fold.unit[scored], return_inverse=True, return_counts=True)
    return InnerTrial(variant, unit, np.bincount(place, weights=loss, minlength=len(unit)) / count)


def _view(fold: FoldRows, trained: Sequence[Trained], shape: NetShape) -> FittedView:
    """The members of one variant as trained."""
    units = [target_units(fold, one.task.train) for one in trained]
    rows = trained[0].task.train if len(trained) == 1 else np.arange(len(fold.y))
    variant = trained[0].variant
    return FittedView.of(
        variant.net_shape(shape),
        [one.member.weights for one in trained],
        TargetUnits(np.array([np.full(shape.outputs, c) for c, _ in units]), np.array([s for _, s in units])),
        Prior.of(fold.index[rows]),
        variant.use_context,
    )


def _outputs(
    fold: FoldRows, trained: Sequence[Trained], view: FittedView, u: npt.NDArray[np.float64]
) -> Outputs:
    """(M, n, k) of the fold's rows u (n, .); without context effects the intercepts are learnt first."""
    if view.use_context:
        return view.outputs(u, fold.index)
    return view.learn_intercepts(view.outputs(u, None), fold.y, [one.task.train for one in trained])


def _joined(fold: FoldRows, trained: Sequence[Trained], shape: NetShape) -> FittedView:
    u = fold.inputs(trained[0].variant).astype(float)
    view = _view(fold, trained, shape)
    outputs = _outputs(fold, trained, view, u)
    view.learn_effects(outputs, fold.y, fold.index, [np.arange(len(fold.y))] * len(trained))
    return view
