"""How rows or lots differ from one golden lot: those of a new file, and those of the study itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.advice.golden import against_golden
from tabcouce.advice.past_rows import PastRows
from tabcouce.advice.similar import Search
from tabcouce.errors import Place, RoleError
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.golden import golden_level
from tabcouce.roles.role import Golden
from tabcouce.study.golden_rows import GoldenRows
from tabcouce.study.predict import derived_again, matched_inputs
from tabcouce.study.saved import SavedStudy, SavedTarget
from tabcouce.study.similar import context_column, kept_rows, lots_of

LEAST_ALIKE = 10
"""Rows or lots that a report compares with the golden one."""


def golden_lots(whole: Dataset, compared: Dataset, golden: Golden | None) -> GoldenRows | None:
    """The rows or lots of a study that are least like its golden one; None where none is named.

    whole     all rows of the target, among which the golden ones are; compared: the rows judged
    golden    a lot is compared with the other levels of its column, a row with single rows
    """
    if golden is None:
        return None
    of_whole = golden_mask(whole, golden)
    both = whole.part(np.flatnonzero(of_whole | np.isin(whole.rows, compared.rows)))
    made = golden_mask(both, golden)
    past = PastRows.of(both)
    blocks = declared_blocks(both)
    search = Search.of(past, "scaled", blocks=blocks)
    other = np.flatnonzero(~made)
    labels = None if golden.column is None else both.contexts[golden.column].to_numpy(object)
    found = against_golden(
        search,
        made,
        both.X.iloc[other].reset_index(drop=True),
        both.rows[other],
        None if labels is None else labels[other],
        most=LEAST_ALIKE,
    )
    if both.is_regression:
        level = both.rows.astype(str).astype(object) if labels is None else labels
        means = pd.Series(both.y).groupby(level).mean()
        found = tuple(
            replace(one, outcome=float(means[one.label if labels is not None else str(one.row)]))
            for one in found
        )
    return GoldenRows(
        target=both.target,
        unit=both.role(both.target).unit if both.labelled else None,
        column=golden.column,
        level=golden.level,
        rows=int(of_whole.sum()),
        outcome=float(whole.y[of_whole].mean()) if both.is_regression else None,
        by=golden.column,
        units={str(name): both.role(str(name)).unit for name in both.X.columns},
        found=found,
        blocks=tuple(blocks) if len(blocks) > 1 else (),
        compared=len(other) if labels is None else len(set(labels[other])),
    )


def golden_mask(dataset: Dataset, golden: Golden) -> npt.NDArray[np.bool_]:
    """(n,) the golden rows.

    Raises  RoleError where none of them has a value of the target, or no other row is left
    """
    if golden.column is None:
        made = dataset.rows == int(golden.level)
    else:
        made = dataset.contexts[golden.column].to_numpy(str) == golden.level
    if made.any() and not made.all():
        return np.asarray(made)
    what = f"row {golden.level}" if golden.column is None else f"lot '{golden.level}' of '{golden.column}'"
    wrong = "has no value of the target" if not made.any() else "holds every row"
    raise RoleError(
        f"The golden {what} {wrong} '{dataset.target}'." if not made.any() else f"The golden {what} {wrong}.",
        place=Place(file=dataset.source.file, sheet=dataset.source.sheet),
        remedy="Name another one.",
    )


def declared_blocks(dataset: Dataset) -> dict[str, tuple[int, ...]]:
    """Block declared in the roles -> positions of its inputs."""
    blocks: dict[str, tuple[int, ...]] = {}
    for j, name in enumerate(dataset.X.columns):
        block = dataset.role(str(name)).block
        if block is not None:
            blocks[block] = (*blocks.get(block, ()), j)
    return blocks


def golden_rows(
    saved: SavedStudy, table: Table, golden: str, *, by: str | None = None
) -> tuple[GoldenRows, ...]:
    """Compare every row of the new file, or every level of `by`, with the lot 'COLUMN=LEVEL'.

    Raises  RoleError for a column or level that the study does not know; BundleError where it keeps
            no past rows
    """
    table = derived_again(saved, table)
    return tuple(_of_target(target, table, golden, by) for target in saved.targets)


def _of_target(saved: SavedTarget, table: Table, golden: str, by: str | None) -> GoldenRows:
    memory = kept_rows(saved)
    name, _, wanted = golden.rpartition("=")
    column = context_column(saved, name.strip(), table)
    levels = memory.past.contexts[column].astype(str)
    level = golden_level(wanted.strip(), levels.unique(), column, table.place())
    X = matched_inputs(saved, table)
    search = Search.of(memory.past, "scaled", blocks=memory.blocks)
    own = None if by is None else context_column(saved, by, table)
    labels = None if own is None else lots_of(table, own, len(X))
    made = (levels == level).to_numpy()
    return GoldenRows(
        target=saved.target,
        unit=saved.unit,
        column=column,
        level=level,
        rows=int(made.sum()),
        outcome=None if saved.classes else float(memory.past.outcome[made].mean()),
        by=own,
        units={each.name: each.unit for each in saved.inputs},
        found=against_golden(search, made, X, table.rows, labels),
        blocks=tuple(memory.blocks) if len(memory.blocks) > 1 else (),
    )
