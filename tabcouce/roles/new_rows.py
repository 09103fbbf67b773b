"""Rows of a new file, read with the roles of a finished study."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import Place, RoleError
from tabcouce.read.table import Table
from tabcouce.roles.cells import not_a_number, parse_numbers
from tabcouce.roles.column_name import closest, name_key
from tabcouce.roles.declaration import Derived
from tabcouce.roles.derive import with_derived
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.roles.prepare import category
from tabcouce.roles.role import Roles


@dataclass(frozen=True)
class NewRows:
    """What a model needs of a new file.

    table     under the study's column names, derived columns included
    X         (n, p) the study's inputs, typed as in training
    contexts  (n, c) text; '(blank)' where the file lacks the column, which counts as new
    targets   targets of the study that the file holds as well, so that it can be scored
    """

    table: Table
    X: pd.DataFrame
    contexts: pd.DataFrame
    targets: tuple[str, ...]

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """(n,) 1-based rows of the new file."""
        return self.table.rows


def new_rows(table: Table, roles: Roles, like: pd.DataFrame, *, derive: tuple[Derived, ...] = ()) -> NewRows:
    """Read a new table as a study's data were read.

    like    training inputs (any rows of them): names, order, and which are categories
    Raises  RoleError naming the missing columns, each with the closest name of the new file;
            CellError with the address of text in a numeric column
    """
    table = with_derived(_renamed(table, roles), _possible(derive, table), table.place())
    names = list(table.frame.columns)
    _check_present([str(name) for name in like.columns], names, table)
    X: dict[str, pd.Series] = {}
    for name in like.columns:
        cells = table.frame[name].reset_index(drop=True)
        if isinstance(like[name].dtype, pd.CategoricalDtype):
            X[name] = category(cells)
            continue
        numbers = parse_numbers(cells)
        if numbers.unread.any():
            raise not_a_number(table, str(name), numbers.unread, role="input")
        X[name] = pd.Series(numbers.values)
    blank = np.full(len(table.rows), BLANK, dtype=object)
    contexts = {
        column: level_texts(table.frame[column]) if column in names else blank
        for column in roles.named("context")
    }
    index = range(len(table.rows))
    return NewRows(
        table=table,
        X=pd.DataFrame(X, index=index),
        contexts=pd.DataFrame(contexts, index=index, dtype=object),
        targets=tuple(target for target in roles.targets if target in names),
    )


def _renamed(table: Table, roles: Roles) -> Table:
    """Names that differ only by blanks or width get the study's spelling."""
    spelling = {name_key(role.name): role.name for role in roles.columns}
    taken = set(table.frame.columns)
    new = []
    for column in table.columns:
        wanted = spelling.get(name_key(column.name), column.name)
        new.append(column.name if wanted in taken else wanted)
    columns = tuple(
        replace(column, name=name) if name != column.name else column
        for column, name in zip(table.columns, new, strict=True)
    )
    return replace(table, columns=columns, frame=table.frame.set_axis(pd.Index(new, dtype=object), axis=1))


def _possible(derive: tuple[Derived, ...], table: Table) -> tuple[Derived, ...]:
    """A derived column is made where its source exists; a missing input is reported later."""
    keys = {name_key(column.name) for column in table.columns}
    return tuple(made for made in derive if name_key(made.source) in keys and name_key(made.name) not in keys)


def _check_present(wanted: list[str], names: list[str], table: Table) -> None:
    missing = [name for name in wanted if name not in names]
    if not missing:
        return
    near = [(name, closest(name, [other for other in names if other not in wanted])) for name in missing[:3]]
    hints = [f"'{name}' may now be called '{other}'" for name, other in near if other is not None]
    shown = ", ".join(f"'{name}'" for name in missing[:5]) + (", ..." if len(missing) > 5 else "")
    count = "1 input column is" if len(missing) == 1 else f"{len(missing)} input columns are"
    place = table.place()
    raise RoleError(
        f"{count} missing: {shown}.",
        place=Place(file=place.file, sheet=place.sheet, column=missing[0]),
        remedy=f"{'; '.join(hints) + '. ' if hints else ''}Give the new file the column names of the study.",
    )
