"""The members of one fold: what each learns from, what it never sees, and where it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.encoder.backdoor import ContextLevels, intercepts, level_counts, shrinkage
from tabcouce.encoder.column_code import ColumnCode
from tabcouce.encoder.context_graph import summed_over
from tabcouce.encoder.front_scale import front_start
from tabcouce.encoder.held_out import context_blocks, held_out_unit
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.linear_start import linear_start, within
from tabcouce.encoder.member_task import MemberTask
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.proxies import TargetBins
from tabcouce.encoder.ramps import Ramps
from tabcouce.encoder.within_context import TypicalContext, half_open, places, with_place
from tabcouce.models.scaling import RobustScale

BLOCKS = 5
"""Blocks where one or two members are trained: each leaves out a fifth of the contexts, not more."""


@dataclass(frozen=True)
class Variant:
    """One way to train: with context effects or pooled, with interventions or without.

    within  reads every number less a learned share of its context's place (batch mode)
    """

    use_context: bool
    intervene: bool
    within: bool = False

    @property
    def linear_skip(self) -> bool:
        """Whether a straight line on the columns that are not swapped stands beside the network.

        Without interventions it costs more than it gains (benchmarks/results/encoder_skip_unseen.json);
        with them it holds the network to what is not swapped (C6 in couce_claims.json).
        """
        return self.intervene

    def net_shape(self, shape: NetShape) -> NetShape:
        """The shape of its networks, from what all variants share."""
        return replace(shape, within=self.within, linear_skip=self.linear_skip)


@dataclass(frozen=True)
class FirstTraining:
    """What a member's held-out block chose, for a second training that learns from all rows."""

    penalty: float
    look: int


