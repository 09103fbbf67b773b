"""Which kernel, ridge, intercept and view: the least error on training contexts left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.models.feature_machine import Metric, median_distance
from tabcouce.models.kernel_errors import Compared, ShotTrial, shot_trials
from tabcouce.models.kernel_intercept import InterceptFit
from tabcouce.models.kernel_rows import MODES, KernelRows, Mode
from tabcouce.models.within import VIEWS, View

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

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
    rows = rows.of(np.argsort(rows.unit, kind="stable"))  # so that a unit is a run of rows
    views = VIEWS if contexts and len(np.unique(rows.unit)) <= len(rows.Z) / 2 else VIEWS[:1]
    trials = shot_trials(rows, seed) if contexts else ()
    tried = tuple(one for view in views for one in _tried(rows, view, trials))
    return Choice(tried, np.unique(rows.unit))


def _clearly_less(error: Floats, than: Floats) -> bool:
    gain = than - error
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else False


def _tried(rows: KernelRows, view: View, trials: tuple[ShotTrial, ...]) -> Iterator[Tried]:
    """The grid along the path of metrics, each learnt from the best fit before it."""
    seen = rows.seen(view)
    weight = np.ones(seen.shape[1])
    intercepts = INTERCEPTS if rows.code.shape[1] else INTERCEPTS[:1]
    for power in (*POWERS, None):
        compared = Compared.of(rows, view, Metric(weight, 1.0, LINEAR), trials)
        typical = median_distance(compared.own.distance)
        best: tuple[float, Metric, Floats] = (np.inf, compared.metric, np.zeros_like(rows.y))
        for wide in BANDWIDTHS:
            crossed = compared.crossed(wide * typical)
            for ridge in RIDGES:
                plain = InterceptFit.of(crossed.own, None, rows.y, ridge=ridge, tau2=0.0)
                for tau2 in intercepts:
                    fit = plain.with_intercepts(rows.code, rows.y, tau2)
                    error = crossed.errors(fit, ridge, tau2)
                    yield Tried(Setting(view, crossed.metric, ridge, tau2), error)
                    if (total := float(error["blind"].sum())) < best[0]:
                        best = (total, crossed.metric, fit.alpha)
        if power is not None:
            weight = best[1].learnt(seen, best[2], power)
