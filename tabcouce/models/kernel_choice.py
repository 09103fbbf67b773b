"""Which kernel, ridge, intercept and view: the least error on training contexts left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tabcouce.models.feature_machine import Metric, median_distance
from tabcouce.models.kernel_intercept import InterceptFit, ShotKernel, blocks, same_context
from tabcouce.models.within import VIEWS, View, shrunken_means, viewed

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mode = Literal["blind", "known", "batch", "shots"]
MODES: tuple[Mode, ...] = ("blind", "known", "batch", "shots")

BANDWIDTHS = (1.0, 4.0)
"""In median distances between rows."""
RIDGES = (0.02, 0.2)
"""Noise variance in variances of the target."""
INTERCEPTS = (0.0, 0.1, 1.0)
"""tau^2 in variances of the target."""
POWERS = (0.5, 1.0)
"""Of the learnt metric, step by step. DIFF: xRFM takes full steps only; on rows in which all columns
matter a full first step costs (R2 of concrete strength .907, half a step .918, none .918)."""
LINEAR = 1.0
SHOTS = 5
SHOT_CONTEXTS = 12
"""Contexts on which k-shot settings are judged; each costs a solve."""


@dataclass(frozen=True)
class Setting:
    """All that a kernel fit is told before it sees the rows.

    metric  over the columns of `view`
    ridge, tau2  variances of noise and of the contexts' intercepts, in target variances
    """

    view: View
    metric: Metric
    ridge: float
    tau2: float


@dataclass(frozen=True)
class KernelRows:
    """Training rows as the kernel sees them.

    Z        (n, q) scaled columns
    y        (n, k) standardised target, or centred class membership
    code     (n, c) level per context column; c = 0 where there is no context
    mean     (n, q) shrunken mean of each row's context (of its first column)
    movable  (q,) columns that an offset can move
    """

    Z: Floats
    y: Floats
    code: Codes
    mean: Floats
    movable: npt.NDArray[np.bool_]

    def of(self, rows: Codes) -> KernelRows:
        """Some of the rows; the contexts keep their means."""
        return replace(self, Z=self.Z[rows], y=self.y[rows], code=self.code[rows], mean=self.mean[rows])

    def seen(self, view: View) -> Floats:
        """(n, u) as training rows of a known context."""
        return viewed(self.Z, self.mean, self.movable, view)

    @property
    def unit(self) -> Codes:
        """(n,) what is left out: the level of the first context column, or the row."""
        return self.code[:, 0] if self.code.shape[1] else np.arange(len(self.Z))

    def same(self) -> Floats | None:
        return same_context(self.code, self.code) if self.code.shape[1] else None


@dataclass(frozen=True)
class ShotTrial:
    """One context left out of which k rows are labelled.

    block  its rows; shots: positions among them; mean (q,) shrunken mean of the k rows
    """

    block: Codes
    shots: Codes
    mean: Floats


@dataclass(frozen=True)
class Tried:
    """A setting and its squared error per unit left out, (G,) for each mode."""

    setting: Setting
    error: Mapping[Mode, Floats]


@dataclass(frozen=True)
class Choice:
    """Every setting tried, and the one of least left-out error for each way to predict."""

    tried: tuple[Tried, ...]
    unit: Codes
    """(G,) what was left out, in the order of the errors."""

    def settings(self) -> dict[Mode, Setting]:
        return {mode: self.best(mode) for mode in MODES}

    def best(self, mode: Mode, without: Codes | None = None) -> Setting:
        """The setting for a mode, blind where the mode was not judged.

        Another view than the plain one must win by a standard error over contexts: with few
        contexts the choice is noisy, and a wrong view costs much (an operating point is no offset).

        without  units whose errors do not count, so that the choice can be judged on them
        """
        mode = mode if mode in self.tried[0].error else "blind"
        counts = np.ones(len(self.tried[0].error[mode]), dtype=bool)
        if without is not None and len(counts) == len(self.unit):
            counts = ~np.isin(self.unit, without)
        best: Tried | None = None
        for view in VIEWS:
            own = [tried for tried in self.tried if tried.setting.view == view]
            if not own:
                continue
            found = min(own, key=lambda t: float(t.error[mode][counts].sum()))
            if best is None or _clearly_less(found.error[mode][counts], best.error[mode][counts]):
                best = found
        assert best is not None
        return best.setting


def choose(rows: KernelRows, seed: int) -> Choice:
    """Every setting of the grid with its error on contexts (or rows) left out."""
    contexts = rows.code.shape[1] > 0
    views = VIEWS if contexts and len(np.unique(rows.unit)) <= len(rows.Z) / 2 else VIEWS[:1]
    trials = _shot_trials(rows, seed) if contexts else ()
    tried = tuple(one for view in views for one in _tried(rows, view, trials))
    return Choice(tried, np.unique(rows.unit))


def _clearly_less(error: Floats, than: Floats) -> bool:
    gain = than - error
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else False


def _tried(rows: KernelRows, view: View, trials: tuple[ShotTrial, ...]) -> Iterator[Tried]:
    """The grid along the path of metrics, each learnt from the best fit before it."""
    seen, same = rows.seen(view), rows.same()
    weight = np.ones(seen.shape[1])
    for power in (*POWERS, None):
        metric = Metric(weight, 1.0, LINEAR)
        distance, product = metric.parts(seen, seen)
        typical = median_distance(distance)
        best = (np.inf, metric, np.zeros_like(rows.y))
        for wide in BANDWIDTHS:
            metric = Metric(weight, wide * typical, LINEAR)
            kernel = metric.of_distances(distance, product)
            crossed = _Crossed.of(rows, view, metric, kernel, trials)
            for ridge in RIDGES:
                plain = InterceptFit.of(kernel, None, rows.y, ridge=ridge, tau2=0.0)
                for tau2 in INTERCEPTS if same is not None else INTERCEPTS[:1]:
                    fit = plain.with_intercepts(rows.code, rows.y, tau2)
                    error = crossed.errors(rows, fit, ridge, tau2)
                    yield Tried(Setting(view, metric, ridge, tau2), error)
                    if (total := float(error["blind"].sum())) < best[0]:
                        best = (total, metric, fit.alpha)
        if power is not None:
            weight = best[1].learnt(seen, best[2], power)


@dataclass(frozen=True)
class _Crossed:
    """The smooth kernel from rows that stand for a new context's to the training rows, per mode.

    columns  (n, T s) those of all trials, so that one product with the inverse serves them
    """

    blind: Floats
    batch: Floats
    shots: tuple[ShotKernel, ...]
    columns: Floats

    @classmethod
    def of(
        cls, rows: KernelRows, view: View, metric: Metric, kernel: Floats, trials: tuple[ShotTrial, ...]
    ) -> _Crossed:
        strange, own = kernel, []
        seen = rows.seen(view)
        if view != "raw":
            strange = metric.kernel(viewed(rows.Z, np.zeros(rows.Z.shape[1]), rows.movable, view), seen)
        for t in trials:
            if view == "raw":
                to_rows, inside = kernel[t.block], kernel[np.ix_(t.block, t.block)]
            else:
                new = viewed(rows.Z[t.block], t.mean, rows.movable, view)
                to_rows, inside = metric.kernel(new, seen), metric.kernel(new, new)
            own.append(ShotKernel(t.block, t.shots, to_rows, inside))
        columns = np.hstack([shot.columns for shot in own]) if own else np.zeros((len(kernel), 0))
        return cls(strange, kernel, tuple(own), columns)

    def errors(self, rows: KernelRows, fit: InterceptFit, ridge: float, tau2: float) -> dict[Mode, Floats]:
        y = rows.y
        known = _square(y - fit.left_out_rows(y))
        if not rows.code.shape[1]:
            return {"blind": known, "known": known}
        unit = rows.unit
        blind, batch = [], []
        for block in blocks(unit):
            rest = fit.without(block)
            blind.append(_square(y[block] - self.blind[block] @ rest).sum())
            if self.batch is not self.blind:
                batch.append(_square(y[block] - self.batch[block] @ rest).sum())
        out: dict[Mode, Floats] = {
            "blind": np.array(blind),
            "batch": np.array(batch or blind),
            "known": np.array([known[block].sum() for block in blocks(unit)]),
        }
        if len(self.shots) > 1:
            spread = fit.inverse @ self.columns
            out["shots"] = np.array(
                [
                    _rest_error(shot, y, fit.after_shots(shot, part, y, ridge=ridge, tau2=tau2))
                    for shot, part in zip(self.shots, np.split(spread, len(self.shots), axis=1), strict=True)
                ]
            )
        return out


def _rest_error(shot: ShotKernel, y: Floats, prediction: Floats) -> float:
    return float(np.delete(_square(y[shot.block] - prediction), shot.shots).sum())


def _square(residual: Floats) -> Floats:
    return np.asarray(np.square(residual).sum(axis=1))


def _shot_trials(rows: KernelRows, seed: int) -> tuple[ShotTrial, ...]:
    rng = np.random.default_rng(seed)
    large = [block for block in blocks(rows.unit) if len(block) >= SHOTS + 3]
    some = sorted(rng.choice(len(large), min(SHOT_CONTEXTS, len(large)), replace=False)) if large else []
    trials = []
    for block in (large[k] for k in some):
        shots = np.sort(rng.choice(len(block), SHOTS, replace=False))
        mean = shrunken_means(rows.Z[block[shots]], np.zeros(SHOTS, dtype=np.int64), 1)[0]
        trials.append(ShotTrial(block, shots, mean))
    return tuple(trials)
