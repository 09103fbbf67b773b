"""Experiments a search would have saved on a dataset's own rows, for the goal it is known or may have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tabcouce.advice.goal import Goal, declared_goal
from tabcouce.advice.replay import (
    RARE,
    KernelSearch,
    Pool,
    Replay,
    good_rows,
    replay,
    runs_in_order,
    sharpened,
)
from tabcouce.models.kernel_inputs import KernelInputs
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import Aim

LIMIT = 60
"""Picks per campaign; one that is longer goes on in random order, which counts against us."""
MOST_ROWS = 2000


@dataclass(frozen=True)
class GoalReplay:
    """aim  which way was searched; specification: the goal is the declared one, not the best hundredth."""

    aim: Aim
    specification: bool
    replay: Replay


@dataclass(frozen=True)
class Savings:
    """Replays of one target.

    declared  whether the role file says which way is better; without it both ways are replayed
    settable  whether only conditions were searched; without one all inputs were, some of which may
              not be known before a run
    inputs    number of columns searched
    rows      rows of the dataset, of which `replay.n` were drawn
    """

    declared: bool
    settable: bool
    inputs: int
    rows: int
    replays: tuple[GoalReplay, ...]


def savings(data: Dataset, *, campaigns: int, seed: int) -> Savings | None:
    """Replay the search over the data; None for classes and where no replay is possible."""
    if not data.is_regression:
        return None
    declared = declared_goal(data.role(data.target))
    goals = (declared,) if declared else (Goal("maximise"), Goal("minimise"))
    conditions = [name for name in data.X.columns if data.role(str(name)).kind == "condition"]
    X = data.X[conditions] if conditions else data.X
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.permutation(len(data.y))[:MOST_ROWS])
    X = X.iloc[kept].reset_index(drop=True)
    Z, y = KernelInputs.of(X)(X), data.y[kept]
    told = []
    for goal in goals:
        found = _replayed(Z, y, goal, campaigns, seed)
        if found is not None:
            as_run = None if data.order is None else runs_in_order(good_rows(goal, data.y), data.order)
            # Only the whole table has an order that was really run.
            whole = len(kept) == len(data.y)
            told.append(replace(found, replay=replace(found.replay, as_run=as_run if whole else None)))
    if not told:
        return None
    return Savings(declared is not None, bool(conditions), X.shape[1], len(data.y), tuple(told))


def _replayed(Z: np.ndarray, y: np.ndarray, goal: Goal, campaigns: int, seed: int) -> GoalReplay | None:
    met = float((goal.merit(y) >= 0).mean()) if goal.aim == "within" else 0.0
    specification = 0 < met <= RARE
    sought = goal if specification else sharpened(goal)
    pool = Pool(Z, y, good_rows(goal, y))
    found = replay(pool, lambda _: KernelSearch(Z, sought), campaigns=campaigns, limit=LIMIT, seed=seed)
    return None if found is None else GoalReplay(sought.aim, specification, found)
