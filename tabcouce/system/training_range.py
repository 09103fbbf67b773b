"""Which rows lie outside what the model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

MARGIN = 0.05
"""Share of a column's training range that counts as still inside, on either side."""


@dataclass(frozen=True)
class TrainingRange:
    """Range of each numeric input and levels of each category in the training rows.

    low, high  per column; NaN for a category or an all-blank column
    levels     per column its known texts; None for a number
    """

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    levels: tuple[frozenset[str] | None, ...]

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Learn from training rows; (n, p) frame of float64 and category columns."""
        low: list[float] = []
        high: list[float] = []
        levels: list[frozenset[str] | None] = []
        for name in X.columns:
            column = X[name]
            if pd.api.types.is_numeric_dtype(column.dtype):
                numbers = column.to_numpy(float)
                numbers = numbers[np.isfinite(numbers)]
                low.append(float(numbers.min()) if len(numbers) else float("nan"))
                high.append(float(numbers.max()) if len(numbers) else float("nan"))
                levels.append(None)
            else:
                low.append(float("nan"))
                high.append(float("nan"))
                levels.append(frozenset(column.dropna().astype(str)))
        return cls(tuple(map(str, X.columns)), tuple(low), tuple(high), tuple(levels))

    def outside(self, X: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """(n, p) whether each cell lies outside; a blank cell never does."""
        flags = np.zeros((len(X), len(self.names)), bool)
        for j, (name, levels) in enumerate(zip(self.names, self.levels, strict=True)):
            if levels is None:
                margin = MARGIN * (self.high[j] - self.low[j])
                cells = X[name].to_numpy(float)
                # NaN compares false: a blank cell is missing, not out of range.
                flags[:, j] = (cells < self.low[j] - margin) | (cells > self.high[j] + margin)
            else:
                flags[:, j] = [not (pd.isna(cell) or str(cell) in levels) for cell in X[name].astype(object)]
        return flags

    def reasons(self, X: pd.DataFrame) -> list[str]:
        """Per row, the names of the columns outside, joined; empty where the row is inside."""
        flags = self.outside(X)
        return ["; ".join(np.asarray(self.names, object)[row]) if row.any() else "" for row in flags]

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return {
            "names": list(self.names),
            "low": [None if np.isnan(v) else v for v in self.low],
            "high": [None if np.isnan(v) else v for v in self.high],
            "levels": [None if v is None else sorted(v) for v in self.levels],
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        def number(value: float | None) -> float:
            return float("nan") if value is None else float(value)

        return cls(
            names=tuple(settings["names"]),
            low=tuple(map(number, settings["low"])),
            high=tuple(map(number, settings["high"])),
            levels=tuple(None if v is None else frozenset(v) for v in settings["levels"]),
        )
