"""What can be set for a new run: limits, steps, levels and constraints between settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import qmc

from tabcouce.advice.constraint import Constraint
from tabcouce.errors import RoleError
from tabcouce.roles.role import ColumnRole

Floats = npt.NDArray[np.float64]
FEW_VALUES = 5
"""A number that was only ever set to so few values is offered at those values alone."""
FINE = 100
"""Without a declared step a setting is rounded to a decimal of about a hundredth of its range."""
ROUNDS = 50


@dataclass(frozen=True)
class Setting:
    """One condition.

    low, high            allowed, unit of the column: declared limits where given, else as seen
    seen_low, seen_high  what was run so far
    step                 grid of its values; values: the only ones allowed, where not empty
    levels               texts of a category; then all numbers are NaN
    """

    name: str
    unit: str | None
    low: float
    high: float
    seen_low: float
    seen_high: float
    step: float
    values: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()

    @classmethod
    def of(cls, role: ColumnRole, column: pd.Series) -> Setting:
        """From the role and the past values; RoleError where nothing can be set."""
        if not pd.api.types.is_numeric_dtype(column.dtype):
            nan = float("nan")
            levels = tuple(sorted(column.dropna().astype(str).unique()))
            return cls(role.name, role.unit, nan, nan, nan, nan, nan, levels=levels)
        seen = np.unique(column.dropna().to_numpy(float))
        low = float(seen[0]) if role.lower is None else role.lower
        high = float(seen[-1]) if role.upper is None else role.upper
        if low > high:
            raise RoleError(
                f"'{role.name}' would go from {low:g} to {high:g}: a limit excludes all past values.",
                remedy=f"Declare both lower and upper of '{role.name}'.",
            )
        span = (high - low) or abs(high) or 1.0
        step = role.step or 10.0 ** np.floor(np.log10(span / FINE) + 1e-9)
        few = role.step is None and role.lower is None and role.upper is None and len(seen) <= FEW_VALUES
        values = tuple(map(float, seen)) if few else ()
        return cls(
            role.name, role.unit, low, high, float(seen[0]), float(seen[-1]), float(step), values=values
        )

    @property
    def is_number(self) -> bool:
        return not self.levels

    def snapped(self, x: Floats) -> Floats:
        """The nearest allowed value of each."""
        if self.values:
            allowed = np.array(self.values)
            return allowed[np.abs(x[:, None] - allowed).argmin(axis=1)]
        first, last = np.ceil(self.low / self.step - 1e-9), np.floor(self.high / self.step + 1e-9)
        if first > last:
            return np.full(len(x), self.low)
        # Twelve digits: 0.1 x 3 must be written as 0.3 into the sheet.
        return np.array(
            [float(f"{v:.12g}") for v in np.clip(np.round(x / self.step), first, last) * self.step]
        )


@dataclass(frozen=True)
class Space:
    """All settings, and the constraints between the numeric ones."""

    settings: tuple[Setting, ...]
    constraints: tuple[Constraint, ...] = ()

    @property
    def numbers(self) -> tuple[Setting, ...]:
        return tuple(s for s in self.settings if s.is_number)

    def draw(self, n: int, seed: int) -> pd.DataFrame:
        """Allowed candidates, about n, spread evenly (Sobol); fewer where the constraints leave less."""
        rng = np.random.default_rng(seed)
        numbers = self.numbers
        columns: dict[str, object] = {}
        if numbers:
            points = qmc.Sobol(len(numbers), seed=seed).random_base2(int(np.ceil(np.log2(n))))[:n]
            for j, s in enumerate(numbers):
                columns[s.name] = s.low + points[:, j] * (s.high - s.low)
        for s in self.settings:
            if s.levels:
                columns[s.name] = rng.choice(np.array(s.levels, object), n)
        return self.mended(pd.DataFrame(columns)[[s.name for s in self.settings]])

    def near(self, start: pd.DataFrame, copies: int, seed: int) -> pd.DataFrame:
        """Allowed candidates around some settings: each numeric one moved by up to a tenth of its range."""
        rng = np.random.default_rng(seed)
        frame = start.loc[start.index.repeat(copies)].reset_index(drop=True)
        for s in self.numbers:
            moved = rng.random(len(frame)) < max(0.3, 2 / max(len(self.numbers), 1))
            width = 0.1 * (s.high - s.low) * rng.standard_normal(len(frame))
            frame[s.name] = np.clip(frame[s.name].to_numpy(float) + moved * width, s.low, s.high)
        return self.mended(frame)

    def mended(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows moved the least way onto limits, steps and constraints; those that cannot be are left out."""
        numbers = self.numbers
        frame = frame.copy()
        A = frame[[s.name for s in numbers]].to_numpy(float, copy=True)
        low, high = np.array([s.low for s in numbers]), np.array([s.high for s in numbers])
        C = np.array([[c.weights.get(s.name, 0.0) for s in numbers] for c in self.constraints])
        for _ in range(ROUNDS if len(C) else 0):
            for c, row in zip(self.constraints, C, strict=True):
                A += (_lacking(c, A @ row) / (row @ row))[:, None] * row
                A = np.clip(A, low, high)
        A = np.clip(A, low, high)
        if numbers:
            A = np.column_stack([s.snapped(A[:, j]) for j, s in enumerate(numbers)])
        for c, row in zip(self.constraints, C, strict=True):
            A = self._evened(A, c, row)
        good = np.ones(len(A), bool)
        for c, row in zip(self.constraints, C, strict=True):
            good &= np.abs(_lacking(c, A @ row)) <= 1e-6 * max(1.0, abs(c.total))
        for j, s in enumerate(numbers):
            frame[s.name] = A[:, j]
        for s in self.settings:
            if s.levels:
                good &= frame[s.name].astype(object).isin(s.levels).to_numpy()
        return frame.loc[good].drop_duplicates().reset_index(drop=True)

    def allows(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """(n,) whether settings lie within limits and constraints; steps do not count."""
        good = np.ones(len(frame), bool)
        for s in self.numbers:
            good &= frame[s.name].between(s.low, s.high).to_numpy()
        for c in self.constraints:
            value = sum(w * frame[name].to_numpy(float) for name, w in c.weights.items())
            # Half a per cent: a mixture that was weighed never sums to its total exactly.
            good &= np.abs(_lacking(c, np.asarray(value))) <= 5e-3 * max(1.0, abs(c.total))
        return good

    def _evened(self, A: Floats, c: Constraint, row: Floats) -> Floats:
        """What rounding left over is given to settings with room, whole steps, the coarsest first."""
        order = sorted(np.flatnonzero(row), key=lambda j: -self.numbers[j].step)
        for j in order:
            s = self.numbers[j]
            if not s.values:
                A[:, j] = s.snapped(A[:, j] + _lacking(c, A @ row) / row[j])
        return A


def _lacking(c: Constraint, value: Floats) -> Floats:
    """What must be added to meet the constraint; 0 where it is met."""
    gap = c.total - value
    if c.relation == "<=":
        return np.minimum(gap, 0.0)
    return np.maximum(gap, 0.0) if c.relation == ">=" else gap


def check_constraints(constraints: Sequence[Constraint], settings: Sequence[Setting]) -> None:
    """Whether each constraint can be met within the limits.

    Raises  RoleError with what the limits allow
    """
    by_name = {s.name: s for s in settings}
    for c in constraints:
        ends = [sorted((w * by_name[n].low, w * by_name[n].high)) for n, w in c.weights.items()]
        least, most = sum(e[0] for e in ends), sum(e[1] for e in ends)
        impossible = (c.relation != ">=" and least > c.total + 1e-9) or (
            c.relation != "<=" and most < c.total - 1e-9
        )
        if impossible:
            raise RoleError(
                f"The constraint needs {c.total:g}, but within the limits the sum is {least:g} to {most:g}.",
                remedy="Correct the constraint, or declare wider limits (lower, upper) for its settings.",
            )
