"""The next runs: expected improvement of the first target, times the chance that the others are in limits.

A batch is built run by run by an acquisition: the kriging believer here (each chosen run is believed to
give its expected value, so that the next one looks elsewhere; Ginsbourger et al., 2010), or botorch's in
`library_search`. Only settings are searched, the contexts' offsets are adjusted for: a prediction is the
mean over the contexts run so far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from tabcouce.advice.goal import Goal
from tabcouce.advice.past_region import PastRegion
from tabcouce.advice.posterior import Posterior, Runs, choose_shape, membership
from tabcouce.advice.space import Space
from tabcouce.errors import FitError
from tabcouce.models.kernel_inputs import KernelInputs

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
CANDIDATES = 2048
AROUND = 8
COPIES = 100
MOST_RUNS = 1500
SHAPE_RUNS = 400
LEVEL = 0.9
APART = 0.05
"""Runs of a batch that differ less in every number would tell the same."""
EDGE = 1.1
"""Rounding to a step may push a setting over the edge of the past region by this share."""
Why = Literal["better", "uncertain", "control", "separate"]


@dataclass(frozen=True)
class Objective:
    """One target: y (n,) with NaN where it was not measured."""

    name: str
    goal: Goal
    y: Floats


@dataclass(frozen=True)
class Past:
    """Runs made so far: settings (n, s) as a frame, code (n, c) level of each context, file rows (n,)."""

    settings: pd.DataFrame
    code: Codes
    rows: Codes


@dataclass(frozen=True)
class Expected:
    """What a run should give: mean, and the band in which nine of ten such runs should lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Run:
    """A suggested run.

    settings  column -> value or level
    expected  target -> `Expected`
    chance    that it is better than the best so far (or within the limits)
    feasible  that all other targets are within their limits; 1 without others
    beyond    settings outside of what was run so far, though within declared limits
    row       file row that a control run repeats
    context   column -> level where the run must be made, for `separate`
    """

    settings: Mapping[str, float | str]
    why: Why
    expected: Mapping[str, Expected]
    chance: float = float("nan")
    feasible: float = 1.0
    beyond: tuple[str, ...] = ()
    row: int | None = None
    context: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Belief:
    """All targets' posteriors over the same scaled settings; the first is improved."""

    objectives: tuple[Objective, ...]
    posteriors: tuple[Posterior, ...]
    inputs: KernelInputs

    @classmethod
    def of(cls, past: Past, objectives: Sequence[Objective], seed: int) -> Belief:
        inputs = KernelInputs.of(past.settings)
        Z = inputs(past.settings)
        made = []
        for objective in objectives:
            known = np.flatnonzero(np.isfinite(objective.y))
            if len(known) < 5:
                raise FitError(f"'{objective.name}' has only {len(known)} values; five are needed.")
            known = np.random.default_rng(seed).permutation(known)
            runs = Runs(Z[known], objective.y[known], membership(past.code[known]))
            shape = choose_shape(_first(runs, SHAPE_RUNS))
            made.append(Posterior.of(_first(runs, MOST_RUNS), shape))
        return cls(tuple(objectives), tuple(made), inputs)

    def feasible(self, Z: Floats) -> Floats:
        """(m,) chance that a run has every target but the first within its limits, taken as independent."""
        total = np.ones(len(Z))
        for objective, posterior in zip(self.objectives[1:], self.posteriors[1:], strict=True):
            mean, sd = posterior.at(Z)
            total *= objective.goal.chance(mean, np.hypot(sd, posterior.noise))
        return total

    def best(self, Z: Floats) -> float:
        """Merit of the best setting so far, by its expectation: one lucky value is no target to beat."""
        merit = self.objectives[0].goal.merit(self.posteriors[0].at(Z)[0])
        likely = self.feasible(Z) >= 0.5
        return float(merit[likely].max() if likely.any() else merit.max())

    def merit(self, Z: Floats, best: float) -> Floats:
        mean, sd = self.posteriors[0].at(Z)
        return self.objectives[0].goal.improvement(mean, sd, best) * self.feasible(Z)

    def chance(self, Z: Floats, best: float) -> Floats:
        """(m,) probability that the expected value of a setting beats the best so far."""
        goal = self.objectives[0].goal
        mean, sd = self.posteriors[0].at(Z)
        if goal.aim in ("target", "within"):
            # Beating distance d means to lie in the band widened by d.
            wide = -best if best < 0 else 0.0
            return Goal("within", goal.lower - wide, goal.upper + wide).chance(mean, sd)
        side = 1 if goal.aim == "maximise" else -1
        return np.asarray(norm.cdf((side * mean - best) / np.maximum(sd, 1e-12)), float)

    def expected(self, Z: Floats) -> list[dict[str, Expected]]:
        width = norm.ppf((1 + LEVEL) / 2)
        told: list[dict[str, Expected]] = [{} for _ in Z]
        for objective, posterior in zip(self.objectives, self.posteriors, strict=True):
            mean, sd = posterior.at(Z)
            half = width * np.hypot(sd, posterior.noise)
            for k in range(len(Z)):
                middle = float(mean[k])
                told[k][objective.name] = Expected(middle, middle - float(half[k]), middle + float(half[k]))
        return told

    def believing(self, z: Floats) -> Belief:
        return replace(self, posteriors=tuple(p.believing(z) for p in self.posteriors))


class Acquisition(Protocol):
    """How promising settings are beside the runs already chosen for the batch."""

    def score(self, Z: Floats) -> Floats:
        """(m,) of scaled settings Z (m, q), larger is better."""
        ...

    def take(self, z: Floats) -> None:
        """The run z (q,) is on the list."""
        ...


