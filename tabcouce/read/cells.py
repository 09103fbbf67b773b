"""The type of a column, decided in this one place: numbers, dates or text, and what is missing."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_MISSING = """
NA N/A n/a na #NA <NA> nan NaN NAN -nan -NaN null NULL Null None none NONE
1.#IND -1.#IND 1.#QNAN -1.#QNAN 1.#INF -1.#INF inf -inf +inf Inf -Inf INF -INF Infinity -Infinity
- -- --- － ― — – ‐ ー ‥ … . ? 欠測 欠測値 欠損 欠損値 測定不可 測定不能 データなし
"""
_ERRORS = "#DIV/0! #N/A #NAME? #NULL! #NUM! #REF! #VALUE! #GETTING_DATA #SPILL! #CALC!"
MISSING_TOKENS: frozenset[str] = frozenset(_MISSING.split())
"""Words that mean 'no value'; N.D. and <0.01 are not among them: they say 'below the limit'."""
REPEAT_MARKS: frozenset[str] = frozenset(("〃", "同上", "″", "仝"))
"""Marks for 'as above'."""
ERROR_TOKENS: frozenset[str] = frozenset(_ERRORS.split())

_NUMBER = re.compile(r"[+-]?(?=\.?[0-9])(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_COMMA_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_POINT_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:[. '][0-9]{3})+(?:,[0-9]*)?")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
# Only the full-width forms: NFKC would read the category ② as the number 2.
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，＋－−Ｅｅ\u00a0\u202f", "0123456789.,+--Ee  ")
_EXACT_DIGITS = 15
"""Longer whole numbers lose digits as float64; they are identifiers and stay text."""
_FIRST_DAY, _LAST_DAY = dt.datetime(1678, 1, 1), dt.datetime(2262, 1, 1)
"""Range of datetime64[ns]."""


@dataclass(frozen=True)
class TypedCells:
    """One column after typing.

    values    (n,) float64, datetime64[ns], or object of str and None
    missing   positions that held a word for 'no value'; missing_words are the words
    errors    positions that held a spreadsheet error; error_words are the errors
    coerced   positions of text read as a number only after respelling it (full width, 1,234)
    odd       positions of the text that keeps a column of mostly numbers from being numbers
    repeated  positions of marks for 'as above', which take the value above them
    dated     positions of real dates in a column that is text because of its other cells
    """

    values: npt.NDArray[np.generic]
    missing: tuple[int, ...] = ()
    missing_words: tuple[str, ...] = ()
    errors: tuple[int, ...] = ()
    error_words: tuple[str, ...] = ()
    coerced: tuple[int, ...] = ()
    odd: tuple[int, ...] = ()
    dated: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()


def is_blank(cell: object) -> bool:
    """Nothing, or text of blanks only."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def parse_number(text: str, decimal: str = ".") -> float | None:
    """The number a cell's text stands for; None where it is none.

    Full-width digits and thousands groups are read; a whole number with a leading zero or
    of more than 15 digits is an identifier, not a number.
    """
    text = text.strip()
    if decimal != "." or not _NUMBER.fullmatch(text):
        text = _respelt(text, decimal)
        if not _NUMBER.fullmatch(text):
            return None
    if len(text) > _EXACT_DIGITS and len(text.lstrip("+-")) > _EXACT_DIGITS and text.lstrip("+-").isdigit():
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _respelt(text: str, decimal: str) -> str:
    """Text with ASCII digits, a decimal point and no thousands groups."""
    if not text.isascii():
        text = text.translate(_FULL_WIDTH).strip()
    if decimal == ",":
        if _POINT_GROUPS.fullmatch(text):
            text = re.sub(r"[. ']", "", text)
        elif "." in text:
            return ""  # a point in a decimal-comma file is neither decimal nor group
        return text.replace(",", ".", 1)
    return text.replace(",", "") if _COMMA_GROUPS.fullmatch(text) else text


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


