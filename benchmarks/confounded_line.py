"""A line with known total effects: common cause, proxies, correlated columns, an interaction.

The state m of a machine moves three columns and, if confounded, the quality. Two proxies read m.
Two more columns follow causes without causing anything, four are noise. Settings were written down
once, before any method was scored on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabcouce.read.table import Source
from tabcouce.roles import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits import Split, plan_splits

COLUMNS = (
    "pressed by the machine",  # 0: cause, confounded
    "reversed by the machine",  # 1: cause, confounded, naive slope of the other sign
    "free cause",  # 2: cause, half of an interaction
    "saturating cause",  # 3
    "modifier",  # 4: cause, other half of the interaction
    "echo of a free cause",  # 5: correlated 0.8 with 2, no effect
    "echo of a pressed cause",  # 6: correlated 0.7 with 0 within machines, no effect
    "ambient proxy",  # 7: reads m
    "tool proxy",  # 8: reads m
    "drifting bystander",  # 9: moved by m, no effect
    "noise a",
    "noise b",
    "noise c",
    "noise d",
)
SLOPES = (0.6, -0.5, 0.8, 0.364, 0.3, *(0.0,) * 9)
"""Mean slope of the response; E[2 (1 - tanh(2 v)^2)] = 0.727 gives 0.5 * 0.727 for the fourth."""
MOVED = {0: 1.0, 1: 0.9, 9: 0.8}
STATE_EFFECT = 1.5
NOISE = 0.6


@dataclass(frozen=True)
class Line:
    """The table and its truth: mean slope per column, target units per unit of the column."""

    data: Dataset
    split: Split
    effects: dict[str, float]

    @property
    def sizes(self) -> np.ndarray:
        """(p,) |effect| of one standard deviation of each column."""
        spread = self.data.X.std(ddof=0).to_numpy()
        return np.abs(np.array([self.effects[c] for c in COLUMNS])) * spread


def confounded_line(*, seed: int, confounded: bool, rows: int = 720, machines: int = 12) -> Line:
    """One draw of the process; without confounding m still moves columns, but not the quality."""
    rng = np.random.default_rng([seed, rows, machines, int(confounded)])
    state = rng.standard_normal(machines)
    machine = np.arange(rows) % machines
    m = state[machine]
    v = rng.standard_normal((rows, len(COLUMNS)))
    v[:, 5] = 0.8 * v[:, 2] + 0.6 * v[:, 5]
    v[:, 6] = 0.7 * v[:, 0] + np.sqrt(1 - 0.49) * v[:, 6]
    v[:, 7] = m + 0.3 * v[:, 7]
    v[:, 8] = m + 0.5 * v[:, 8]
    for column, link in MOVED.items():
        v[:, column] += link * m
    response = (
        0.6 * v[:, 0]
        - 0.5 * v[:, 1]
        + 0.8 * v[:, 2]
        + 0.5 * np.tanh(2 * v[:, 3])
        + 0.3 * v[:, 4]
        + 0.4 * v[:, 2] * v[:, 4]
    )
    y = response + STATE_EFFECT * confounded * m + NOISE * rng.standard_normal(rows)
    data = dataset(pd.DataFrame(v, columns=list(COLUMNS)), y, machine)
    plan = plan_splits(data, folds=5, seed=seed)
    return Line(data, plan.of(plan.headline), dict(zip(COLUMNS, SLOPES, strict=True)))


def dataset(X: pd.DataFrame, y: np.ndarray, machine: np.ndarray) -> Dataset:
    roles = [ColumnRole(name, "proxy" if "proxy" in name else "sensor") for name in X]
    roles += [ColumnRole("machine", "context"), ColumnRole("quality", "target")]
    return Dataset(
        name="confounded_line",
        source=Source("simulated", ""),
        task="regression",
        target="quality",
        X=X,
        y=y,
        classes=(),
        contexts=pd.DataFrame({"machine": [f"M{k + 1:02d}" for k in machine]}, dtype=object),
        group=None,
        order=None,
        rows=np.arange(2, len(y) + 2),
        roles=Roles(tuple(roles), ("quality",)),
    )
