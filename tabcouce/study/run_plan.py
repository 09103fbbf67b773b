"""The columns of a run sheet: what is set, what is to be filled in, and what a cell may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tabcouce.advice.space import Setting
from tabcouce.study.run_history import RunHistory

Part = Literal["setting", "context", "response", "reading"]
WIDE = 3.0
"""A result so many ranges beyond what was ever seen is taken for a slip of the pen."""


@dataclass(frozen=True)
class PlanColumn:
    """One column of the sheet.

    low, high            a number outside is refused; None for text
    seen_low, seen_high  smallest and largest value so far; None for text
    levels               texts seen so far; of a setting the only ones allowed
    """

    name: str
    part: Part
    unit: str | None
    low: float | None
    high: float | None
    seen_low: float | None
    seen_high: float | None
    levels: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.low is not None


def plan_columns(past: RunHistory, settings: Sequence[Setting]) -> tuple[PlanColumn, ...]:
    """Settings, contexts, responses and readings, in this order."""
    made = [PlanColumn(s.name, "setting", s.unit, *_setting_ends(s), levels=s.levels) for s in settings]
    kinds: tuple[tuple[Part, tuple[str, ...]], ...] = (
        ("context", ("context",)),
        ("response", ("target",)),
        ("reading", ("condition", "sensor", "proxy")),
    )
    settable = {s.name for s in settings}
    for part, kind in kinds:
        for role in past.of_kind(*kind):
            if role.name in settable:
                continue
            values = past.values(role.name)
            if part == "context" or not pd.api.types.is_numeric_dtype(values.dtype):
                levels = tuple(sorted(set(past.cells[role.name]) - {""}))
                made.append(PlanColumn(role.name, part, role.unit, None, None, None, None, levels))
            else:
                made.append(PlanColumn(role.name, part, role.unit, *_ends(values)))
    return tuple(made)


def _setting_ends(s: Setting) -> tuple[float | None, float | None, float | None, float | None]:
    return (s.low, s.high, s.seen_low, s.seen_high) if s.is_number else (None, None, None, None)


def _ends(values: pd.Series) -> tuple[float, float, float, float]:
    seen = values.to_numpy(float)
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return -1e300, 1e300, -1e300, 1e300
    low, high = float(seen.min()), float(seen.max())
    wide = WIDE * ((high - low) or abs(high) or 1.0)
    # What was never negative is no quantity that becomes so.
    least = max(low - wide, 0.0) if low >= 0 else low - wide
    return least, high + wide, low, high
