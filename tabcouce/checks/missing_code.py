"""A number that stands for 'no value', such as -999 or 9999, read as a measurement."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.checks.finding import Finding
from tabcouce.checks.sentences import worded
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset

CODES: tuple[float, ...] = tuple(
    sign * (10.0**digits - 1) for digits in (2, 3, 4, 5, 6) for sign in (-1.0, 1.0)
)
"""-99, 99, -999, 999 and so on: what loggers and databases write for 'no value'."""


def missing_code_findings(table: Table, dataset: Dataset) -> Iterable[Finding]:
    """A column where such a number recurs, apart from all others by more than these range over."""
    for name in dataset.X.columns:
        cells = dataset.X[name]
        if not pd.api.types.is_numeric_dtype(cells.dtype):
            continue
        values = cells.to_numpy(dtype=float)
        for code in CODES:
            here = values == code
            if here.sum() >= 2 and _stands_apart(code, values[~here & np.isfinite(values)]):
                yield _finding(table, dataset, str(name), code, here)


def _stands_apart(code: float, others: npt.NDArray[np.float64]) -> bool:
    if len(np.unique(others[:1000])) < 5:  # a column of few levels may well have this one
        return False
    low, high = float(others.min()), float(others.max())
    return code < low - (high - low) or code > high + (high - low)


def _finding(table: Table, dataset: Dataset, name: str, code: float, here: npt.NDArray[np.bool_]) -> Finding:
    first = int(np.flatnonzero(table.rows == dataset.rows[int(np.argmax(here))])[0])
    return worded(
        "missing-code",
        "weakens",
        table.place(position=first, column=name),
        {"column": name, "value": f"{code:.0f}", "count": int(here.sum())},
        columns=(name,),
        size=float(here.mean()),
    )