class KrigingBeliever:
    """Expected improvement times feasibility; a chosen run counts as made, with its expected value."""

    def __init__(self, belief: Belief, best: float) -> None:
        self.belief, self.best = belief, best

    def score(self, Z: Floats) -> Floats:
        merit = self.belief.merit(Z, self.best)
        if merit.max() > 0:
            return merit
        # None is left in floating point: how uncertain a setting is.
        return self.belief.posteriors[0].at(Z)[1] * self.belief.feasible(Z)

    def take(self, z: Floats) -> None:
        self.belief = self.belief.believing(z)


MakeAcquisition = Callable[[Belief, float], Acquisition]
"""From what is believed and the merit of the best so far."""


def suggest(
    past: Past,
    objectives: Sequence[Objective],
    space: Space,
    *,
    n: int,
    seed: int,
    make: MakeAcquisition = KrigingBeliever,
) -> tuple[Run, ...]:
    """n new runs and one control run that repeats the best setting so far.

    Raises  FitError if the constraints leave no setting, or too few values are known
    """
    belief = Belief.of(past, objectives, seed)
    allowed = space.allows(past.settings)
    # A past run beyond the limits is no rival and no control, unless there is no other.
    rivals = np.flatnonzero(allowed if allowed.any() else ~allowed)
    Z = belief.inputs(past.settings.iloc[rivals])
    best = belief.best(Z)
    merit = belief.objectives[0].goal.merit(belief.posteriors[0].at(Z)[0])
    likely = belief.feasible(Z) >= 0.5
    # Settings that are likely within the other targets' limits come first, the best of them at the head.
    ranked = rivals[np.lexsort((-merit, ~likely))]
    runs: list[Run] = []
    region = PastRegion.of(space.settings, past.settings)
    spread, wanted = space.mended(region.pulled(space.draw(CANDIDATES, seed))), make(belief, best)
    if not (region.distance(spread) <= EDGE).any():
        # A constraint that no past run met is asked for: there is no region to stay in.
        region, spread = PastRegion.of((), past.settings), space.draw(CANDIDATES, seed)
    tops = past.settings.iloc[ranked[:AROUND]]

    def inside(pool: pd.DataFrame) -> pd.DataFrame:
        """Combinations as past runs had them, none that is the control run again."""
        kept = region.distance(pool) <= EDGE
        kept &= ~(pool == past.settings.iloc[ranked[0]][pool.columns]).all(axis=1).to_numpy()
        return pool.loc[kept].reset_index(drop=True)

    for k in range(n):
        close = space.near(tops, COPIES, seed + k)
        pool = inside(_fresh(pd.concat([spread, close], ignore_index=True), runs, space))
        if pool.empty:
            break
        first = pool.iloc[np.argsort(-wanted.score(belief.inputs(pool)), kind="stable")[:AROUND]]
        closer = space.near(first, COPIES, seed + 1000 + k)
        pool = inside(_fresh(pd.concat([first, closer], ignore_index=True), runs, space))
        chosen = pool.iloc[[int(np.argmax(wanted.score(belief.inputs(pool))))]]
        runs.append(_run(belief, chosen, best, space))
        wanted.take(belief.inputs(chosen)[0])
    if not runs:
        raise FitError(
            "No setting meets the limits, steps and constraints together.",
            remedy="Widen the declared limits, or correct the constraint or the step.",
        )
    return (*runs, control_run(belief, past, int(ranked[0])))


def control_run(belief: Belief, past: Past, position: int) -> Run:
    """The best setting so far once more: shows whether it was luck, and whether the process has moved."""
    again = past.settings.iloc[[position]]
    expected = belief.expected(belief.inputs(again))[0]
    return Run(_values(again), "control", expected, row=int(past.rows[position]))


def _run(belief: Belief, chosen: pd.DataFrame, best: float, space: Space) -> Run:
    z = belief.inputs(chosen)
    mean = belief.posteriors[0].at(z)[0]
    goal = belief.objectives[0].goal
    better = float(goal.merit(mean)[0]) > best or (best >= 0 and goal.aim == "within")
    values = _values(chosen)
    beyond = tuple(s.name for s in space.numbers if not s.seen_low <= float(values[s.name]) <= s.seen_high)
    return Run(
        settings=values,
        why="better" if better else "uncertain",
        expected=belief.expected(z)[0],
        chance=float(belief.chance(z, best)[0]),
        feasible=float(belief.feasible(z)[0]),
        beyond=beyond,
    )


def _fresh(pool: pd.DataFrame, runs: Sequence[Run], space: Space) -> pd.DataFrame:
    """Without what is as good as a run on the list: the same levels, no number `APART` of its range away."""
    keep = np.ones(len(pool), bool)
    for run in runs:
        same = np.ones(len(pool), bool)
        for s in space.settings:
            cells = pool[s.name].to_numpy()
            if s.is_number:
                same &= np.abs(cells.astype(float) - float(run.settings[s.name])) < APART * (s.high - s.low)
            else:
                same &= cells.astype(object) == run.settings[s.name]
        keep &= ~same
    return pool.loc[keep].reset_index(drop=True)


def _values(row: pd.DataFrame) -> dict[str, float | str]:
    return {
        str(name): cell if isinstance(cell, str) else float(cell)
        for name, cell in zip(row.columns, row.iloc[0], strict=True)
    }


def _first(runs: Runs, most: int) -> Runs:
    return Runs(runs.Z[:most], runs.y[:most], runs.member[:most])
