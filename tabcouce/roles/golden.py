"""The golden lot or row: made as everything should be made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabcouce.errors import Place, RoleError
from tabcouce.read.table import Table
from tabcouce.roles.column_name import closest, find_column, name_key
from tabcouce.roles.level import level_text, level_texts
from tabcouce.roles.role import Golden

EXAMPLE = 'Write golden = "COLUMN=LEVEL" with a context column, or the number of a row: golden = 17.'


def golden_of(given: object, place: Place) -> Golden | None:
    """The key 'golden' of a role file, or the option of that name; None where it is absent.

    Raises  RoleError for another form than the two
    """
    if given is None:
        return None
    column, sign, level = str(given).rpartition("=")
    if not sign and str(given).strip().isdigit() and not isinstance(given, bool):
        return Golden(None, str(int(str(given))))
    if not column.strip() or not level.strip():
        raise RoleError(f"'golden' is {given!r}.", place=place, remedy=EXAMPLE)
    return Golden(column.strip(), level_text(level.strip()))


def named_golden(golden: Golden, table: Table, contexts: Sequence[str], place: Place) -> Golden:
    """With column and level as the table spells them.

    Raises  RoleError for a column that is no context, a level or a row that is not there
    """
    if golden.column is None:
        if int(golden.level) not in table.rows:
            first, last = int(table.rows.min()), int(table.rows.max())
            raise RoleError(
                f"The golden row {golden.level} is no row of data.",
                place=place,
                remedy=f"Give a row of the file from {first} to {last}.",
            )
        return golden
    names = [column.name for column in table.columns]
    column = find_column(golden.column, names, key="golden", place=place)
    if column not in contexts:
        known = ", ".join(f"'{name}'" for name in contexts) or "none"
        raise RoleError(
            f"The golden lot is a level of '{column}', which is no context column.",
            place=place,
            remedy=f"Declare it under 'context'; context columns now: {known}.",
        )
    return Golden(column, golden_level(golden.level, level_texts(table.frame[column]), column, place))


def golden_level(wanted: str, levels: Iterable[str], column: str, place: Place) -> str:
    """The level as it is spelled among `levels`; RoleError where it is none of them."""
    spelled = {name_key(level): level for level in dict.fromkeys(levels)}
    level = spelled.get(name_key(wanted))
    if level is None:
        near = closest(wanted, list(spelled.values()))
        raise RoleError(
            f"'{wanted}', the golden lot, is no level of '{column}'.",
            place=place,
            remedy=f"Did you mean '{near}'?" if near else f"Give one of its {len(spelled)} levels.",
        )
    return level
