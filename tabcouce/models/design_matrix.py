"""Inputs as numbers: the same column code for every model, fitted on training rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import FitError

ONE_HOT_LEVELS = 30
"""Levels beyond the most frequent 30 share the all-zero code of an unseen level."""


@dataclass(frozen=True)
class DesignMatrix:
    """How p columns of a frame become numbers under neutral positions.

    Column names never reach a model: LightGBM refuses JSON characters such as brackets in
    names, which headers with units are full of.

    names   p column names, in the order of the training frame
    levels  per column its texts in order of frequency, or None for a numeric column
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...] | None, ...]

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Learn kinds and levels from training rows.

        A column is categorical only if it holds text, never because it has few values.
        """
        levels: list[tuple[str, ...] | None] = []
        for name in X.columns:
            column = X[name]
            if pd.api.types.is_numeric_dtype(column.dtype):
                levels.append(None)
            else:
                counts = column.astype(object).dropna().astype(str).value_counts()
                # Ties in frequency go by text, so that the code does not depend on row order.
                ranked = counts.sort_index().sort_values(ascending=False, kind="stable").index
                levels.append(tuple(map(str, ranked[:ONE_HOT_LEVELS])))
        return cls(names=tuple(map(str, X.columns)), levels=tuple(levels))

    def _column(self, X: pd.DataFrame, name: str) -> pd.Series:
        if name not in X.columns:
            raise FitError(
                f"The column '{name}' that the model was trained on is missing.",
                remedy="Give the new file the same column names as the training file.",
            )
        return X[name]

    def _numbers(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """(n, numeric) the numeric columns as found, in one piece: models are asked thousands of times."""
        names = [name for name, levels in zip(self.names, self.levels, strict=True) if levels is None]
        if not set(names) <= set(X.columns):
            for name in names:
                self._column(X, name)
        return np.asarray(X[names].to_numpy(dtype=float, na_value=np.nan))

    def codes(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """(n, p) for trees: numbers as found, level numbers for categories, NaN where blank or unseen."""
        out = np.empty((len(X), len(self.names)))
        out[:, [levels is None for levels in self.levels]] = self._numbers(X)
        for j, (name, levels) in enumerate(zip(self.names, self.levels, strict=True)):
            if levels is not None:
                number = {level: float(k) for k, level in enumerate(levels)}
                cells = self._column(X, name).astype(object)
                out[:, j] = [number.get(str(cell), np.nan) for cell in cells]
        return out

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the categorical columns in `codes`."""
        return tuple(j for j, levels in enumerate(self.levels) if levels is not None)

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """(q,) for each column of `dense`, the position of the input column it comes from."""
        width = [1 if levels is None else len(levels) for levels in self.levels]
        return np.repeat(np.arange(len(self.names)), width).astype(np.int64)

    @property
    def numeric(self) -> npt.NDArray[np.bool_]:
        """(q,) whether a column of `dense` is a number rather than a level indicator."""
        return np.concatenate(
            [np.ones(1, bool) if levels is None else np.zeros(len(levels), bool) for levels in self.levels]
            or [np.zeros(0, bool)]
        )

    def dense(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """(n, q) numbers as found (NaN where blank) and one-hot levels (all zero: blank or unseen)."""
        numeric, owner = self.numeric, self.owner
        out = np.empty((len(X), len(owner)))
        out[:, numeric] = self._numbers(X)
        for j, (name, levels) in enumerate(zip(self.names, self.levels, strict=True)):
            if levels:
                text = self._column(X, name).astype(object).to_numpy()
                out[:, owner == j] = np.column_stack([text == level for level in levels])
        return out

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return {"names": list(self.names), "levels": [None if v is None else list(v) for v in self.levels]}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        return cls(
            names=tuple(settings["names"]),
            levels=tuple(None if v is None else tuple(v) for v in settings["levels"]),
        )
