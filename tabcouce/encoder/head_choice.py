"""Whether the kernel head answers: where it predicts left-out contexts better, for each mode.

Better is less loss; of classes it must also rank the rows no worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from tabcouce.encoder.head_contexts import HeadContexts, context_code
from tabcouce.encoder.inner_selection import held_out_loss
from tabcouce.encoder.kernel_head import LEAST_ROWS, KernelHead
from tabcouce.encoder.members import FoldRows
from tabcouce.encoder.shots import LeftOutRows, best_view, paired, rehearsed, shots_loss
from tabcouce.models.contract import Rehearsal

Array = npt.NDArray[np.float64]

SHOTS = 5
CONTEXTS = 12
"""Contexts whose labelled rows are rehearsed, the largest first."""
DRAWS = 3
MANY = 50
"""Labelled rows of a context past which its level is known well enough."""


@dataclass(frozen=True)
class ChosenHead:
    """A fitted head and the modes in which it is believed more than the network alone."""

    head: KernelHead
    blind: bool
    shots: bool
    known: HeadContexts | None = None
    """How contexts are numbered, where it is believed for those of training."""


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
    code = context_code(fold)
    head = KernelHead.of(
        fold.u.astype(float),
        estimate,
        fold.y,
        numeric=fold.code.numeric,
        classes=fold.classes,
        moved=moved,
        code=code,
        blocks=fold.blocks,
        seed=seed,
    )
    ranks = not fold.classes or ranking(fold.y, head.left_out) >= ranking(fold.y, estimate)
    blind = ranks and mean_loss(fold, head.left_out) < mean_loss(fold, estimate)
    shots = fold.typical is not None and _better_shots(fold, rows, head, seed)
    known = HeadContexts.of(code, fold.index) if fold.typical is not None else None
    if known is not None and not _better_known(fold, rows, head, seed):
        known = None
    return ChosenHead(head, blind, shots, known) if blind or shots or known else None


def ranking(y: Array, estimate: Array) -> float:
    """Mean over classes of the AUC against all others; estimate (n, k) probabilities.

    The kernel's squared error says little of a rare class: its log-loss may be the lower one where it
    puts the faults in no order at all (injection_molding in benchmarks/results/verdict_targets.md).
    """
    present = [c for c in range(estimate.shape[1]) if 0 < (y == c).sum() < len(y)]
    return float(np.mean([roc_auc_score(y == c, estimate[:, c]) for c in present])) if present else 0.5


def mean_loss(fold: FoldRows, estimate: Array) -> float:
    """Mean over held-out contexts of the loss of left-out answers."""
    loss = held_out_loss(estimate.reshape(len(fold.y), -1), fold.y, float(fold.y.var()) or 1.0)
    _, place, count = np.unique(fold.unit, return_inverse=True, return_counts=True)
    return float((np.bincount(place, weights=loss) / count).mean())


def _better_shots(fold: FoldRows, rows: LeftOutRows, head: KernelHead, seed: int) -> bool:
    """Whether five labelled rows of a left-out context serve the head better than the network."""
    view = best_view(rows, tuple(rows.estimate), SHOTS)
    network = shots_loss(rows, view, SHOTS)
    units = _largest(fold, list(network))
    if not units:
        return False
    draws = _draws(fold, units, SHOTS, seed)
    told = list(head.rehearsed(draws))
    mine = float(np.mean(list(_losses(fold, draws, told).values())))
    if mine >= float(np.mean([network[unit] for unit in units])):
        return False
    if not fold.classes:
        return True
    return _ranks_no_worse(fold, draws, told, rehearsed(rows, (view,), np.arange(len(fold.y)), draws))


def _better_known(fold: FoldRows, rows: LeftOutRows, head: KernelHead, seed: int) -> bool:
    """Whether half of its rows, labelled, serve the head better than the network (`Comparison.wins`).

    That comes near to a known context. The network has learnt from all of its rows, which a rehearsal
    cannot show; so the head must win clearly.
    """
    view = "adjusted" if "adjusted" in rows.estimate else "blind"
    level, count = np.unique(fold.unit, return_counts=True)
    draws = _draws(fold, _largest(fold, level[count > 1].tolist()), None, seed)
    told = list(head.rehearsed(draws))
    network = rehearsed(rows, (view,), np.arange(len(fold.y)), draws)
    if not paired(_losses(fold, draws, network), _losses(fold, draws, told)).wins:
        return False
    return not fold.classes or _ranks_no_worse(fold, draws, told, network)


def _largest(fold: FoldRows, units: Sequence[int]) -> list[int]:
    return sorted(units, key=lambda unit: -int((fold.unit == unit).sum()))[:CONTEXTS]


def _draws(fold: FoldRows, units: Sequence[int], shots: int | None, seed: int) -> list[Rehearsal]:
    """Labelled and other rows of each context, drawn DRAWS times; None: half of them, at most MANY."""
    rng = np.random.default_rng([seed, 4])
    draws: list[Rehearsal] = []
    for unit in units:
        own = np.flatnonzero(fold.unit == unit)
        k = shots or min(len(own) // 2, MANY)
        orders = [rng.permutation(own) for _ in range(DRAWS)]
        draws += [Rehearsal(np.sort(order[:k]), np.sort(order[k:])) for order in orders]
    return draws


def _losses(fold: FoldRows, draws: Sequence[Rehearsal], told: Sequence[Array]) -> dict[int, float]:
    """Per context the mean over draws of the loss of what was told of its rows without labels."""
    variance = float(fold.y.var()) or 1.0
    losses: dict[int, list[float]] = {}
    for one, draw in zip(told, draws, strict=True):
        loss = held_out_loss(one.reshape(len(draw.rest), -1), fold.y[draw.rest], variance).mean()
        losses.setdefault(int(fold.unit[draw.rest[0]]), []).append(float(loss))
    return {unit: float(np.mean(found)) for unit, found in losses.items()}


def _ranks_no_worse(
    fold: FoldRows, draws: Sequence[Rehearsal], told: Sequence[Array], network: Sequence[Array]
) -> bool:
    y = fold.y[np.concatenate([draw.rest for draw in draws])]
    return ranking(y, np.vstack(told)) >= ranking(y, np.vstack(network))
