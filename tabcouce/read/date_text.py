"""One date written as text: year first, year last, month by name, Japanese eras, with a time or not."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

import numpy as np

_CLOCK = r"(\d{1,2})(?::|時)(\d{2})(?:分|:)?(?:(\d{2})秒?(?:[.,](\d{1,9}))?)?"
_TIME = rf"(?:[T\s]+{_CLOCK}\s*(Z|[AaPp][Mm])?)?"
_WEEKDAY = r"(?:\s*\((?:[月火水木金土日]|[A-Za-z]{3})\))?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})\s*[-/.年]\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})日?{_WEEKDAY}" + _TIME)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_WEEKDAY}" + _TIME)
_MONTH_NAME = re.compile(r"(\d{1,2})[-/.\s]+([A-Za-z]{3,9})[-/.,\s]+(\d{4}|\d{2})" + _TIME)
_NAMED_MONTH = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})" + _TIME)
_ERA = re.compile(
    r"(令和|平成|昭和|大正|[RHS])\s*\.?\s*(\d{1,2}|元)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?"
    + _WEEKDAY
    + _TIME
)
_ERA_START = {
    "令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925, "大正": 1911,
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_FIRST_YEAR, _LAST_YEAR = 1678, 2261
"""Years that datetime64[ns] can hold."""
NOT_A_DATE = np.datetime64("NaT", "ns")


def plain_date(cell: object) -> str:
    """The text of a cell as dates are compared: full-width digits and signs made narrow."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    return unicodedata.normalize("NFKC", str(cell)).strip()


def is_day_month(text: str) -> bool:
    """Whether day and month stand before the year as numbers: 3/4/2024, 25.12.24."""
    return _YEAR_LAST.fullmatch(text) is not None


def read_date(text: str, *, day_first: bool) -> np.datetime64:
    """The date a text stands for, NaT where it is none; see `plain_date` for the text.

    day_first  how 3/4/2024 is read; no other notation leaves the choice
    """
    parts = _date_parts(text, day_first=day_first)
    if parts is None:
        return NOT_A_DATE
    (year, month, day), clock = parts
    if year < 100:
        year += 2000 if year < 70 else 1900
    hour, minute, second = (int(part or 0) for part in clock[:3])
    if clock[4] and clock[4].upper() in ("AM", "PM"):
        hour = hour % 12 + (12 if clock[4].upper() == "PM" else 0)
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return NOT_A_DATE
    try:
        # 24:00 closes a day in logger files; it is midnight of the next one.
        stamp = dt.datetime(year, month, day, 0 if hour == 24 else hour, minute, second)
    except ValueError:
        return NOT_A_DATE
    fraction = int((clock[3] or "").ljust(9, "0")[:9])
    extra = np.timedelta64(24 if hour == 24 else 0, "h")
    return np.datetime64(stamp, "ns") + np.timedelta64(fraction, "ns") + extra


def certain_date(text: str) -> np.datetime64:
    """A date that can be read one way only, 20240401 included; NaT for any other text."""
    plain = plain_date(text)
    compact = _COMPACT.fullmatch(plain)
    if compact:
        plain = "-".join(compact.groups())
    return NOT_A_DATE if is_day_month(plain) else read_date(plain, day_first=True)


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
    found = _NAMED_MONTH.fullmatch(text)
    if found and found[1][:3].lower() in _MONTHS:
        return (int(found[3]), _MONTHS.index(found[1][:3].lower()) + 1, int(found[2])), found.groups()[3:]
    found = _ERA.fullmatch(text)
    if found:
        year = _ERA_START[found[1]] + (1 if found[2] == "元" else int(found[2]))
        return (year, int(found[3]), int(found[4])), found.groups()[4:]
    return None
