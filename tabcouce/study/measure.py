"""A saved study and the inputs of a new machine's rows: which of them to measure first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabcouce.advice.first_rows import first_rows
from tabcouce.advice.posterior import Runs, membership
from tabcouce.errors import BundleError
from tabcouce.models.kernel_inputs import KernelInputs
from tabcouce.read.table import Table
from tabcouce.study.predict import derived_again, matched_inputs
from tabcouce.study.saved import SavedStudy, SavedTarget


@dataclass(frozen=True)
class MeasureFirst:
    """For one target.

    rows  1-based rows of the new file, the most telling first
    left  how large the doubt about all rows of the file still is once the first 1, 2, ... are
          measured, as a share of what it is before; by the kernel's own variances
    """

    target: str
    rows: tuple[int, ...]
    left: tuple[float, ...]


def measure_first(saved: SavedStudy, table: Table, k: int, *, seed: int = 0) -> tuple[MeasureFirst, ...]:
    """For every target with values or two classes, the k rows of the file to measure first.

    All rows of the file are taken for one new context.

    Raises  BundleError where the study keeps no past rows; RoleError, CellError as `predict`
    """
    table = derived_again(saved, table)
    return tuple(
        _of_target(target, table, k, seed) for target in saved.targets if len(target.classes) in (0, 2)
    )


def _of_target(saved: SavedTarget, table: Table, k: int, seed: int) -> MeasureFirst:
    if saved.memory is None:
        raise BundleError(
            f"The study keeps no past rows for '{saved.target}'.",
            remedy="Run 'tabcouce fit' again with this version, to the end.",
        )
    past = saved.memory.past
    inputs = KernelInputs.of(past.X)
    levels = [pd.factorize(past.contexts[name])[0] for name in past.contexts.columns]
    code = np.column_stack(levels).astype(np.int64) if levels else np.zeros((len(past.rows), 0), np.int64)
    runs = Runs(inputs(past.X), past.outcome, membership(code))
    found = first_rows(runs, inputs(matched_inputs(saved, table)), k, seed=seed)
    return MeasureFirst(saved.target, tuple(table.rows[found.position].tolist()), tuple(found.left.tolist()))
