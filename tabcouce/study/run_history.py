"""The rows a study was fitted on, as `suggest` needs them: settings, contexts, targets and their roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.roles.cells import parse_numbers
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.roles.prepare import NUMERIC_SHARE, category
from tabcouce.roles.role import ColumnRole
from tabcouce.roles.thinning import thinned

if TYPE_CHECKING:
    from tabcouce.study.value import Study

KEPT = ("condition", "sensor", "proxy", "context", "target")
MOST_ROWS = 50_000
"""Of a longer table so many are kept, drawn at random: 15 MB of text at 40 columns."""
ROW = "\x00row"
FIELDS = ("name", "kind", "unit", "lower", "upper", "target_value", "step", "goal")


@dataclass(frozen=True)
class RunHistory:
    """cells    (n, c) text per cell, '' where blank
    columns  the roles of the c columns, as far as `FIELDS` tells
    rows     (n,) 1-based row of the file
    derived  columns that the study made from others: nobody can set or fill them in
    """

    cells: pd.DataFrame
    columns: tuple[ColumnRole, ...]
    rows: npt.NDArray[np.int64]
    derived: frozenset[str]

    @classmethod
    def of(cls, study: Study) -> RunHistory:
        units = {column.name: column.unit for column in study.table.columns}
        kept = [role for role in study.roles.columns if role.kind in KEPT]
        frame, rows = study.table.frame, study.table.rows
        if len(rows) > MOST_ROWS:
            drawn = thinned(np.arange(len(rows)), np.zeros(len(rows), np.int64), MOST_ROWS, study.seed)
            frame, rows = frame.iloc[drawn].reset_index(drop=True), rows[drawn]
        cells = pd.DataFrame({role.name: level_texts(frame[role.name]) for role in kept})
        columns = tuple(
            ColumnRole(
                role.name,
                role.kind,
                unit=role.unit or units.get(role.name),
                lower=role.lower,
                upper=role.upper,
                target_value=role.target_value,
                step=role.step,
                goal=role.goal,
            )
            for role in kept
        )
        derived = frozenset(made.name for made in study.derive)
        return cls(cells.replace(BLANK, ""), columns, rows, derived)

    def of_kind(self, *kinds: str) -> tuple[ColumnRole, ...]:
        return tuple(role for role in self.columns if role.kind in kinds and role.name not in self.derived)

    def values(self, name: str) -> pd.Series:
        """Numbers, or a category where most filled cells are text."""
        numbers = parse_numbers(self.cells[name])
        if numbers.share >= NUMERIC_SHARE:
            return pd.Series(numbers.values)
        return category(self.cells[name])

    def levels(self, name: str) -> npt.NDArray[np.object_]:
        """(n,) text of each cell."""
        return np.asarray(self.cells[name], dtype=object)

    def text(self) -> str:
        """CSV of rows and cells."""
        return self.cells.assign(**{ROW: self.rows}).to_csv(index=False)

    def settings(self) -> dict[str, Any]:
        return {
            "columns": [{field: getattr(role, field) for field in FIELDS} for role in self.columns],
            "derived": sorted(self.derived),
        }

    @classmethod
    def from_text(cls, text: str, settings: Mapping[str, Any]) -> RunHistory:
        frame = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
        rows = frame.pop(ROW).to_numpy(dtype=np.int64)
        columns = tuple(ColumnRole(**column) for column in settings["columns"])
        # The reader of CSV renames equal or blank names; the roles keep them.
        frame.columns = pd.Index([role.name for role in columns])
        return cls(frame, columns, rows, frozenset(settings["derived"]))
