"""A saved study asked how new rows or lots differ from one golden lot."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.advice.golden import GoldenMatch, against_golden
from tabcouce.advice.similar import Search
from tabcouce.errors import RoleError
from tabcouce.read.table import Table
from tabcouce.roles.column_name import closest, name_key
from tabcouce.study.predict import derived_again, matched_inputs
from tabcouce.study.saved import SavedStudy, SavedTarget
from tabcouce.study.similar import context_column, kept_rows, lots_of


@dataclass(frozen=True)
class GoldenRows:
    """The answer for one target.

    column, level, rows  the golden lot and how many past rows it has
    outcome              their mean; None for classes
    by                   context column whose levels are compared with it; None for rows
    units                column -> unit; unit of the target
    """

    target: str
    unit: str | None
    column: str
    level: str
    rows: int
    outcome: float | None
    by: str | None
    units: dict[str, str | None]
    found: tuple[GoldenMatch, ...]


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
    spelled = {name_key(level): level for level in levels.unique()}
    level = spelled.get(name_key(wanted.strip()))
    if level is None:
        near = closest(wanted, list(spelled.values()))
        raise RoleError(
            f"'{wanted.strip()}' is no level of '{column}' among the study's past rows.",
            place=table.place(),
            remedy=f"Did you mean '{near}'?" if near else f"Give one of its {len(spelled)} levels.",
        )
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
        found=against_golden(search, X, table.rows, column, level, labels),
    )
