"""How many runs a search would have needed on the rows at hand: the experiment-reduction replay.

From a few random rows on, a strategy picks the next row by its settings alone and is then told its
result, until a row reaches the goal. Random order needs (n + 1) / (m + 1) picks on average for one of
m good rows among n, so no luck of a random comparison enters.

The result is optimistic: the pool is a finite set of runs that were really made, often where people
expected good results; the best run of all may not be among them, and a new run is not in the pool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tabcouce.advice.goal import Goal
from tabcouce.advice.posterior import Posterior, Runs, Shape, choose_shape

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
TOP = 0.01
"""Share of the rows that count as the best where no specification is rarer."""
RARE = 0.1
"""A specification that more rows than this share meet is no search: the best rows are sought instead."""
START = 5
FEWEST = 30
"""Rows below which a replay says nothing."""
EVERY = 1.25
"""The shape of the kernel is chosen anew when the runs have grown by this factor."""
REDRAWS = 2000


class Search(Protocol):
    """One campaign: it may remember, and is asked once before each run."""

    def merit(self, seen: Codes, y: Floats) -> Floats:
        """(n,) how promising each row of the pool is, given the values y (k,) of the rows `seen` (k,)."""
        ...


MakeSearch = Callable[[int], Search]
"""A fresh campaign from its seed."""


@dataclass(frozen=True)
class Pool:
    """Rows to search: Z (n, q) scaled settings, y (n,) results, good (n,) whether a row reaches the goal."""

    Z: Floats
    y: Floats
    good: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Replay:
    """Runs needed until the first good row, the start rows counted.

    n, good        rows of the pool, and those that reach the goal
    start          random rows each campaign begins with, none of them good
    limit          picks after which a campaign goes on in random order, counted at its expectation
    trials         per campaign; reached: whether within the limit
    random         expected runs in random order, exact
    reduction      1 - mean(trials) / random, with the 95 % interval of the mean over campaigns
    one_low, one_high  reduction that the middle 80 % of single campaigns had
    as_run         runs until the first good row in the order really run; None where unknown
    """

    n: int
    good: int
    start: int
    limit: int
    trials: tuple[float, ...]
    reached: tuple[bool, ...]
    random: float
    reduction: float
    low: float
    high: float
    one_low: float
    one_high: float
    as_run: float | None = None


def good_rows(goal: Goal, y: Floats) -> npt.NDArray[np.bool_]:
    """(n,) rows that meet the specification if few do; else the best hundredth, at least one row.

    Rows that tie with the last of the best are good too.
    """
    merit = goal.merit(y)
    if goal.aim == "within" and 0 < (merit >= 0).mean() <= RARE:
        return np.asarray(merit >= 0)
    if goal.aim == "within":
        merit = _sharper(goal, y)
    least = np.sort(merit)[-int(np.ceil(TOP * len(y)))]
    return np.asarray(merit >= least)


def _sharper(goal: Goal, y: Floats) -> Floats:
    """Merit beyond the limits: nearest to their middle, or farthest past the only one."""
    return sharpened(goal).merit(y)


def sharpened(goal: Goal) -> Goal:
    """The goal to search for once a specification is commonly met."""
    if goal.aim != "within":
        return goal
    if np.isinf(goal.upper):
        return Goal("maximise")
    if np.isinf(goal.lower):
        return Goal("minimise")
    middle = (goal.lower + goal.upper) / 2
    return Goal("target", middle, middle)


def expected_random(n: int, good: int, start: int = 0) -> float:
    """Runs in random order until the first of `good` among n rows, after `start` rows that are not good."""
    return start + (n - start + 1) / (good + 1)


def chance_random(n: int, good: int, start: int, runs: int) -> Floats:
    """(runs,) chance that 1, 2, ... runs in random order have met a good row; `start` rows are not good."""
    rest = n - start
    picks = np.arange(1, runs + 1) - start
    miss = np.ones(runs)
    for k in range(runs):
        if picks[k] > 0:
            left = max(rest - good - (picks[k] - 1), 0)
            miss[k] = (miss[k - 1] if k else 1.0) * left / max(rest - (picks[k] - 1), 1)
    return 1.0 - miss


def replay(
    pool: Pool, make: MakeSearch, *, campaigns: int, limit: int, seed: int, when: Floats | None = None
) -> Replay | None:
    """Search the pool from `campaigns` random starts; None with too few rows or none that is not good.

    limit  picks per campaign at most
    when   (n,) rank of each row in time, NaN where unknown
    """
    n, good = len(pool.y), int(pool.good.sum())
    start = min(START, n - good)
    if n < FEWEST or good == 0 or start < START:
        return None
    rng = np.random.default_rng(seed)
    trials, reached = [], []
    for k in range(campaigns):
        first = rng.permutation(np.flatnonzero(~pool.good))[:start]
        count, hit = _campaign(pool, make(seed + k), first, rng.permutation(n), limit)
        trials.append(count)
        reached.append(hit)
    random = expected_random(n, good, start)
    saved = 1 - np.array(trials) / random
    means = rng.choice(saved, (REDRAWS, len(saved))).mean(axis=1)
    return Replay(
        n=n,
        good=good,
        start=start,
        limit=limit,
        trials=tuple(trials),
        reached=tuple(reached),
        random=random,
        reduction=float(saved.mean()),
        low=float(np.quantile(means, 0.025)),
        high=float(np.quantile(means, 0.975)),
        one_low=float(np.quantile(saved, 0.1)),
        one_high=float(np.quantile(saved, 0.9)),
        as_run=None if when is None else runs_in_order(pool.good, when),
    )


def _campaign(pool: Pool, search: Search, first: Codes, order: Codes, limit: int) -> tuple[float, bool]:
    """Runs needed, and whether the limit sufficed; beyond it the rest is searched at random.

    first  (s,) rows it starts from
    order  (n,) all rows drawn at random: of equally promising ones (replicates) the first is taken, so
           that the order of the file says nothing. Drawn apart from `first`: a draw that gave the
           start its rows has the good ones it skipped at its head.
    """
    seen = list(first)
    open_ = np.ones(len(pool.y), bool)
    open_[seen] = False
    while len(seen) < min(len(pool.y), len(first) + limit):
        merit = np.where(open_, search.merit(np.array(seen), pool.y[seen]), -np.inf)
        pick = int(order[np.argmax(merit[order])])
        seen.append(pick)
        open_[pick] = False
        if pool.good[pick]:
            return float(len(seen)), True
    return expected_random(len(pool.y), int(pool.good.sum()), len(seen)), False


def runs_in_order(good: npt.NDArray[np.bool_], order: Floats) -> float | None:
    """Runs until the first good row in time; equal ranks in random order. None if one is unknown."""
    if np.isnan(order).any() or not good.any():
        return None
    when = order[good].min()
    tied = order == when
    return float((order < when).sum() + expected_random(int(tied.sum()), int((good & tied).sum())))


class KernelSearch:
    """Expected improvement of the kernel posterior; its shape is chosen anew as the runs grow."""

    def __init__(self, Z: Floats, goal: Goal) -> None:
        self.Z, self.goal = Z, goal
        self._shape: Shape | None = None
        self._due = 0.0

    def merit(self, seen: Codes, y: Floats) -> Floats:
        runs = Runs(self.Z[seen], y, np.zeros((len(seen), 0)))
        if self._shape is None or len(seen) >= self._due:
            self._shape, self._due = choose_shape(runs), EVERY * len(seen)
        mean, sd = Posterior.of(runs, self._shape).at(self.Z)
        gain = self.goal.improvement(mean, sd, float(self.goal.merit(y).max()))
        # Where no row can be expected to improve in floating point, the nearest to it goes first.
        return gain if gain.max() > 0 else self.goal.merit(mean)
