"""One column's entry in a role file or role sheet, checked key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from tabcouce.errors import Place, RoleError
from tabcouce.roles.column_name import closest
from tabcouce.roles.declaration import ColumnEntry
from tabcouce.roles.level import level_text
from tabcouce.roles.role import Aim, Expected, Flag, Graph, Kind, Tolerance

ENTRY_KEYS = (
    "kind", "flags", "unit", "tolerance", "graph", "expected", "basis", "lower", "upper",
    "target_value", "step", "goal", "block", "ordered", "repeatability", "loading", "drift",
    "reason",
)  # fmt: skip


def read_entry(name: str, entry: object, place: Place) -> ColumnEntry:
    """One `[columns."name"]` table.

    Raises  RoleError naming the key or value that is not known, and the nearest valid one
    """
    place = Place(file=place.file, sheet=place.sheet, row=place.row, column=name)
    if not isinstance(entry, Mapping):
        raise RoleError("The entry is not a table.", place=place, remedy=f'Write [columns."{name}"].')
    for key in entry:
        if key not in ENTRY_KEYS:
            raise RoleError(f"Unknown key '{key}'.", place=place, remedy=nearest(key, ENTRY_KEYS))
    flags = text_tuple(entry, "flags", place)
    for flag in flags:
        if flag not in get_args(Flag):
            raise RoleError(f"Unknown flag '{flag}'.", place=place, remedy=nearest(flag, get_args(Flag)))
    lower, upper = number(entry, "lower", place), number(entry, "upper", place)
    if lower is not None and upper is not None and lower > upper:
        raise RoleError(
            f"'lower' ({lower:g}) is above 'upper' ({upper:g}).",
            place=place,
            remedy="Exchange the two limits.",
        )
    return ColumnEntry(
        name=name,
        kind=cast(Kind | None, choice(entry, "kind", get_args(Kind), place)),
        flags=cast(frozenset[Flag], frozenset(flags)),
        unit=text(entry, "unit", place),
        tolerance=_tolerance(entry, place),
        graph=cast(Graph | None, choice(entry, "graph", get_args(Graph), place)),
        expected=cast(Expected, choice(entry, "expected", get_args(Expected), place) or "unknown"),
        basis=text(entry, "basis", place),
        lower=lower,
        upper=upper,
        target_value=number(entry, "target_value", place),
        step=number(entry, "step", place),
        goal=cast(Aim | None, choice(entry, "goal", get_args(Aim), place)),
        block=text(entry, "block", place),
        ordered=_ordered(entry, place),
        repeatability=_size(entry, "repeatability", place),
        loading=number(entry, "loading", place),
        drift=_size(entry, "drift", place),
        reason=text(entry, "reason", place) or "",
    )


def kind_list(data: Mapping[str, Any], kind: Kind, place: Place) -> list[ColumnEntry]:
    """The short form of a kind, a list of names, as entries."""
    return [ColumnEntry(name=name, kind=kind) for name in text_tuple(data, kind, place)]


def nearest(word: str, known: Sequence[str]) -> str:
    """The remedy for an unknown word."""
    near = closest(word, known)
    return f"Did you mean '{near}'?" if near else f"Known are: {', '.join(known)}."


def choice(data: Mapping[str, Any], key: str, allowed: Sequence[str], place: Place) -> str | None:
    """A text that must be one of a few words; None where the key is absent."""
    word = text(data, key, place)
    if word is None or word in allowed:
        return word
    raise RoleError(f"'{word}' is not a known {key}.", place=place, remedy=nearest(word, allowed))


def text(data: Mapping[str, Any], key: str, place: Place) -> str | None:
    """A text; None where the key is absent."""
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # A header may be a bare number (a wavelength); names are text all the same.
        return level_text(value)
    raise RoleError(f"'{key}' is {value!r}, not a text.", place=place, remedy=f'Write {key} = "...".')


def text_tuple(data: Mapping[str, Any], key: str, place: Place) -> tuple[str, ...]:
    """A list of texts; a single text counts as a list of one."""
    value = data.get(key, [])
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, (str, int, float)) for item in values):
        raise RoleError(
            f"'{key}' is {value!r}, not a list of texts.",
            place=place,
            remedy=f'Write {key} = ["...", "..."].',
        )
    return tuple(item if isinstance(item, str) else level_text(item) for item in values)


def truth(data: Mapping[str, Any], key: str, place: Place) -> bool | None:
    """true or false; None where the key is absent."""
    value = data.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise RoleError(f"'{key}' is {value!r}, not true or false.", place=place, remedy=f"Write {key} = true.")


def number(data: Mapping[str, Any], key: str, place: Place) -> float | None:
    """A number; None where the key is absent."""
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RoleError(f"'{key}' is {value!r}, not a number.", place=place, remedy=f"Write {key} = 1.5.")
    return float(value)


def _ordered(entry: Mapping[str, Any], place: Place) -> bool:
    found = truth(entry, "ordered", place) or False
    if found and text(entry, "block", place) is None:
        raise RoleError(
            "'ordered' says that the columns of a block follow an order, but no block is named.",
            place=place,
            remedy='Write block = "..." beside it.',
        )
    return found


def _size(entry: Mapping[str, Any], key: str, place: Place) -> float | None:
    """A number that is not negative."""
    value = number(entry, key, place)
    if value is not None and value < 0:
        raise RoleError(f"'{key}' is negative.", place=place, remedy="Give it as a positive size.")
    return value


def _tolerance(entry: Mapping[str, Any], place: Place) -> Tolerance | None:
    value = entry.get("tolerance")
    if value is None:
        return None
    if not isinstance(value, Mapping) or value.keys() - {"offset", "gain"}:
        raise RoleError(
            f"'tolerance' is {value!r}.",
            place=place,
            remedy="Write tolerance = { offset = 1.5, gain = 0.01 }.",
        )
    offset, gain = number(value, "offset", place) or 0.0, number(value, "gain", place) or 0.0
    if offset < 0 or gain < 0:
        raise RoleError("A tolerance is negative.", place=place, remedy="Give it as a positive size.")
    return Tolerance(offset=offset, gain=gain)
