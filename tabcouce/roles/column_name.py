"""Column names as engineers type them: compared stripped, NFKC-normalised, blanks collapsed."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from tabcouce.errors import Place, RoleError


def name_key(name: str) -> str:
    """The form in which two names are compared: '温度[℃] ' equals '温度[°C]'."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, or None where none does."""
    by_key = {name_key(other).casefold(): other for other in known}
    near = difflib.get_close_matches(name_key(name).casefold(), by_key, n=1, cutoff=0.5)
    return by_key[near[0]] if near else None


def find_column(name: str, columns: Sequence[str], *, key: str, place: Place) -> str:
    """The table's own spelling of a name that a role file gives under `key`.

    Raises  RoleError with the closest name if the table has no such column
    """
    if name in columns:
        return name
    wanted = name_key(name)
    for column in columns:
        if name_key(column) == wanted:
            return column
    near = closest(name, columns)
    hint = f"Did you mean '{near}'? " if near else f"The table begins with {_some(columns)}. "
    raise RoleError(
        f"'{name}', named under '{key}', is not a column of the table.",
        place=place,
        remedy=f"{hint}Correct the name under '{key}' or remove it.",
    )


def _some(columns: Sequence[str]) -> str:
    shown = ", ".join(f"'{column}'" for column in columns[:5])
    return shown + (", ..." if len(columns) > 5 else "")
