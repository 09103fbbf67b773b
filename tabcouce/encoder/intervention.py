"""Randomised interventions on input columns, and the invariance they are asked to leave.

O1 virtual recalibration: a sensor reads with another offset and gain, the product is the same.
O4 donor swap: the columns that give the context away come from a row of another context.
Both keep the label. Structure after CouCE's multi-scale randomised causal intervention; the
operators are our reading of it for tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder.column_code import ColumnCode


@dataclass(frozen=True)
class Budget:
    """What may be moved in the code of one frame; every array is (q,).

    gain    standard deviation of the gain, 0 where the column is no declared sensor
    offset  standard deviation of the offset, scaled units
    origin  the column's zero in scaled units: a gain turns about the true zero, not the median
    swap    whether the input belongs to a declared proxy column (levels and flags included)
    flag    position of the input's missing flag, -1 where none
    """

    gain: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    origin: npt.NDArray[np.float64]
    swap: npt.NDArray[np.bool_]
    flag: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls, code: ColumnCode, proxies: Sequence[str], tolerances: Mapping[str, tuple[float, float]]
    ) -> Self:
        """Translate declared columns and tolerances (unit of the column) into the code's units."""
        names = [code.design.names[j] for j in code.owner]
        gain, offset, origin = np.zeros(code.width), np.zeros(code.width), np.zeros(code.width)
        for j in range(code.numeric):
            if names[j] in tolerances:
                shift, share = tolerances[names[j]]
                gain[j] = abs(share)
                offset[j] = abs(shift) * code.scale.factor[j]
                origin[j] = -code.scale.centre[j] * code.scale.factor[j]
        swap = np.array([name in set(proxies) for name in names], dtype=bool)
        return cls(gain=gain, offset=offset, origin=origin, swap=swap, flag=code.flag_of)

    @property
    def is_empty(self) -> bool:
        """Whether nothing may be moved."""
        return not (self.gain.any() or self.offset.any() or self.swap.any())


def recalibrated(
    u: Tensor, gain: Tensor, offset: Tensor, origin: Tensor, observed: Tensor | None = None
) -> Tensor:
    """O1 in scaled units: a x + o about the column's own zero.

    u (..., q) scaled input; gain, offset (..., q) drawn deviations (a - 1) and o; origin (q,)
    or broadcastable: with u = (x - c) f, a x + o becomes u + (a - 1)(u - origin) + o f, where
    origin = -c f. observed masks blank cells, which have no reading to recalibrate.
    """
    change = gain * (u - origin) + offset
    return u + (change if observed is None else change * observed)


def donors(
    context: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """For each of `rows`, a uniformly drawn one of `rows` whose context differs.

    context (n,) label number; returns (len(rows),) row numbers. A row whose context is the only
    one gets itself.
    """
    by_context = rows[np.argsort(context[rows], kind="stable")]
    label = context[by_context]
    start = np.searchsorted(label, context[rows], side="left")
    count = np.searchsorted(label, context[rows], side="right") - start
    others = len(rows) - count
    drawn = np.floor(rng.random(len(rows)) * others).astype(np.int64)
    place = np.where(drawn < start, drawn, drawn + count)
    return np.where(others > 0, by_context[np.minimum(place, len(rows) - 1)], rows)


def symmetric_kl(logits: Tensor, moved: Tensor) -> Tensor:
    """1/2 [KL(sg(p) || p~) + KL(sg(p~) || p)] over proxies, mean over rows.

    Stop-gradient on each target: neither view may pull its teacher towards itself.
    logits, moved (M, B, K); returns (M,).
    """
    log_p, log_m = F.log_softmax(logits, -1), F.log_softmax(moved, -1)
    p, m = log_p.detach().exp(), log_m.detach().exp()
    forward = (p * (log_p.detach() - log_m)).sum(-1)
    backward = (m * (log_m.detach() - log_p)).sum(-1)
    return 0.5 * (forward + backward).mean(-1)


def output_change(output: Tensor, moved: Tensor) -> Tensor:
    """The same invariance for the supervised output, which the proxies' term leaves free.

    Classes: symmetric KL. Regression: symmetric KL of two Gaussians of unit variance, D^2 / 2
    from each side, D the difference in standardised target units.
    output, moved (M, B, k); returns (M,).
    """
    if output.shape[-1] > 1:
        return symmetric_kl(output, moved)
    return (output - moved).square().mean((1, 2))


def ramp(progress: float) -> float:
    """exp(-5 (1 - t)^2): the invariance term fades in (schedule of FACT, Xu et al., CVPR 2021)."""
    return float(np.exp(-5.0 * (1.0 - min(progress, 1.0)) ** 2))


def observed_mask(u: Tensor, flag: Tensor) -> Tensor:
    """(..., q) 1 where the cell was read, 0 where blank; flag (q,) as in Budget."""
    mask = torch.ones_like(u)
    for j in torch.nonzero(flag >= 0).flatten().tolist():
        mask[..., j] = 1.0 - u[..., int(flag[j])]
    return mask