@dataclass(frozen=True)
class FoldRows:
    """The training rows of one fold, coded by statistics of these rows only.

    u        (n, q) float32 code; index (n, c) level numbers of the columns with atoms
    joint    (n,) combination of all context columns, those without atoms too
    y        (n,) value or class number; classes: 0 for regression
    blocks   (n,) block number; the rows of a held-out context share one
    unit     (n,) what an inner comparison counts as independent: context level, or the row
    typical  what contexts are measured against; None where no context column can be held out
    """

    code: ColumnCode
    levels: ContextLevels
    u: npt.NDArray[np.float32]
    index: npt.NDArray[np.int64]
    joint: npt.NDArray[np.int64]
    y: npt.NDArray[np.float64]
    classes: int
    blocks: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    typical: TypicalContext | None

    def inputs(self, variant: Variant) -> npt.NDArray[np.float32]:
        """(n, .) what the variant's network reads of every row; a measured context has its own place."""
        if not variant.within:
            return self.u
        assert self.typical is not None
        u = self.u.astype(float)
        observed = self.code.observed(u)
        place = places(self.typical, u[:, : self.code.numeric], observed, self.unit)
        return with_place(u, observed, place).astype(np.float32)

    @property
    def has_context(self) -> bool:
        """Whether there is more than one context to tell apart."""
        return self.index.shape[1] > 0 and len(np.unique(self.index, axis=0)) > 1

    @classmethod
    def of(
        cls,
        X: pd.DataFrame,
        y: npt.NDArray[np.float64],
        context: pd.DataFrame,
        *,
        classes: int,
        held_out: str | None,
        seed: int,
        members: int = 1,
        graphs: Mapping[str, str] | None = None,
    ) -> FoldRows:
        """Three members or more hold out a block each, so that every context is held out by one.

        members  how many will be trained
        graphs   what context columns are to the process, where declared (`context_graph`)
        """
        code = ColumnCode.of(X)
        everything = ContextLevels.of(context).index(context)
        joint = np.unique(everything, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        summed = context[summed_over(context.columns, graphs or {})]
        levels = ContextLevels.of(summed)
        index = levels.index(summed)
        unit = held_out_unit(context, held_out)
        u = code(X)
        numbers, grouped = u[:, : code.numeric], len(np.unique(unit)) < len(unit)
        return cls(
            code=code,
            levels=levels,
            u=u.astype(np.float32),
            index=index,
            joint=joint if everything.shape[1] else np.zeros(len(y), dtype=np.int64),
            y=y,
            classes=classes,
            blocks=context_blocks(unit, members if members > 2 else BLOCKS, seed),
            unit=unit,
            typical=TypicalContext.of(numbers, code.observed(u), unit) if grouped else None,
        )


def member_tasks(
    fold: FoldRows,
    variant: Variant,
    *,
    members: int,
    bins: int,
    budget: Budget,
    seed: int,
    piecewise: bool = False,
    feature_machine: bool = False,
    again: Sequence[FirstTraining] = (),
) -> list[MemberTask]:
    """The members of one variant; the same rows and seeds for every variant, so that they pair.

    feature_machine  whether one says where the front scale starts
    again            per member its first training; the task is then to learn from all rows
    """
    blocks = int(fold.blocks.max()) + 1

    def task(block: int, first: FirstTraining | None) -> MemberTask:
        return _of_block(fold, variant, block, bins, budget, seed, piecewise, feature_machine, first)

    if again:
        tasks = [task(m % blocks, first) for m, first in enumerate(again)]
    else:  # Members that hold out the same block differ by their seed alone.
        own = [task(block, None) for block in range(min(blocks, members))]
        tasks = [own[m % blocks] for m in range(members)]
    return [replace(one, seed=1000 * seed + m) for m, one in enumerate(tasks)]


def _of_block(
    fold: FoldRows,
    variant: Variant,
    block: int,
    bins: int,
    budget: Budget,
    seed: int,
    piecewise: bool,
    feature_machine: bool,
    first: FirstTraining | None,
) -> MemberTask:
    held = fold.blocks == block
    if held.all() or first is not None:
        held = np.zeros_like(held)
    train = np.flatnonzero(~held)
    centre_y, scale_y = target_units(fold, train)
    target = _target(fold, centre_y, scale_y)
    value, labels = _proxy_labels(fold, target, train, bins)
    u = fold.inputs(variant)
    shown = half_open(u, fold.code.numeric) if variant.within else u.astype(float)
    scale = RobustScale.of(shown[train])
    Z = scale(shown)
    inside = variant.use_context and fold.has_context
    # The straight line of an intervened member must not lean on the columns that will be swapped.
    reads = ~budget.swap if variant.intervene else np.ones_like(budget.swap)
    start = linear_start(
        Z[train] * reads,
        target[train],
        Z[held] * reads,
        target[held],
        fold.index[train] if inside else None,
        fold.index[held] if inside else None,
        first.penalty if first else None,
    )
    straight = target - start.intercept - Z @ start.weight
    count = level_counts(fold.index[train], fold.levels.total)
    shrink = np.append(shrinkage(count), 0.0) * float(inside)
    return MemberTask(
        u=u,
        target=target.astype(np.float32),
        labels=labels.astype(np.float32),
        context=fold.index,
        joint=fold.joint,
        train=train,
        held=np.flatnonzero(held),
        owner=fold.code.owner,
        centre=scale.centre,
        factor=scale.factor,
        shrink=shrink,
        frequency=np.append(count / len(train), 0.0),
        bin_value=value,
        skip=start.weight if variant.linear_skip else np.zeros_like(start.weight),
        bias=start.intercept if variant.linear_skip else target[train].mean(axis=0),
        effect=_start_effects(fold, straight, train, shrink, inside),
        ramps=_ramps(fold, Z, straight, train, reads) if piecewise else Ramps.none(),
        front=front_start(Z[train] * reads, target[train], fold.index[train] if inside else None, seed)
        if feature_machine
        else np.ones(len(scale.centre)),
        penalty=start.penalty,
        use_context=inside,
        seed=seed,
        stop=first.look if first else None,
        budget=budget if variant.intervene else None,
    )


def _ramps(
    fold: FoldRows,
    Z: npt.NDArray[np.float64],
    residual: npt.NDArray[np.float64],
    train: npt.NDArray[np.int64],
    reads: npt.NDArray[np.bool_],
) -> Ramps:
    """Thresholds of the training rows' residuals inside contexts; blanks have none."""
    p = fold.code.numeric
    rest = within(residual[train], fold.index[train]) if fold.has_context else residual[train]
    readable = fold.code.observed(fold.u[train]) & reads[:p]
    return Ramps.of(Z[train][:, :p], rest, readable)


def target_units(fold: FoldRows, train: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Centre and scale of the member's target; (0, 1) for classes."""
    if fold.classes:
        return 0.0, 1.0
    y = fold.y[train]
    spread = float(y.std())
    return float(y.mean()), spread if spread > 0 else 1.0


def _target(fold: FoldRows, centre: float, scale: float) -> npt.NDArray[np.float64]:
    if fold.classes:
        return np.eye(fold.classes)[fold.y.astype(np.int64)]
    return ((fold.y - centre) / scale)[:, None]


def _proxy_labels(
    fold: FoldRows, target: npt.NDArray[np.float64], train: npt.NDArray[np.int64], bins: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Values (K,) and soft labels (n, K) of the proxies: classes, or bins of the member's target."""
    if fold.classes:
        return np.zeros(fold.classes), target
    made = TargetBins.of(target[train, 0], bins)
    return made.value, made.soft_labels(target[:, 0])


def _start_effects(
    fold: FoldRows,
    residual: npt.NDArray[np.float64],
    train: npt.NDArray[np.int64],
    shrink: npt.NDArray[np.float64],
    inside: bool,
) -> npt.NDArray[np.float64]:
    """(L + 1, k) context effects beside the straight line, divided by the shrinkage applied later."""
    total = fold.levels.total
    effect = np.zeros((total + 1, residual.shape[1]))
    if inside:
        for k in range(residual.shape[1]):
            rest = residual[train, k] - residual[train, k].mean()
            effect[:, k] = intercepts(rest, fold.index[train], total)
    return np.divide(effect, shrink[:, None], out=np.zeros_like(effect), where=shrink[:, None] > 0)


def pack_sizes(tasks: Sequence[MemberTask]) -> tuple[int, int]:
    """Largest number of inputs and of context levels among tasks."""
    return max(len(t.centre) for t in tasks), max(len(t.shrink) - 1 for t in tasks)
