"""Dates written as text: day first or month first is decided from the whole column."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

_TIME = r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[AaPp][Mm])?)?"
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})" + _TIME)
_MONTH_NAME = re.compile(r"(\d{1,2})[-/.\s]+([A-Za-z]{3,9})[-/.,\s]+(\d{4}|\d{2})" + _TIME)
_ERA = re.compile(
    r"(令和|平成|昭和|[RHS])\s*(\d{1,2}|元)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?" + _TIME
)
_ERA_START = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Dates:
    """A column read as dates.

    values     (n,) datetime64[ns], NaT where blank or unread
    unread     (n,) bool, cells with text that is no date
    day_first  None where the notation leaves no choice
    ambiguous  day first and month first read equally well, and the rows' order does not tell
    """

    values: npt.NDArray[np.datetime64]
    unread: npt.NDArray[np.bool_]
    day_first: bool | None = None
    ambiguous: bool = False

    @property
    def share(self) -> float:
        """Share of the filled cells that are dates; 0 for an empty column."""
        filled = int((~np.isnat(self.values)).sum() + self.unread.sum())
        return float((~np.isnat(self.values)).sum() / filled) if filled else 0.0


def parse_dates(cells: pd.Series, *, format: str | None = None) -> Dates:
    """Read a column of dates or of text.

    Where 3/4/2020 could be March or April, the notation that reads more cells of the column
    wins; then the one in which the rows run through time with fewer steps back.
    """
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        values = cells.to_numpy(dtype="datetime64[ns]")
        return Dates(values, np.zeros(len(cells), bool))
    text = np.array([_plain(cell) for cell in cells], dtype=object)
    blank = text == ""
    if format is not None:
        parsed = pd.to_datetime(pd.Series(text).mask(blank), format=format, errors="coerce")
        values = parsed.to_numpy(dtype="datetime64[ns]")
        return Dates(values, np.isnat(values) & ~blank)
    codes, found = pd.factorize(text)
    day = np.array([_read(cell, day_first=True) for cell in found], dtype="datetime64[ns]")[codes]
    month = np.array([_read(cell, day_first=False) for cell in found], dtype="datetime64[ns]")[codes]
    open_choice = not np.array_equal(day, month, equal_nan=True)
    if not open_choice:
        return Dates(day, np.isnat(day) & ~blank)
    day_score, month_score = _fitness(day), _fitness(month)
    values = day if day_score >= month_score else month
    return Dates(
        values,
        np.isnat(values) & ~blank,
        day_first=day_score >= month_score,
        ambiguous=day_score == month_score,
    )


def _fitness(values: npt.NDArray[np.datetime64]) -> tuple[int, int]:
    """More cells read is better; then fewer changes of direction (files may be newest first)."""
    known = values[~np.isnat(values)]
    steps = np.sign(np.diff(known.astype(np.int64)))
    return len(known), -int(min((steps < 0).sum(), (steps > 0).sum()))


def _plain(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    return unicodedata.normalize("NFKC", str(cell)).strip()


def _read(text: str, *, day_first: bool) -> np.datetime64:
    parts = _date_parts(text, day_first=day_first)
    if parts is None:
        return np.datetime64("NaT", "ns")
    (year, month, day), clock = parts
    if year < 100:
        year += 2000 if year < 70 else 1900
    hour, minute, second = (int(part or 0) for part in clock[:3])
    if clock[4] and clock[4].upper() in ("AM", "PM"):
        hour = hour % 12 + (12 if clock[4].upper() == "PM" else 0)
    try:
        # 24:00 closes a day in logger files; it is midnight of the next one.
        stamp = dt.datetime(year, month, day, 0 if hour == 24 else hour, minute, second)
    except ValueError:
        return np.datetime64("NaT", "ns")
    fraction = int((clock[3] or "").ljust(9, "0")[:9])
    extra = np.timedelta64(24 if hour == 24 else 0, "h")
    return np.datetime64(stamp, "ns") + np.timedelta64(fraction, "ns") + extra


def _date_parts(text: str, *, day_first: bool) -> tuple[tuple[int, int, int], tuple[str | None, ...]] | None:
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        return (int(found[1]), int(found[2]), int(found[3])), found.groups()[3:]
    found = _YEAR_LAST.fullmatch(text)
    if found:
        first, second = int(found[1]), int(found[3])
        day, month = (first, second) if day_first else (second, first)
        return (int(found[4]), month, day), found.groups()[4:]
    found = _MONTH_NAME.fullmatch(text)
    if found and found[2][:3].lower() in _MONTHS:
        return (int(found[3]), _MONTHS.index(found[2][:3].lower()) + 1, int(found[1])), found.groups()[3:]
    found = _ERA.fullmatch(text)
    if found:
        year = _ERA_START[found[1]] + (1 if found[2] == "元" else int(found[2]))
        return (year, int(found[3]), int(found[4])), found.groups()[4:]
    return None
