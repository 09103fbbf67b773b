"""A column of dates: real ones, ISO text, and what stands among them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.read.date_text import NOT_A_DATE, certain_date, is_day_month, plain_date

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_FIRST_DAY, _LAST_DAY = dt.datetime(1678, 1, 1), dt.datetime(2262, 1, 1)
"""Range of datetime64[ns]."""


@dataclass(frozen=True)
class DateCells:
    """values (n,) datetime64[ns]; respelt are texts read as dates, undated are no certain dates."""

    values: npt.NDArray[np.generic]
    respelt: tuple[int, ...] = ()
    undated: tuple[int, ...] = ()


def parse_iso(text: str) -> dt.datetime | None:
    """An ISO 8601 date or date-time without zone; None for any other text, dates included."""
    text = text.strip()
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if _FIRST_DAY <= moment < _LAST_DAY else None


def certain_moments(cells: list[object]) -> npt.NDArray[np.generic] | None:
    """Cells as datetime64[ns], or None as soon as one of them is not certainly a date."""
    moments = np.full(len(cells), "NaT", dtype="datetime64[us]")
    for position, cell in enumerate(cells):
        if cell is None:
            continue
        moment = parse_iso(cell) if isinstance(cell, str) else _as_moment(cell)
        if moment is None:
            return None
        moments[position] = moment
    return moments.astype("datetime64[ns]")


def mostly_moments(cells: list[object]) -> DateCells | None:
    """A column of real dates with other cells among them, where most are certain dates.

    None where a text such as 3/4/2024 stands among the real dates: the spreadsheet has then
    read some cells of this notation as dates, perhaps with day and month exchanged.
    """
    moments = np.full(len(cells), "NaT", dtype="datetime64[ns]")
    respelt: list[int] = []
    undated: list[int] = []
    for position, cell in enumerate(cells):
        if cell is None:
            continue
        if isinstance(cell, str):
            if is_day_month(plain_date(cell)):
                return None
            moments[position] = certain_date(cell)
            if parse_iso(cell) is None and not np.isnat(moments[position]):
                respelt.append(position)
        elif isinstance(cell, dt.date):
            moment = _as_moment(cell)
            moments[position] = NOT_A_DATE if moment is None else np.datetime64(moment, "ns")
        if np.isnat(moments[position]):
            undated.append(position)
    filled = sum(cell is not None for cell in cells)
    if 2 * len(undated) >= filled:
        return None
    return DateCells(moments, respelt=tuple(respelt), undated=tuple(undated))


def _as_moment(cell: object) -> dt.datetime | None:
    if isinstance(cell, dt.datetime):
        moment = cell
    elif isinstance(cell, dt.date):
        moment = dt.datetime(cell.year, cell.month, cell.day)
    else:
        return None
    return moment if _FIRST_DAY <= moment < _LAST_DAY else None
