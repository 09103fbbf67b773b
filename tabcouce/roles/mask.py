"""A table under a mask: no name, level, unit or value of the original is left in it.

Names say the kind only, levels are numbered, numbers are in standard deviations from their mean,
dates start on the same day. What models find is the same, so a report on the masked table can be
shown to a supplier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.read.table import Column, Source, Table
from tabcouce.roles.approved import approved_rows
from tabcouce.roles.cells import parse_numbers
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.roles.prepare import NUMERIC_SHARE
from tabcouce.roles.role import Approved, ColumnRole, Golden, Roles, Tolerance

FIRST_DAY = pd.Timestamp("2000-01-01")
FILE = "masked"
APPROVED = "Approved"
"""Column that marks the approved rows, which the original names by a time or a value."""


@dataclass(frozen=True)
class _Scale:
    """masked = (value - mean) / spread"""

    mean: float
    spread: float

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> _Scale:
        known = values[np.isfinite(values)]
        spread = float(known.std()) if len(known) else 0.0
        return cls(float(known.mean()) if len(known) else 0.0, spread or 1.0)

    def place(self, value: float | None) -> float | None:
        return None if value is None else (value - self.mean) / self.spread

    def size(self, value: float | None) -> float | None:
        return None if value is None else value / self.spread


def masked(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Table and roles with masked names, levels and values; notes and the picture are left out.

    DIFF: a tolerance by gain becomes one by offset at the mean of the column.
    """
    names = masked_names(roles)
    numbers: dict[str, _Scale] = {}
    levels: dict[str, Mapping[str, str]] = {}
    cells: dict[str, npt.NDArray[np.generic]] = {}
    for role in roles.columns:
        column = table.frame[role.name]
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            cells[names[role.name]] = (FIRST_DAY + (column - column.min())).to_numpy()
            continue
        read = parse_numbers(column)
        if role.kind not in ("context", "identifier") and read.filled and read.share >= NUMERIC_SHARE:
            values = read.values
            if not _is_classes(role, roles, values):
                numbers[role.name] = _Scale.of(values)
                scale = numbers[role.name]
                cells[names[role.name]] = (values - scale.mean) / scale.spread
                continue
        texts = level_texts(column)
        found = [text for text in dict.fromkeys(texts) if text != BLANK]
        levels[role.name] = {text: f"{names[role.name]}-{k}" for k, text in enumerate(found, 1)}
        new = np.array([levels[role.name].get(text) for text in texts], dtype=object)
        cells[names[role.name]] = new
    if roles.approved is not None:
        cells[APPROVED] = np.where(approved_rows(table, roles.approved), "yes", "no").astype(object)
    frame = pd.DataFrame({name: pd.Series(values) for name, values in cells.items()})
    shown = Table(
        source=Source(FILE, ""),
        columns=tuple(Column(name, "") for name in frame.columns),
        frame=frame,
        rows=table.rows,
        header_rows=(),
        censored={names[name]: sides for name, sides in table.censored.items() if name in names},
    )
    return shown, _masked_roles(roles, names, numbers, levels)


def masked_names(roles: Roles) -> dict[str, str]:
    """Column -> its kind and a number, in table order."""
    count: dict[str, int] = {}
    names: dict[str, str] = {}
    for role in roles.columns:
        count[role.kind] = count.get(role.kind, 0) + 1
        names[role.name] = f"{role.kind.capitalize()} {count[role.kind]}"
    return names


def _is_classes(role: ColumnRole, roles: Roles, values: npt.NDArray[np.float64]) -> bool:
    """Whether numbers are the classes of the target."""
    return role.kind == "target" and roles.task not in (None, "regression")


def _masked_roles(
    roles: Roles,
    names: Mapping[str, str],
    numbers: Mapping[str, _Scale],
    levels: Mapping[str, Mapping[str, str]],
) -> Roles:
    blocks = {block: f"Block {k}" for k, block in enumerate(dict.fromkeys(c.block for c in roles.columns), 1)}
    split = roles.split_context
    positive = [
        levels[target].get(roles.positive_class or "") for target in roles.targets if target in levels
    ]
    return replace(
        roles,
        columns=(
            *(
                _masked_role(role, names[role.name], numbers.get(role.name, _Scale(0.0, 1.0)), blocks)
                for role in roles.columns
            ),
            *(() if roles.approved is None else (ColumnRole(APPROVED, "ignored"),)),
        ),
        targets=tuple(names[target] for target in roles.targets),
        positive_class=next((found for found in positive if found is not None), None),
        split_context=None if split is None else names[split],
        test_contexts=tuple(
            levels[split][level]
            for level in roles.test_contexts
            if split is not None and level in levels[split]
        ),
        order=tuple(names[name] for name in roles.order),
        warnings=(),
        approved=None if roles.approved is None else Approved(APPROVED, value="yes"),
        golden=_masked_golden(roles.golden, names, levels),
    )


def _masked_golden(
    golden: Golden | None, names: Mapping[str, str], levels: Mapping[str, Mapping[str, str]]
) -> Golden | None:
    if golden is None or golden.column is None:
        return golden
    return Golden(names[golden.column], levels[golden.column].get(golden.level, golden.level))


def _masked_role(role: ColumnRole, name: str, scale: _Scale, blocks: Mapping[str | None, str]) -> ColumnRole:
    budget = role.tolerance
    return replace(
        role,
        name=name,
        unit=None,
        basis=None,
        reason="",
        lower=scale.place(role.lower),
        upper=scale.place(role.upper),
        target_value=scale.place(role.target_value),
        step=scale.size(role.step),
        tolerance=None
        if budget is None
        else Tolerance((budget.offset + budget.gain * abs(scale.mean)) / scale.spread, 0.0),
        repeatability=scale.size(role.repeatability),
        loading=scale.size(role.loading),
        drift=scale.size(role.drift),
        block=None if role.block is None else blocks[role.block],
    )