def text_of(cell: object) -> str:
    """A cell as the text the spreadsheet would show for it, without number formats."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return str(cell)


def type_cells(
    cells: Sequence[object] | npt.NDArray[np.generic], *, decimal: str = ".", missing: frozenset[str]
) -> TypedCells:
    """Decide what a column is, from all of its cells.

    cells    (n,) as found: None or '' for blank, str, float, int, bool, date, time
    missing  words that mean 'no value', compared after stripping
    """
    kept: list[object] = [None] * len(cells)
    gone: list[int] = []
    failed: list[int] = []
    repeated: list[int] = []
    for position, cell in enumerate(cells):
        if cell is None:
            continue
        if isinstance(cell, str):
            word = cell.strip()
            if not word:
                continue
            if word in ERROR_TOKENS:
                failed.append(position)
                continue
            if word in REPEAT_MARKS and position > 0:
                repeated.append(position)
                kept[position] = kept[position - 1]
                continue
            if word in missing:
                gone.append(position)
                continue
        kept[position] = cell
    values, coerced, odd = _values(kept, decimal)
    dated: tuple[int, ...] = ()
    if values.dtype == object:
        dated = tuple(position for position, cell in enumerate(kept) if isinstance(cell, dt.date))
    return TypedCells(
        values=values,
        missing=tuple(gone),
        missing_words=_words(cells, gone),
        errors=tuple(failed),
        error_words=_words(cells, failed),
        coerced=coerced,
        odd=odd,
        dated=dated,
        repeated=tuple(repeated),
    )


def _values(
    cells: list[object], decimal: str
) -> tuple[npt.NDArray[np.generic], tuple[int, ...], tuple[int, ...]]:
    """Typed values of cells whose blanks are None, with the coerced and the odd positions."""
    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds <= {float, int}:
        return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64), (), ()
    if kinds <= {str, dt.date, dt.datetime}:
        moments = _moments(cells)
        if moments is not None:
            return moments, (), ()
    odd: tuple[int, ...] = ()
    if kinds <= {str, float, int}:
        numbers, coerced, odd = _numbers(cells, decimal)
        if not odd:
            return numbers, coerced, ()
        filled = sum(cell is not None for cell in cells)
        zero_led = any(isinstance(cells[i], str) and _LEADING_ZERO.match(str(cells[i]).strip()) for i in odd)
        if 2 * len(odd) > filled or zero_led:
            odd = ()  # a text column, or codes: nothing is odd about its text
    texts = np.empty(len(cells), dtype=object)
    texts[:] = [None if cell is None else text_of(cell) for cell in cells]
    return texts, (), odd


def _numbers(
    cells: list[object], decimal: str
) -> tuple[npt.NDArray[np.float64], tuple[int, ...], tuple[int, ...]]:
    """Cells as float64 with the positions respelt and the positions that are no number."""
    numbers = np.full(len(cells), np.nan)
    coerced: list[int] = []
    odd: list[int] = []
    for position, cell in enumerate(cells):
        if isinstance(cell, str):
            number = parse_number(cell, decimal)
            if number is None:
                odd.append(position)
                continue
            numbers[position] = number
            if decimal == "." and not _NUMBER.fullmatch(cell.strip()):
                coerced.append(position)
        elif isinstance(cell, float | int):
            numbers[position] = cell
    return numbers, tuple(coerced), tuple(odd)


def _moments(cells: list[object]) -> npt.NDArray[np.generic] | None:
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


def _as_moment(cell: object) -> dt.datetime | None:
    if isinstance(cell, dt.datetime):
        moment = cell
    elif isinstance(cell, dt.date):
        moment = dt.datetime(cell.year, cell.month, cell.day)
    else:
        return None
    return moment if _FIRST_DAY <= moment < _LAST_DAY else None


def _words(cells: Sequence[object] | npt.NDArray[np.generic], positions: list[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(cells[position]).strip() for position in positions))
