"""Contexts as numbers: the level of each row in each context column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ContextCode:
    """The levels of the context columns that differ between training rows.

    columns  names, in the order given; a column of one level says nothing and is left out
    levels   per column its texts, sorted
    """

    columns: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, context: pd.DataFrame | None) -> Self:
        """Learn the levels; without a context there are none."""
        columns, levels = [], []
        frame = pd.DataFrame() if context is None else context
        for name in frame.columns:
            texts = sorted(set(frame[name].astype(str)))
            if len(texts) > 1:
                columns.append(str(name))
                levels.append(tuple(texts))
        return cls(tuple(columns), tuple(levels))

    def __call__(self, context: pd.DataFrame | None, rows: int) -> Codes:
        """(rows, c) position of each row's level; -1 for a level or column not known."""
        code = np.full((rows, len(self.columns)), -1, dtype=np.int64)
        for j, (name, levels) in enumerate(zip(self.columns, self.levels, strict=True)):
            if context is not None and name in context.columns:
                code[:, j] = pd.Index(levels).get_indexer(pd.Index(context[name].astype(str)))
        return code

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return {"columns": list(self.columns), "levels": [list(v) for v in self.levels]}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        return cls(tuple(settings["columns"]), tuple(tuple(v) for v in settings["levels"]))
