"""The role file: TOML beside the data, short form and long form."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from tabcouce.errors import Place, RoleError
from tabcouce.read.table import Layout, Source
from tabcouce.roles.approved import approved_of
from tabcouce.roles.column_name import closest
from tabcouce.roles.declaration import Declaration, Derived, Part
from tabcouce.roles.golden import golden_of
from tabcouce.roles.level import level_text
from tabcouce.roles.role import Kind, Roles, Task
from tabcouce.roles.role_entry import choice, kind_list, read_entry, text, text_tuple, truth
from tabcouce.roles.roletext import role_text

PROSE = ("note", "column_names")
KIND_LISTS: tuple[Kind, ...] = ("condition", "sensor", "proxy", "identifier", "after", "ignored")
KEYS = (
    "name", "file", "sheet", "sep", "encoding", "decimal", "header_rows", "na_values",
    "range", "transpose", "fill_down", "stack_sheets", "join", "on", "task", "targets",
    "positive_class", "approved", "golden", "inputs", "context", "time", "order", "drop", "drop_columns",
    "group", "split_context", "test_contexts", "derive", "target_column", "alternative_target_column",
    "columns", *KIND_LISTS, *PROSE,
)  # fmt: skip


def read_role_file(path: Path) -> Declaration:
    """Read a role file.

    Raises  RoleError if the file cannot be read, is no TOML, or has an unknown key or kind
    """
    place = Place(file=path.name)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise RoleError(
            "There is no such role file.",
            place=place,
            remedy="Check the path, or leave --roles out to guess.",
        ) from error
    except UnicodeDecodeError as error:
        raise RoleError("The role file is not UTF-8.", place=place, remedy="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise RoleError(
            f"The role file is not valid TOML: {error}.",
            place=place,
            remedy="Put quotes around names with blanks, brackets or other signs.",
        ) from error
    return declaration_of(data, place)


def declaration_of(data: Mapping[str, Any], place: Place) -> Declaration:
    """The declaration in parsed TOML.

    Raises  RoleError naming the unknown or wrongly typed key and the nearest valid one
    """
    for key in data:
        if key not in KEYS:
            near = closest(key, KEYS)
            raise RoleError(
                f"Unknown key '{key}'.",
                place=place,
                remedy=f"Did you mean '{near}'?" if near else f"Known keys: {', '.join(KEYS)}.",
            )
    entries = [entry for kind in KIND_LISTS for entry in kind_list(data, kind, place)]
    tables = data.get("columns", {})
    if not isinstance(tables, Mapping):
        raise RoleError(
            "'columns' is not a set of tables.", place=place, remedy='Write [columns."name"] for each column.'
        )
    entries += [read_entry(name, entry, place) for name, entry in tables.items()]
    return Declaration(
        layout=_layout(data, place),
        file=text(data, "file", place),
        name=text(data, "name", place),
        task=cast(Task | None, choice(data, "task", get_args(Task), place)),
        targets=text_tuple(data, "targets", place),
        positive_class=level_text(data["positive_class"]) if "positive_class" in data else None,
        inputs=text_tuple(data, "inputs", place) if "inputs" in data else None,
        context=text_tuple(data, "context", place),
        time=text(data, "time", place),
        order=text_tuple(data, "order", place),
        drop=text_tuple(data, "drop", place),
        drop_columns=text_tuple(data, "drop_columns", place),
        group=text_tuple(data, "group", place),
        split_context=text(data, "split_context", place),
        test_contexts=_levels(data, place),
        approved=approved_of(data, place),
        golden=golden_of(data.get("golden"), place),
        derive=_derived(data, place),
        target_column=text(data, "target_column", place),
        alternative_target_column=text(data, "alternative_target_column", place),
        columns=tuple(entries),
        place=place,
        warnings=tuple(f"'{key}' is prose for people and was not used." for key in PROSE if key in data),
    )


def write_role_file(
    roles: Roles,
    path: Path,
    source: Source,
    *,
    layout: Layout | None = None,
    derive: tuple[Derived, ...] = (),
) -> None:
    """Write roles as commented TOML of the long form, whole or not at all.

    layout, derive  where the data was read with settings or has derived columns
    """
    content = role_text(roles, source, layout=layout or Layout(sheet=source.sheet), derive=derive)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(content, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _layout(data: Mapping[str, Any], place: Place) -> Layout:
    rows = data.get("header_rows")
    if rows is not None:
        rows = rows if isinstance(rows, list) else [rows]
        if not all(isinstance(row, int) and row > 0 for row in rows):
            raise RoleError(
                f"'header_rows' is {rows!r}.", place=place, remedy="Give 1-based row numbers, e.g. [2, 3]."
            )
    return Layout(
        sheet=text(data, "sheet", place),
        delimiter=text(data, "sep", place),
        encoding=text(data, "encoding", place),
        decimal=text(data, "decimal", place),
        header_rows=None if rows is None else tuple(rows),
        missing=text_tuple(data, "na_values", place),
        range=text(data, "range", place),
        transpose=truth(data, "transpose", place),
        fill_down=text_tuple(data, "fill_down", place),
        stack_sheets=truth(data, "stack_sheets", place) or False,
        join=text(data, "join", place),
        on=text_tuple(data, "on", place),
    )


def _levels(data: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    levels = data.get("test_contexts", [])
    if not isinstance(levels, list):
        levels = [levels]
    if any(isinstance(level, (list, dict)) for level in levels):
        raise RoleError("'test_contexts' is not a list of levels.", place=place, remedy="Write e.g. [3, 4].")
    return tuple(level_text(level) for level in levels)


def _derived(data: Mapping[str, Any], place: Place) -> tuple[Derived, ...]:
    derive = data.get("derive", {})
    example = 'Write e.g. derive = { month = { from = "date", part = "month" } }.'
    if not isinstance(derive, Mapping):
        raise RoleError("'derive' is not a table.", place=place, remedy=example)
    made: list[Derived] = []
    for name, how in derive.items():
        if not isinstance(how, Mapping) or not {"from", "part"} <= how.keys():
            raise RoleError(f"'derive.{name}' needs 'from' and 'part'.", place=place, remedy=example)
        unknown = sorted(how.keys() - {"from", "part", "format"})
        if unknown:
            raise RoleError(f"Unknown key '{unknown[0]}' in 'derive.{name}'.", place=place, remedy=example)
        part = choice(how, "part", get_args(Part), place)
        made.append(
            Derived(
                name=name,
                source=text(how, "from", place) or "",
                part=cast(Part, part),
                format=text(how, "format", place),
            )
        )
    return tuple(made)
