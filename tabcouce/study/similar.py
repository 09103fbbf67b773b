"""A saved study asked for the past rows or lots that are most like those of a new file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.advice.row_space import SPACES, HasLeaves, SpaceName
from tabcouce.advice.similar import Search, Similar
from tabcouce.errors import BundleError, RoleError
from tabcouce.read.table import Table
from tabcouce.roles.column_name import closest, name_key
from tabcouce.roles.level import level_texts
from tabcouce.study.predict import derived_again, matched_inputs, spellings
from tabcouce.study.saved import Memory, SavedStudy, SavedTarget

TREES = "lightgbm"


@dataclass(frozen=True)
class SimilarRows:
    """The answer for one target.

    space    where neighbours were sought
    reason   stable key: 'asked', 'best' (its neighbours predict better on unseen contexts), 'tie'
             (none was shown better than scaled distance), 'no-encoder', 'no-trees' (asked for, but
             the study holds none)
    by       context column whose levels are compared; None for rows
    found    one per new row or level
    units    column -> unit
    classes  texts of the outcomes; empty for values
    """

    target: str
    unit: str | None
    classes: tuple[str, ...]
    space: SpaceName
    reason: str
    by: str | None
    units: dict[str, str | None]
    found: tuple[Similar, ...]


def similar_rows(
    saved: SavedStudy, table: Table, *, k: int = 5, space: str = "auto", by: str | None = None
) -> tuple[SimilarRows, ...]:
    """Ask every target of the study for the k nearest of each row of the new file.

    space  'auto': the one whose neighbours were shown to predict best, else scaled distance
    by     context column: its levels, by their means, instead of rows; a file without that column
           is one level

    Raises  BundleError where the study keeps no past rows; RoleError, CellError as `predict`
    """
    table = derived_again(saved, table)
    return tuple(_of_target(target, table, k, space, by) for target in saved.targets)


def _of_target(saved: SavedTarget, table: Table, k: int, space: str, by: str | None) -> SimilarRows:
    memory = kept_rows(saved)
    X = matched_inputs(saved, table)
    column = None if by is None else context_column(saved, by, table)
    chosen, reason = _space(memory, saved, space, means=by is not None)
    model = {"encoder": memory.encoder, "leaves": saved.models.get(TREES)}.get(chosen)
    search = Search.of(memory.past, chosen, model=model, blocks=memory.blocks)
    if column is None:
        found = search.rows(X, table.rows, k)
    else:
        found = search.contexts(X, table.rows, lots_of(table, column, len(X)), column, k)
    return SimilarRows(
        target=saved.target,
        unit=saved.unit,
        classes=saved.classes,
        space=chosen,
        reason=reason,
        by=column,
        units={each.name: each.unit for each in saved.inputs},
        found=found,
    )


def kept_rows(saved: SavedTarget) -> Memory:
    """The past rows of a target; BundleError where the study keeps none."""
    if saved.memory is None:
        raise BundleError(
            f"The study keeps no past rows for '{saved.target}'.",
            remedy="Run 'tabcouce fit' again with this version, to the end.",
        )
    return saved.memory


def lots_of(table: Table, column: str, rows: int) -> npt.NDArray[np.object_]:
    """(rows,) level of each new row; one level '*' for a file without that column."""
    held = spellings(table).get(name_key(column))
    lots = np.full(rows, "*", object) if held is None else level_texts(table.frame[held])
    return np.asarray(lots, object)


def _space(memory: Memory, saved: SavedTarget, asked: str, *, means: bool) -> tuple[SpaceName, str]:
    """The space to search and why; what the study does not hold falls back to scaled distance."""
    wanted = memory.quality.best if asked == "auto" else asked
    # Leaves have no mean: two lots cannot be compared by it.
    if wanted == "leaves" and means:
        return "scaled", "no-means"
    if wanted == "leaves" and not isinstance(saved.models.get(TREES), HasLeaves):
        return "scaled", "no-trees"
    if wanted == "encoder" and memory.encoder is None:
        return "scaled", "no-encoder"
    for space in SPACES:
        if space == wanted:
            reason = "tie" if space == "scaled" else "best"
            return space, reason if asked == "auto" else "asked"
    raise ValueError(f"There is no space '{wanted}'.")


def context_column(saved: SavedTarget, by: str, table: Table) -> str:
    """The study's context column of that name, however it is spelt; RoleError with those there are."""
    spelled = {name_key(name): name for name in saved.levels}
    if name_key(by) in spelled:
        return spelled[name_key(by)]
    near = closest(by, list(saved.levels))
    names = ", ".join(f"'{name}'" for name in saved.levels) or "none"
    raise RoleError(
        f"'{by}' is no context column of the study.",
        place=table.place(),
        remedy=(f"Did you mean '{near}'? " if near else "") + f"Context columns: {names}.",
    )
