"""Inputs that carry little: identifiers, constants, empty and half-empty ones, glitched cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.checks.finding import Fact, Finding
from tabcouce.checks.sentences import worded
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import Roles

MISSING_SHARE = 0.5
EXTREME = 1e6
UNIQUE_SHARE = 0.95


def column_findings(table: Table, roles: Roles, dataset: Dataset) -> list[Finding]:
    """One finding per rule, or per column where the address matters."""
    found: list[Finding] = []
    empty = [c.name for c in roles.columns if c.is_input and c.name not in dataset.X.columns]
    if empty:
        found.append(_listed(table, "empty-input", empty, size=1.0))
    constant: list[str] = []
    sparse: list[str] = []
    worst = 0.0
    for name in dataset.X.columns:
        cells = dataset.X[name]
        missing = float(cells.isna().mean())
        if cells.nunique(dropna=True) == 1:
            constant.append(name)
        elif missing > MISSING_SHARE:
            sparse.append(name)
            worst = max(worst, missing)
        if _is_identifier(cells):
            found.append(_identifier(table, name))
    found += _extreme(table, dataset)
    if constant:
        found.append(_listed(table, "constant-input", constant, size=0.1))
    if sparse:
        shares = {"limit": MISSING_SHARE, "worst": worst}
        found.append(_listed(table, "mostly-blank", sparse, shares, size=worst))
    return found


def _listed(
    table: Table, rule: str, names: list[str], facts: Mapping[str, Fact] | None = None, *, size: float
) -> Finding:
    return worded(
        f"{rule}.one" if len(names) == 1 else f"{rule}.many",
        "note" if rule == "constant-input" else "weakens",
        table.place(column=names[0]),
        {"count": len(names), "names": tuple(names), **(facts or {})},
        columns=tuple(names),
        size=size,
    )


def _is_identifier(cells: pd.Series) -> bool:
    """Text of its own in nearly every row, or a whole number that counts the rows."""
    known = cells.dropna()
    if len(known) < 20:
        return False
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        return bool(known.nunique() >= UNIQUE_SHARE * len(known))
    values = np.sort(known.to_numpy(dtype=float))
    steps = np.diff(values)
    return bool(
        np.all(steps > 0) and np.all(values == np.round(values)) and (steps == 1).mean() > UNIQUE_SHARE
    )


def _identifier(table: Table, name: str) -> Finding:
    place = table.place(column=name)
    return worded("identifier-input", "misleads", place, {"column": name}, columns=(name,), size=0.5)


def _extreme(table: Table, dataset: Dataset) -> list[Finding]:
    far = {
        str(name): _far_out(dataset.X[name].to_numpy(dtype=float))
        for name in dataset.X.columns
        if pd.api.types.is_numeric_dtype(dataset.X[name].dtype)
    }
    hit = {name: cells for name, cells in far.items() if cells.any()}
    if not hit:
        return []
    name = next(iter(hit))
    first = int(np.argmax(hit[name]))
    rows = np.any(np.column_stack(list(hit.values())), axis=1)
    position = int(np.flatnonzero(table.rows == dataset.rows[first])[0])
    cells = sum(int(column.sum()) for column in hit.values())
    return [
        worded(
            "extreme-cells.one" if cells == 1 else "extreme-cells.many",
            "weakens",
            table.place(position=position, column=name),
            {
                "column": name,
                "value": float(dataset.X[name].iloc[first]),
                "cells": cells,
                "rows": int(rows.sum()),
                "columns": len(hit),
            },
            columns=tuple(hit),
            size=float(rows.mean()),
        )
    ]


def _far_out(x: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """|x - median| / IQR > 1e6; where the IQR is zero, the 1st to 99th percentile."""
    known = x[np.isfinite(x)]
    if len(known) < 10:
        return np.zeros(len(x), bool)
    p1, q1, median, q3, p99 = np.percentile(known, [1, 25, 50, 75, 99])
    spread = q3 - q1 if q3 > q1 else p99 - p1
    if not spread > 0:
        return np.zeros(len(x), bool)
    # Compared with a product: 1e33 / 1e-300 would overflow.
    return np.isfinite(x) & (np.abs(x - median) > EXTREME * spread)
