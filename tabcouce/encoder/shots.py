"""k-shot mode: labelled rows of a new context choose the view and move it to the context's level.

Everything a shift is shrunk by, and the choice itself, comes from predictions of training contexts
by members that never saw them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.inner_selection import Comparison, held_out_loss
from tabcouce.models.calibration import ShotOffset, ShotPrior
from tabcouce.models.context_effects import between_variance
from tabcouce.models.contract import Rehearsal

T = TypeVar("T")
Array = npt.NDArray[np.float64]
Shift = Callable[[Array], Array]
"""(n,) values or (n, k) probabilities for a new context -> the same for the labelled rows' own."""

SLOPE_FROM = 10
"""Labelled rows from which a slope may be fitted beside the offset."""
DRAWS = 10
"""Times k rows of a left-out context are drawn, where the loss has no closed form."""


@dataclass(frozen=True)
class LeftOutRows:
    """Training rows with the predictions of members that never saw their context.

    y         (n,) value, or position of the class
    unit      (n,) held-out context of the row
    estimate  per view (n,) values or (n, k) probabilities; NaN where no member held the row out
    """

    y: Array
    unit: npt.NDArray[np.int64]
    estimate: Mapping[str, Array]
    found: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False, compare=False)
    """What was worked out from these rows alone: every set of labelled rows asks for the same."""

    @property
    def is_regression(self) -> bool:
        return next(iter(self.estimate.values())).ndim == 1

    def once(self, key: tuple[object, ...], work: Callable[[], T]) -> T:
        if key not in self.found:
            self.found[key] = work()
        result: T = self.found[key]
        return result

    def prior(self, view: str) -> ShotPrior:
        """How far the contexts' levels lie apart once the view has predicted them."""
        return self.once(("prior", view), lambda: self._prior(view))

    def _prior(self, view: str) -> ShotPrior:
        if self.is_regression:
            return ShotPrior.of_values(self.y - self.estimate[view], self.unit)
        return ShotPrior.of_classes(self.y, self.estimate[view], self.unit)


@dataclass(frozen=True)
class ValueLine:
    """estimate + offset + slope (estimate - centre)."""

    offset: float
    slope: float
    centre: float

    def __call__(self, estimate: Array) -> Array:
        return np.asarray(estimate + self.offset + self.slope * (estimate - self.centre))


@dataclass(frozen=True)
class LinePrior:
    """Spread of the contexts' lines: residual = a + b (estimate - centre), a, b independent.

    slope  variance of b over contexts, by moments from each context's own least-squares slope
    """

    offset: ShotPrior
    slope: float
    centre: float

    @classmethod
    def of(cls, y: Array, estimate: Array, unit: npt.NDArray[np.int64]) -> LinePrior:
        known = np.asarray(np.isfinite(estimate))
        r = y - estimate
        offset = ShotPrior.of_values(r, unit)
        slopes, precision = [], []
        for _, own in _contexts(unit, known, 3):
            x = estimate[own] - estimate[own].mean()
            if x @ x > 0 and offset.within > 0:
                slopes.append(float(x @ r[own] / (x @ x)))
                precision.append(float(x @ x) / offset.within)
        slope = between_variance(np.array(slopes), np.array(precision))
        return cls(offset, slope, float(estimate[known].mean()))

    def line(self, y: Array, estimate: Array) -> ValueLine:
        """Posterior mean of a and b given labelled rows: a ridge whose penalties are the variances."""
        x = np.column_stack([np.ones(len(y)), estimate - self.centre])
        variance = np.array([self.offset.between, self.slope])
        free = variance > 0
        found = np.zeros(2)
        if free.any() and len(y):
            A = x[:, free]
            penalty = np.diag(self.offset.within / variance[free])
            found[free] = np.linalg.solve(A.T @ A + penalty, A.T @ (y - estimate))
        return ValueLine(float(found[0]), float(found[1]), self.centre)


def calibration(
    rows: LeftOutRows, views: Sequence[str], y: Array, estimate: Mapping[str, Array]
) -> tuple[str, Shift]:
    """The view to read for a context of k labelled rows, and the shift of its answers there.

    views     candidates; the first one stays unless another is better after k shots
    y         (k,) labels; estimate: per view its answers for the k labelled rows
    """
    k = len(y)
    view = rows.once(("view", k, *views), lambda: best_view(rows, views, k))
    if not rows.is_regression:
        return view, ShotOffset.of_classes(y, estimate[view], rows.prior(view))
    if k >= SLOPE_FROM:
        line = rows.once(("line", view), lambda: LinePrior.of(rows.y, rows.estimate[view], rows.unit))
        if rows.once(("slope", view, k), lambda: slope_gain(rows, view, line, k)).wins:
            return view, line.line(y, estimate[view])
    return view, ShotOffset.of_values(y, estimate[view], rows.prior(view))


