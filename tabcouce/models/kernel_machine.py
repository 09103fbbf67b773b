"""One fitted kernel: scores of rows in a known, a new, or a newly labelled context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tabcouce.models.contract import Rehearsal
from tabcouce.models.kernel_choice import Setting
from tabcouce.models.kernel_intercept import (
    Conditioned,
    InterceptFit,
    conditioned,
    mixed_system,
    positive_solve,
)
from tabcouce.models.kernel_rows import KernelRows
from tabcouce.models.within import shrunken_means, viewed

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
ROWS_AT_ONCE = 2048


@dataclass(frozen=True, eq=False)
class KernelMachine:
    """f(x) = k(x, .) alpha beside the intercepts of the training contexts.

    rows   the training rows it was fitted to
    alpha  (n, k)
    """

    setting: Setting
    rows: KernelRows
    alpha: Floats

    @classmethod
    def of(cls, setting: Setting, rows: KernelRows) -> KernelMachine:
        return cls(setting, rows, positive_solve(_system(setting, rows), rows.y))

    def seen(self, Z: Floats, mean: Floats) -> Floats:
        """(m, u) rows in the machine's view; mean (m, q) or (q,) of their context."""
        return viewed(Z, mean, self.rows.movable, self.setting.view)

    def to_rows(self, Z: Floats, mean: Floats) -> Floats:
        """(m, n) smooth kernel to the training rows."""
        return self.setting.metric.kernel(self.seen(Z, mean), self.rows.seen(self.setting.view))

    def score(self, Z: Floats, mean: Floats, alpha: Floats | None = None) -> Floats:
        """(m, k) smooth part alone: the answer for a new context."""
        alpha = self.alpha if alpha is None else alpha
        mean = np.broadcast_to(mean, Z.shape)
        parts = [
            self.to_rows(Z[k : k + ROWS_AT_ONCE], mean[k : k + ROWS_AT_ONCE]) @ alpha
            for k in range(0, len(Z), ROWS_AT_ONCE)
        ]
        return np.vstack(parts) if parts else np.zeros((0, alpha.shape[1]))

    def intercepts(self, code: Codes) -> Floats:
        """(m, k) sum of the best linear unbiased predictions of each row's levels; 0 for unknown ones."""
        total = np.zeros((len(code), self.alpha.shape[1]))
        for mine, training in zip(code.T, self.rows.code.T, strict=True):
            level = np.zeros((int(training.max()) + 1, self.alpha.shape[1]))
            np.add.at(level, training, self.alpha)
            # A level that the cap on rows left without a row has no intercept either.
            known = (mine >= 0) & (mine < len(level))
            total[known] += self.setting.tau2 * level[mine[known]]
        return total

    def after(self, Z: Floats, y: Floats, mean: Floats) -> Conditioned:
        """Exact conditioning on k labelled rows Z (k, q), y (k, k') of one new context."""
        to_rows = self.to_rows(Z, mean)
        fit = last_solved(self)
        seen = self.seen(Z, mean)
        return conditioned(
            fit.alpha,
            fit.inverse @ to_rows.T,
            to_rows,
            self.setting.metric.kernel(seen, seen),
            y,
            ridge=self.setting.ridge,
            tau2=self.setting.tau2,
        )

    def after_score(self, Z: Floats, shots: Floats, mean: Floats, fit: Conditioned) -> tuple[Floats, Floats]:
        """(m, k) smooth scores and (k,) intercept of rows Z in the context of the labelled rows `shots`."""
        score = self.score(Z, mean, fit.alpha)
        near, far = self.seen(Z, mean), self.seen(shots, mean)
        score += self.setting.metric.kernel(near, far) @ fit.shot_alpha
        return score, self.setting.tau2 * fit.shot_alpha.sum(axis=0)

    def rehearsed(self, every: KernelRows, draws: Sequence[Rehearsal]) -> Iterator[tuple[Floats, Floats]]:
        """For each draw what `after_score` would say of its rest by a fit without their context.

        Exact, from one inverse: its blocks take the context out, and conditioning adds the labelled
        rows; `every` has all training rows, `rows` those of them that the fit kept.
        """
        fit = last_solved(self)
        for draw in draws:
            left_out = every.unit[np.append(draw.few, draw.rest)]
            mine = np.flatnonzero(np.isin(self.rows.unit, left_out))
            few = every.Z[draw.few]
            mean = shrunken_means(few, np.zeros(len(few), dtype=np.int64), 1)[0]
            to_rows = self.to_rows(few, mean)
            to_rows[:, mine] = 0.0
            seen = self.seen(few, mean)
            # Both at once: the block of the context is factorised a single time.
            rest = fit.cut(np.hstack([fit.alpha, fit.inverse @ to_rows.T]), mine)
            k = fit.alpha.shape[1]
            new = conditioned(
                rest[:, :k],
                rest[:, k:],
                to_rows,
                self.setting.metric.kernel(seen, seen),
                every.y[draw.few],
                ridge=self.setting.ridge,
                tau2=self.setting.tau2,
            )
            yield self.after_score(every.Z[draw.rest], few, mean, new)


def solved(setting: Setting, rows: KernelRows) -> InterceptFit:
    """The fit of a setting to rows, with its inverse."""
    return InterceptFit.of_system(_system(setting, rows), rows.y)


def _system(setting: Setting, rows: KernelRows) -> Floats:
    seen = rows.seen(setting.view)
    same = rows.same() if setting.tau2 else None
    return mixed_system(setting.metric.kernel(seen, seen), same, ridge=setting.ridge, tau2=setting.tau2)


@lru_cache(maxsize=1)
def last_solved(machine: KernelMachine) -> InterceptFit:
    """The fit of a machine, kept until another one asks: each set of labelled rows needs the same inverse,
    which costs n^3, and all machines' inverses together would not fit into memory."""
    return solved(machine.setting, machine.rows)
