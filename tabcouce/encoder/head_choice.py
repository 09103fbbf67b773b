"""Whether the kernel head answers: where it predicts left-out contexts better, for each mode.

Better is less loss; of classes it must also rank the rows no worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from tabcouce.encoder.inner_selection import held_out_loss
from tabcouce.encoder.kernel_head import LEAST_ROWS, KernelHead
from tabcouce.encoder.members import FoldRows
from tabcouce.encoder.shots import LeftOutRows, best_view, rehearsed, shots_loss
from tabcouce.models.contract import Rehearsal

Array = npt.NDArray[np.float64]

SHOTS = 5
CONTEXTS = 12
"""Contexts whose labelled rows are rehearsed, the largest first."""
DRAWS = 3


@dataclass(frozen=True)
class ChosenHead:
    """A fitted head and the modes in which it is believed more than the network alone."""

    head: KernelHead
    blind: bool
    shots: bool


def chosen_head(
    fold: FoldRows, rows: LeftOutRows, moved: npt.NDArray[np.bool_], seed: int
) -> ChosenHead | None:
    """None where it is believed in no mode, or rows were not all held out by a member.

    rows   the fold's rows with the network's left-out answers under 'blind'
    moved  (q,) network inputs that interventions move
    """
    estimate = rows.estimate["blind"]
    if len(fold.y) < LEAST_ROWS or not np.isfinite(estimate).all():
        return None
    head = KernelHead.of(
        fold.u.astype(float),
        estimate,
        fold.y,
        numeric=fold.code.numeric,
        classes=fold.classes,
        moved=moved,
        code=context_code(fold),
        blocks=fold.blocks,
        seed=seed,
    )
    ranks = not fold.classes or ranking(fold.y, head.left_out) >= ranking(fold.y, estimate)
    blind = ranks and mean_loss(fold, head.left_out) < mean_loss(fold, estimate)
    shots = fold.typical is not None and _better_shots(fold, rows, head, seed)
    return ChosenHead(head, blind, shots) if blind or shots else None


def ranking(y: Array, estimate: Array) -> float:
    """Mean over classes of the AUC against all others; estimate (n, k) probabilities.

    The kernel's squared error says little of a rare class: its log-loss may be the lower one where it
    puts the faults in no order at all (injection_molding in benchmarks/results/verdict_targets.md).
    """
    present = [c for c in range(estimate.shape[1]) if 0 < (y == c).sum() < len(y)]
    return float(np.mean([roc_auc_score(y == c, estimate[:, c]) for c in present])) if present else 0.5


def context_code(fold: FoldRows) -> npt.NDArray[np.int64]:
    """(n, c) level per context column, the one that members hold out first; c = 0 where none can be."""
    if fold.typical is None:
        return np.zeros((len(fold.y), 0), dtype=np.int64)
    columns = [np.unique(fold.unit, return_inverse=True)[1]]
    for own in fold.index.T:
        level = np.unique(own, return_inverse=True)[1]
        if level.max() > 0 and not np.array_equal(level, columns[0]):
            columns.append(level)
    return np.column_stack(columns).astype(np.int64)


def mean_loss(fold: FoldRows, estimate: Array) -> float:
    """Mean over held-out contexts of the loss of left-out answers."""
    loss = held_out_loss(estimate.reshape(len(fold.y), -1), fold.y, float(fold.y.var()) or 1.0)
    _, place, count = np.unique(fold.unit, return_inverse=True, return_counts=True)
    return float((np.bincount(place, weights=loss) / count).mean())


def _better_shots(fold: FoldRows, rows: LeftOutRows, head: KernelHead, seed: int) -> bool:
    """Whether five labelled rows of a left-out context serve the head better than the network."""
    view = best_view(rows, tuple(rows.estimate), SHOTS)
    network = shots_loss(rows, view, SHOTS)
    units = sorted(network, key=lambda unit: -int((fold.unit == unit).sum()))[:CONTEXTS]
    rng = np.random.default_rng([seed, 4])
    variance, mine, theirs = float(fold.y.var()) or 1.0, [], []
    scored: list[Rehearsal] = []
    answers: list[Array] = []
    for unit in units:
        own = np.flatnonzero(fold.unit == unit)
        orders = [rng.permutation(own) for _ in range(DRAWS)]
        draws = [Rehearsal(np.sort(order[:SHOTS]), np.sort(order[SHOTS:])) for order in orders]
        told = list(head.rehearsed(draws))
        scored, answers = scored + draws, answers + told
        losses = [
            held_out_loss(one.reshape(len(draw.rest), -1), fold.y[draw.rest], variance).mean()
            for one, draw in zip(told, draws, strict=True)
        ]
        mine.append(float(np.mean(losses)))
        theirs.append(network[unit])
    if not mine or float(np.mean(mine)) >= float(np.mean(theirs)):
        return False
    if not fold.classes:
        return True
    y = fold.y[np.concatenate([draw.rest for draw in scored])]
    others = rehearsed(rows, (view,), np.arange(len(fold.y)), scored)
    return ranking(y, np.vstack(answers)) >= ranking(y, np.vstack(others))
