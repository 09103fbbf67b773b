"""The value that models see: inputs, one target, contexts, groups and order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.read.table import Source
from tabcouce.roles.role import ColumnRole, Roles, Task


@dataclass(frozen=True)
class Dataset:
    """Rows with a known value of one target, ready for checks, splits and models.

    X         (n, p) inputs under their real names; float64 (NaN where blank) or pandas
              'category' of text (NaN where blank); index 0..n-1
    y         (n,) float64: the value for regression, the class number otherwise
    classes   texts of the classes, y indexes it; empty for regression; for binary and
              anomaly the second class is the positive one
    contexts  (n, c) text per cell (never missing: '(blank)'), one column per context;
              index 0..n-1
    group     (n,) int group number, rows of one group stay together; None where not declared
    order     (n,) float rank in time, ties allowed; None where unknown
    rows      (n,) int, 1-based row in the file
    censored  (n,) int8, -1 where y is an upper limit of the true value ('<0.01'), 1 where it is a
              lower limit, else 0; None where every value is known
    approved  (n,) bool, rows of the approved period, known to be normal; None where none is named
    """

    name: str
    source: Source
    task: Task
    target: str
    X: pd.DataFrame
    y: npt.NDArray[np.float64]
    classes: tuple[str, ...]
    contexts: pd.DataFrame
    group: npt.NDArray[np.int64] | None
    order: npt.NDArray[np.float64] | None
    rows: npt.NDArray[np.int64]
    roles: Roles
    censored: npt.NDArray[np.int8] | None = None
    approved: npt.NDArray[np.bool_] | None = None

    @property
    def labelled(self) -> bool:
        """Whether there is a target; without one, every row counts as 0 and `target` is ''."""
        return bool(self.target)

    def part(self, positions: npt.NDArray[np.int64]) -> Self:
        """The rows at these positions, in their order."""
        return replace(
            self,
            X=self.X.iloc[positions].reset_index(drop=True),
            y=self.y[positions],
            contexts=self.contexts.iloc[positions].reset_index(drop=True),
            group=None if self.group is None else np.unique(self.group[positions], return_inverse=True)[1],
            order=None if self.order is None else self.order[positions],
            rows=self.rows[positions],
            censored=None if self.censored is None else self.censored[positions],
            approved=None if self.approved is None else self.approved[positions],
        )

    @property
    def is_regression(self) -> bool:
        return self.task == "regression"

    def role(self, column: str) -> ColumnRole:
        """The role of an input or the target."""
        return self.roles.of(column)
