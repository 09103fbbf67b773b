"""Error of a kernel fit on contexts left out, for each way to predict, without a refit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tabcouce.models.feature_machine import Metric
from tabcouce.models.kernel_intercept import InterceptFit, ShotKernel, runs
from tabcouce.models.kernel_rows import KernelRows, Mode
from tabcouce.models.within import View, shrunken_means, viewed

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
SHOTS = 5
SHOT_CONTEXTS = 12
"""Contexts on which k-shot settings are judged; each costs a solve."""


@dataclass(frozen=True)
class ShotTrial:
    """One context left out of which k rows are labelled.

    block  its rows; shots: positions among them; mean (q,) shrunken mean of the k rows
    """

    block: slice
    shots: Codes
    mean: Floats

    @property
    def rest(self) -> Codes:
        """Positions among the training rows of those that are not labelled."""
        return np.delete(np.arange(self.block.start, self.block.stop), self.shots)


def shot_trials(rows: KernelRows, seed: int) -> tuple[ShotTrial, ...]:
    """Some of the contexts with rows of their own to spare; `rows` sorted by unit."""
    rng = np.random.default_rng(seed)
    large = [block for block in runs(rows.unit) if block.stop - block.start >= SHOTS + 3]
    some = sorted(rng.choice(len(large), min(SHOT_CONTEXTS, len(large)), replace=False)) if large else []
    trials = []
    for block in (large[k] for k in some):
        shots = np.sort(rng.choice(block.stop - block.start, SHOTS, replace=False))
        mean = shrunken_means(rows.Z[block][shots], np.zeros(SHOTS, dtype=np.int64), 1)[0]
        trials.append(ShotTrial(block, shots, mean))
    return tuple(trials)


@dataclass(frozen=True)
class Pairs:
    """Distances and products between two sets of rows, (a, b) each; they serve every bandwidth."""

    distance: Floats
    product: Floats

    @classmethod
    def of(cls, metric: Metric, A: Floats, B: Floats) -> Pairs:
        return cls(*metric.parts(A, B))

    def kernel(self, metric: Metric) -> Floats:
        return metric.of_distances(self.distance, self.product)


@dataclass(frozen=True)
class Compared:
    """Rows of one view compared by one metric.

    own      training rows among each other; strange: as rows of a new context to the training
             rows, `own` where the view does not move rows
    to_rows  per trial its rows to the training rows, inside: among each other; both empty where the
             trials need no kernel of their own (`Crossed.exact`)
    """

    rows: KernelRows
    metric: Metric
    trials: tuple[ShotTrial, ...]
    own: Pairs
    strange: Pairs
    to_rows: tuple[Pairs, ...]
    inside: tuple[Pairs, ...]

    @classmethod
    def of(cls, rows: KernelRows, view: View, metric: Metric, trials: tuple[ShotTrial, ...]) -> Compared:
        seen = rows.seen(view)
        own = Pairs.of(metric, seen, seen)
        if view == "raw":
            if rows.code.shape[1] == 1:
                return cls(rows, metric, trials, own, own, (), ())
            to_rows = [Pairs(own.distance[t.block], own.product[t.block]) for t in trials]
            inside = [
                Pairs(p.distance[:, t.block], p.product[:, t.block])
                for t, p in zip(trials, to_rows, strict=True)
            ]
            return cls(rows, metric, trials, own, own, tuple(to_rows), tuple(inside))
        new = [viewed(rows.Z[t.block], t.mean, rows.movable, view) for t in trials]
        strange = viewed(rows.Z, np.zeros(rows.Z.shape[1]), rows.movable, view)
        return cls(
            rows,
            metric,
            trials,
            own,
            Pairs.of(metric, strange, seen),
            tuple(Pairs.of(metric, moved, seen) for moved in new),
            tuple(Pairs.of(metric, moved, moved) for moved in new),
        )

    def crossed(self, bandwidth: float) -> Crossed:
        metric = replace(self.metric, bandwidth=bandwidth)
        own = self.own.kernel(metric)
        strange = own if self.strange is self.own else self.strange.kernel(metric)
        shots = tuple(
            ShotKernel(t.block, t.shots, to_rows.kernel(metric), inside.kernel(metric))
            for t, to_rows, inside in zip(self.trials, self.to_rows, self.inside, strict=False)
        )
        return Crossed(self.rows, metric, self.trials, strange, own, shots)


@dataclass(frozen=True)
class Crossed:
    """The smooth kernel among training rows, and to them from rows that stand for a new context's.

    strange, own  (n, n) of rows without and with the mean of their context
    shots         one per trial; empty where `exact`
    """

    rows: KernelRows
    metric: Metric
    trials: tuple[ShotTrial, ...]
    strange: Floats
    own: Floats
    shots: tuple[ShotKernel, ...]

    @property
    def exact(self) -> bool:
        """Whether a new context differs from a training one by its intercept alone.

        Then a context with some labelled rows is the training context less the others, and all
        errors are those of rows left out.
        """
        return self.strange is self.own and self.rows.code.shape[1] == 1

    def errors(self, fit: InterceptFit, ridge: float, tau2: float) -> Mapping[Mode, Floats]:
        """(G,) squared error per unit left out; rows sorted by unit."""
        y = self.rows.y
        known = _square(y - fit.left_out_rows(y))
        if not self.rows.code.shape[1]:
            return {"blind": known, "known": known}
        units = runs(self.rows.unit)
        per_unit = np.array([known[unit].sum() for unit in units])
        if self.exact:
            blind = _summed([fit.left_out_error(unit) for unit in units])
            shots = [fit.left_out_error(trial.rest) for trial in self.trials]
            return _told(blind, blind, per_unit, _summed(shots))
        return self._by_kernel(fit, units, per_unit, ridge, tau2)

    def _by_kernel(
        self, fit: InterceptFit, units: list[slice], known: Floats, ridge: float, tau2: float
    ) -> Mapping[Mode, Floats]:
        y, k = self.rows.y, self.rows.y.shape[1]
        trial_of = {shot.block.start: shot for shot in self.shots if isinstance(shot.block, slice)}
        spread = iter(_spreads(fit, self.shots))
        blind, batch, shots = [], [], []
        for unit in units:
            shot = trial_of.get(unit.start)
            solved = fit.alpha if shot is None else np.hstack([fit.alpha, next(spread)])
            rest = fit.cut(solved, unit)
            blind.append(y[unit] - self.strange[unit] @ rest[:, :k])
            if self.own is not self.strange:
                batch.append(y[unit] - self.own[unit] @ rest[:, :k])
            if shot is not None:
                said = shot.after(rest[:, :k], rest[:, k:], y[unit], ridge=ridge, tau2=tau2)
                shots.append(np.delete(y[unit] - said, shot.shots, axis=0))
        return _told(_summed(blind), _summed(batch or blind), known, _summed(shots))


def _spreads(fit: InterceptFit, shots: tuple[ShotKernel, ...]) -> list[Floats]:
    """Per trial (n, s) H times its columns; all share one product."""
    if not shots:
        return []
    together = fit.inverse @ np.hstack([shot.columns for shot in shots])
    return np.split(together, len(shots), axis=1)


def _told(blind: Floats, batch: Floats, known: Floats, shots: Floats) -> Mapping[Mode, Floats]:
    """One context says nothing of how settings do after shots on another."""
    found: dict[Mode, Floats] = {"blind": blind, "batch": batch, "known": known}
    return {**found, "shots": shots} if len(shots) > 1 else found


def _summed(errors: list[Floats]) -> Floats:
    return np.array([np.square(error).sum() for error in errors])


def _square(residual: Floats) -> Floats:
    return np.asarray(np.square(residual).sum(axis=1))