def rehearsed(
    rows: LeftOutRows, views: Sequence[str], place: npt.NDArray[np.int64], draws: Sequence[Rehearsal]
) -> list[Array]:
    """Per draw the left-out answers for its rest, moved by its labelled rows as `calibration` does.

    place  position in `rows` of each row that the draws number; -1 for a row not kept
    """
    chosen: dict[int, str] = {}
    told = []
    for draw in draws:
        few = place[draw.few]
        k = int((few >= 0).sum())
        if k not in chosen:
            chosen[k] = best_view(rows, views, k)
        view = chosen[k]
        few, rest = few[few >= 0], place[draw.rest]
        estimate = rows.estimate[view]
        _, shift = calibration(rows, (view,), rows.y[few], {view: estimate[few]})
        out = np.full((len(rest), *estimate.shape[1:]), np.nan)
        out[rest >= 0] = shift(estimate[rest[rest >= 0]])
        told.append(out)
    return told


def best_view(rows: LeftOutRows, views: Sequence[str], k: int) -> str:
    """The view that predicts left-out contexts best once k of their rows have moved it; k = 0: the first."""
    best = views[0]
    if len(views) == 1 or not k:
        return best
    loss = {view: shots_loss(rows, view, k) for view in views}
    for view in views[1:]:
        if paired(loss[best], loss[view]).wins:
            best = view
    return best


def shots_loss(rows: LeftOutRows, view: str, k: int) -> dict[int, float]:
    """Expected loss of each left-out context's other rows after k of its rows, drawn at random.

    In closed form for values: with mean residual m, variance v and n rows of the context and
    weight w, E (e_i - w e_mean)^2 over draws without replacement is
    m^2 + v (n - 1) / n  -  2 w (m^2 - v / n)  +  w^2 (m^2 + v / k - v / n).
    Loss as in `inner_selection`; contexts of k rows or fewer are left out.
    """
    prior = rows.prior(view)
    known = np.asarray(np.isfinite(rows.estimate[view].reshape(len(rows.y), -1)).all(axis=1))
    loss = {}
    for level, own in _contexts(rows.unit, known, k + 2):
        n = len(own)
        if not rows.is_regression:
            loss[level] = _drawn(rows, own, view, k, lambda y, p: ShotOffset.of_classes(y, p, prior))
            continue
        e = rows.y[own] - rows.estimate[view][own]
        m2, v, w = float(e.mean()) ** 2, float(e.var(ddof=1)), prior.weight(k)
        squared = m2 + v * (n - 1) / n - 2 * w * (m2 - v / n) + w**2 * (m2 + v / max(k, 1) - v / n)
        loss[level] = squared / (float(rows.y.var()) or 1.0)
    return loss


def slope_gain(rows: LeftOutRows, view: str, line: LinePrior, k: int) -> Comparison:
    """What a slope beside the offset gains on left-out contexts, over draws of k rows."""
    known = np.asarray(np.isfinite(rows.estimate[view]))
    offset, both = {}, {}
    for level, own in _contexts(rows.unit, known, k + 2):
        offset[level] = _drawn(rows, own, view, k, lambda y, p: ShotOffset.of_values(y, p, line.offset))
        both[level] = _drawn(rows, own, view, k, line.line)
    return paired(offset, both)


def paired(reference: Mapping[int, float], candidate: Mapping[int, float]) -> Comparison:
    """Gain of the candidate over contexts that both were scored on."""
    gain = np.array([reference[g] - candidate[g] for g in reference if g in candidate])
    spread = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
    return Comparison(float(gain.mean()) if len(gain) else 0.0, spread, len(gain))


def _contexts(
    unit: npt.NDArray[np.int64], known: npt.NDArray[np.bool_], least: int
) -> list[tuple[int, npt.NDArray[np.int64]]]:
    """Each context with at least so many known rows, and these rows."""
    level, count = np.unique(unit[known], return_counts=True)
    return [(int(g), np.flatnonzero(known & (unit == g))) for g in level[count >= least]]


def _drawn(
    rows: LeftOutRows, own: npt.NDArray[np.int64], view: str, k: int, fit: Callable[[Array, Array], Shift]
) -> float:
    """Mean loss of a context's other rows after a shift fitted on k of them; own: rows of the context."""
    rng = np.random.default_rng(len(own))
    variance = float(rows.y.var()) or 1.0
    total = 0.0
    for _ in range(DRAWS):
        order = rng.permutation(own)
        few, rest = order[:k], order[k:]
        estimate = rows.estimate[view]
        moved = fit(rows.y[few], estimate[few])(estimate[rest])
        total += float(held_out_loss(moved.reshape(len(rest), -1), rows.y[rest], variance).mean())
    return total / DRAWS
