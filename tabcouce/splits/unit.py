"""The independent units of a split: what an interval resamples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.roles.dataset import Dataset

ROW_BLOCKS = 50


@dataclass(frozen=True)
class Unit:
    """unit  (n,) number of each row's unit;  units  text of each"""

    unit: npt.NDArray[np.int64]
    units: tuple[str, ...]


def context_units(dataset: Dataset, column: str) -> Unit:
    """The levels of a context."""
    found, codes = np.unique(dataset.contexts[column].to_numpy().astype(str), return_inverse=True)
    return Unit(codes.astype(np.int64), tuple(found.tolist()))


def group_units(dataset: Dataset) -> Unit:
    """The declared groups, each named by the file row of its first member."""
    assert dataset.group is not None
    first = np.unique(dataset.group, return_index=True)[1]
    return Unit(dataset.group, tuple(f"group from row {dataset.rows[k]}" for k in first))


def block_units(dataset: Dataset) -> Unit:
    """Blocks of successive rows, in time where it is known, else as they stand in the file.

    Neighbouring rows are rarely independent, so blocks rather than rows are resampled.
    """
    n = len(dataset.y)
    blocks = min(ROW_BLOCKS, n)
    order = np.arange(n, dtype=float) if dataset.order is None else dataset.order
    position = np.empty(n, dtype=np.int64)
    position[np.argsort(order, kind="stable")] = np.arange(n)
    unit = position * blocks // n
    return Unit(unit.astype(np.int64), tuple(f"row block {k + 1}" for k in range(blocks)))
