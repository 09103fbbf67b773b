"""The approved period: rows that somebody has declared normal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import Place, RoleError
from tabcouce.read.date_text import plain_date, read_date
from tabcouce.read.table import Table
from tabcouce.roles.cells import parse_numbers
from tabcouce.roles.column_name import closest, find_column
from tabcouce.roles.derive import read_dates
from tabcouce.roles.level import level_text, level_texts
from tabcouce.roles.role import Approved

FEWEST = 20
"""Approved rows below which no limit can be set."""
KEYS = ("column", "value", "from", "to")
EXAMPLE = 'Write approved = { from = "2024-01-01", to = "2024-03-31" } or { column = "phase", value = "OK" }.'


def approved_of(data: Mapping[str, Any], place: Place) -> Approved | None:
    """The key 'approved' of a role file; None where it is absent.

    Raises  RoleError for another form than the two
    """
    given = data.get("approved")
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) - set(KEYS):
        raise RoleError(f"'approved' is {given!r}.", place=place, remedy=EXAMPLE)
    texts = {key: _text(value) for key, value in given.items()}
    return checked(
        Approved(texts.get("column"), texts.get("from"), texts.get("to"), texts.get("value")), place
    )


def checked(approved: Approved, place: Place) -> Approved:
    """The same; RoleError where it names no rows, or names them twice."""
    bounded = approved.start is not None or approved.end is not None
    if bounded == (approved.value is not None) or (approved.value is not None and approved.column is None):
        raise RoleError(
            "The approved period needs a beginning or an end, or else a column and its value.",
            place=place,
            remedy=EXAMPLE,
        )
    return approved


def named(approved: Approved, order: tuple[str, ...], names: list[str], place: Place) -> Approved:
    """With the column's name as the table spells it; the first column of the order where none is given.

    Raises  RoleError for a column that is not there, or where no time is declared
    """
    if approved.column is not None:
        column = find_column(approved.column, names, key="approved", place=place)
    elif order:
        column = order[0]
    else:
        raise RoleError(
            "The approved period has a beginning or an end, but no column gives the time.",
            place=place,
            remedy='Name it: time = "...", or approved = { column = "...", from = "..." }.',
        )
    return Approved(column, approved.start, approved.end, approved.value)


def approved_rows(table: Table, approved: Approved) -> npt.NDArray[np.bool_]:
    """(n,) rows of the approved period.

    Raises  RoleError for a time or value that the column cannot have, or fewer than 20 rows
    """
    assert approved.column is not None
    cells = table.frame[approved.column]
    place = table.place(column=approved.column)
    if approved.value is not None:
        levels = level_texts(cells)
        rows: npt.NDArray[np.bool_] = levels == approved.value
        if not rows.any():
            known = sorted(set(levels.tolist()))
            near = closest(approved.value, known)
            listed = ", ".join(f"'{name}'" for name in known[:8])
            raise RoleError(
                f"No row has the value '{approved.value}' of the approved period.",
                place=place,
                remedy=f"Did you mean '{near}'?" if near else f"The column holds {listed}.",
            )
    else:
        rows = _between(cells, table, approved)
    if rows.sum() < FEWEST:
        raise RoleError(
            f"{int(rows.sum())} rows are in the approved period; a limit needs {FEWEST} at least.",
            place=place,
            remedy=f"Widen it. {_range(cells)}",
        )
    return rows


def _between(cells: pd.Series, table: Table, approved: Approved) -> npt.NDArray[np.bool_]:
    column = str(approved.column)
    numbers = parse_numbers(cells)
    if not numbers.unread.any() and not pd.api.types.is_datetime64_any_dtype(cells.dtype):
        low = _number(approved.start, -np.inf, table, column)
        high = _number(approved.end, np.inf, table, column)
        return np.asarray((numbers.values >= low) & (numbers.values <= high))
    values = read_dates(table, column)
    rows = ~np.isnat(values)
    if approved.start is not None:
        rows &= values >= _date(approved.start, table, column)
    if approved.end is not None:
        end = _date(approved.end, table, column)
        # '2024-03-31' means the whole of that day.
        whole = end == end.astype("datetime64[D]") and ":" not in approved.end
        rows &= values < end + np.timedelta64(1, "D") if whole else values <= end
    return rows


def _number(text: str | None, otherwise: float, table: Table, column: str) -> float:
    if text is None:
        return otherwise
    try:
        return float(text)
    except ValueError as error:
        raise RoleError(
            f"The approved period is bounded by '{text}', but the column holds numbers.",
            place=table.place(column=column),
            remedy=_range(table.frame[column]),
        ) from error


def _date(text: str, table: Table, column: str) -> np.datetime64:
    day, month = (read_date(plain_date(text), day_first=first) for first in (True, False))
    if np.isnat(day) or (day != month and not np.isnat(month)):
        raise RoleError(
            f"'{text}' is no date that reads in one way.",
            place=table.place(column=column),
            remedy="Write the bounds of the approved period as 2024-03-31 or 2024-03-31 06:00.",
        )
    return day


def _range(cells: pd.Series) -> str:
    filled = cells.dropna()
    if len(filled) == 0:
        return "The column is empty."
    numbers = parse_numbers(filled)
    if not numbers.unread.any():
        return f"The column runs from {numbers.values.min():g} to {numbers.values.max():g}."
    return f"Its first cell is '{filled.iloc[0]}', its last '{filled.iloc[-1]}'."


def _text(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return value if isinstance(value, str) else level_text(value)
