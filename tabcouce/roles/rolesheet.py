"""A workbook sheet named `roles`: one row per column, keys in the first row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tabcouce.errors import Place, RoleError
from tabcouce.roles.column_name import name_key
from tabcouce.roles.declaration import ColumnEntry, Declaration
from tabcouce.roles.level import BLANK, level_text
from tabcouce.roles.role_entry import ENTRY_KEYS, nearest, read_entry

SHEET_KEYS = ("name", "offset", "gain", *ENTRY_KEYS)
_NUMBERS = frozenset(
    {"offset", "gain", "lower", "upper", "target_value", "step", "repeatability", "loading", "drift"}
)
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


def read_role_sheet(grid: Sequence[Sequence[object]], place: Place | None = None) -> Declaration:
    """Roles from the cells of a sheet.

    grid    rows of cells, the first row that is not blank holds the keys: name, kind, flags
            (separated by blanks or commas), unit, offset, gain (the tolerance), graph,
            expected, basis, lower, upper, target_value, step, goal, block, ordered (yes or no),
            repeatability, loading, drift, reason
    Raises  RoleError with the row of the sheet
    """
    place = place or Place(sheet="roles")
    rows = [(k, [_cell(cell) for cell in row]) for k, row in enumerate(grid, start=1)]
    rows = [(k, cells) for k, cells in rows if any(cells)]
    if len(rows) < 2:
        raise RoleError(
            "The sheet holds no roles.", place=place, remedy="Give a header row and one row per column."
        )
    header_row, header = rows[0]
    keys = [name_key(cell).casefold().replace(" ", "_") for cell in header]
    # 'column' heads the table of roles that the command line prints.
    keys = ["name" if key == "column" else key for key in keys]
    for key in keys:
        if key and key not in SHEET_KEYS:
            raise RoleError(
                f"Unknown column '{key}' in the role sheet.",
                place=Place(file=place.file, sheet=place.sheet, row=header_row),
                remedy=nearest(key, SHEET_KEYS),
            )
    if "name" not in keys:
        raise RoleError(
            "The role sheet has no column 'name'.",
            place=Place(file=place.file, sheet=place.sheet, row=header_row),
            remedy="Add a column 'name' with the names of the data columns.",
        )
    entries = [_entry(keys, cells, Place(file=place.file, sheet=place.sheet, row=k)) for k, cells in rows[1:]]
    return Declaration(columns=tuple(entries), origin="sheet", place=place)


def _cell(cell: object) -> str:
    found = level_text(cell)
    return "" if found == BLANK else found


def _entry(keys: Sequence[str], cells: Sequence[str], place: Place) -> ColumnEntry:
    row: dict[str, Any] = {}
    for key, cell in zip(keys, cells, strict=False):
        if not key or not cell:
            continue
        row[key] = _number(key, cell, place) if key in _NUMBERS else cell
    name = row.pop("name", None)
    if name is None:
        raise RoleError("The row names no column.", place=place, remedy="Fill 'name' or clear the row.")
    tolerance = {key: row.pop(key) for key in ("offset", "gain") if key in row}
    if tolerance:
        row["tolerance"] = tolerance
    if str(row.get("ordered", "")).casefold() in (*_TRUE, *_FALSE):
        row["ordered"] = row["ordered"].casefold() in _TRUE
    if "flags" in row:
        row["flags"] = [flag for flag in re.split(r"[\s,;、]+", row["flags"]) if flag]
    return read_entry(name, row, place)


def _number(key: str, cell: str, place: Place) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise RoleError(
            f"'{key}' is '{cell}', not a number.", place=place, remedy="Correct the cell."
        ) from error
