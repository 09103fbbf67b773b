"""The type of a column, decided in this one place: numbers, dates or text, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tabcouce.read.affix import common_unit
from tabcouce.read.date_cells import certain_moments, mostly_moments
from tabcouce.read.limit import is_undetected, parse_limit
from tabcouce.read.number_text import LEADING_ZERO, PLAIN_NUMBER, parse_number

_MISSING = """
NA N/A n/a na #NA <NA> nan NaN NAN -nan -NaN null NULL Null None none NONE
1.#IND -1.#IND 1.#QNAN -1.#QNAN 1.#INF -1.#INF inf -inf +inf Inf -Inf INF -INF Infinity -Infinity
- -- --- － ― — – ‐ ー ‥ … . ? 欠測 欠測値 欠損 欠損値 測定不可 測定不能 データなし
"""
_ERRORS = "#DIV/0! #N/A #NAME? #NULL! #NUM! #REF! #VALUE! #GETTING_DATA #SPILL! #CALC!"
MISSING_TOKENS: frozenset[str] = frozenset(_MISSING.split())
"""Words that mean 'no value'; N.D. and <0.01 are not among them: they say 'below the limit'."""
_REPEATS = '〃 同上 ″ 仝 " ” “ 〟 ditto Ditto do.'
REPEAT_MARKS: frozenset[str] = frozenset(_REPEATS.split())
"""Marks for 'as above'."""
ERROR_TOKENS: frozenset[str] = frozenset(_ERRORS.split())


@dataclass(frozen=True)
class TypedCells:
    """One column after typing; all fields but the first and the last are positions in it.

    values      (n,) float64, datetime64[ns], or object of str and None
    missing     held a word for 'no value'; missing_words are the words
    errors      held a spreadsheet error; error_words are the errors
    coerced     text read as a number only after respelling it (full width, 1,234)
    odd         text that keeps a column of mostly numbers from being numbers
    repeated    marks for 'as above', which take the value above them
    dated       real dates in a column that is text because of its other cells
    below       '<0.01' and its like in a column of numbers: the value is the limit
    above       '>200' and its like
    undetected  'N.D.' in a column of numbers, without a limit: no value
    respelt     text or serial numbers among real dates, read as dates
    undated     cells among real dates that are no certain date: no value
    unit        sign or unit that every cell of the column carries, as in '12.5%'
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
    below: tuple[int, ...] = ()
    above: tuple[int, ...] = ()
    undetected: tuple[int, ...] = ()
    respelt: tuple[int, ...] = ()
    undated: tuple[int, ...] = ()
    unit: str | None = None


def is_blank(cell: object) -> bool:
    """Nothing, or text of blanks only."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text_of(cell: object) -> str:
    """A cell as the text the spreadsheet would show for it, without number formats."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(float(cell))
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return str(cell)


def missing_codes(missing: Iterable[str], decimal: str = ".") -> frozenset[float]:
    """The numbers among the words that mean 'no value', such as -999."""
    return frozenset(code for word in missing if (code := parse_number(word, decimal)) is not None)


def type_cells(
    cells: Sequence[object] | npt.NDArray[np.generic], *, decimal: str = ".", missing: frozenset[str]
) -> TypedCells:
    """Decide what a column is, from all of its cells.

    cells    (n,) as found: None or '' for blank, str, float, int, bool, date, time
    missing  words that mean 'no value', compared after stripping; a number among them (-999)
             is compared as a number
    """
    codes = missing_codes(missing, decimal)
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
            if word in REPEAT_MARKS and position > 0 and kept[position - 1] is not None:
                repeated.append(position)
                kept[position] = kept[position - 1]
                continue
            if word in missing or (codes and parse_number(word, decimal) in codes):
                gone.append(position)
                continue
        elif codes and cell in codes and not isinstance(cell, bool):
            gone.append(position)
            continue
        kept[position] = cell
    typed = _values(kept, decimal)
    dated: tuple[int, ...] = ()
    if typed.values.dtype == object and any(issubclass(kind, dt.date) for kind in set(map(type, kept))):
        dated = tuple(position for position, cell in enumerate(kept) if isinstance(cell, dt.date))
    return replace(
        typed,
        missing=tuple(gone),
        missing_words=_words(cells, gone),
        errors=tuple(failed),
        error_words=_words(cells, failed),
        dated=dated,
        repeated=tuple(repeated),
    )


def _values(cells: list[object], decimal: str) -> TypedCells:
    """Typed values of cells whose blanks are None."""
    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds <= {float, int}:
        return TypedCells(np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64))
    if kinds <= {str, dt.date, dt.datetime}:
        moments = certain_moments(cells)
        if moments is not None:
            return TypedCells(moments)
    if kinds & {dt.date, dt.datetime}:
        mostly = mostly_moments(cells)
        if mostly is not None:
            return TypedCells(mostly.values, respelt=mostly.respelt, undated=mostly.undated)
    odd: tuple[int, ...] = ()
    if kinds <= {str, float, int}:
        numbers = _numbers(cells, decimal)
        if not numbers.odd:
            return numbers
        odd = numbers.odd
        filled = sum(cell is not None for cell in cells)
        zero_led = any(isinstance(cells[i], str) and LEADING_ZERO.match(str(cells[i]).strip()) for i in odd)
        if 2 * len(odd) > filled or zero_led:
            odd = ()  # a text column, or codes: nothing is odd about its text
    texts = np.empty(len(cells), dtype=object)
    texts[:] = cells if kinds <= {str} else [None if cell is None else text_of(cell) for cell in cells]
    return TypedCells(texts, odd=odd)


def _numbers(cells: list[object], decimal: str) -> TypedCells:
    """Cells as float64; `odd` are the positions that are no number after all."""
    numbers = np.full(len(cells), np.nan)
    coerced: list[int] = []
    odd: list[int] = []
    # A long column repeats few texts: each is parsed once.
    parsed = {text: parse_number(text, decimal) for text in {c for c in cells if isinstance(c, str)}}
    respelt = {text for text in parsed if decimal == "." and not PLAIN_NUMBER.fullmatch(text.strip())}
    for position, cell in enumerate(cells):
        if isinstance(cell, str):
            number = parsed[cell]
            if number is None:
                odd.append(position)
                continue
            numbers[position] = number
            if cell in respelt:
                coerced.append(position)
        elif isinstance(cell, float | int):
            numbers[position] = cell
    if not odd:
        return TypedCells(numbers, coerced=tuple(coerced))
    if np.isnan(numbers).all():
        return _with_unit(cells, odd, decimal) or TypedCells(numbers, odd=tuple(odd))
    return _with_limits(numbers, cells, tuple(coerced), odd, decimal)


def _with_unit(cells: list[object], filled: list[int], decimal: str) -> TypedCells | None:
    """A column whose every cell is a number with the same unit, as numbers."""
    distinct = list(dict.fromkeys(str(cells[position]) for position in filled))
    carried = common_unit(distinct)
    if carried is None:
        return None
    unit, texts = carried
    parsed = {cell: parse_number(text, decimal) for cell, text in zip(distinct, texts, strict=True)}
    numbers = np.full(len(cells), np.nan)
    for position in filled:
        number = parsed[str(cells[position])]
        if number is None:
            return None
        numbers[position] = number
    return TypedCells(numbers, coerced=tuple(filled), unit=unit)


def _with_limits(
    numbers: npt.NDArray[np.float64],
    cells: list[object],
    coerced: tuple[int, ...],
    odd: list[int],
    decimal: str,
) -> TypedCells:
    """A column of numbers in which some cells only state a limit; odd ones that remain make it text."""
    sides: dict[str, list[int]] = {"below": [], "above": [], "undetected": []}
    rest: list[int] = []
    for position in odd:
        text = str(cells[position])
        if is_undetected(text):
            sides["undetected"].append(position)
            continue
        limit = parse_limit(text)
        number = None if limit is None else parse_number(limit.text, decimal)
        if limit is None or number is None:
            rest.append(position)
            continue
        numbers[position] = number
        sides[limit.side].append(position)
    if rest:
        return TypedCells(numbers, odd=tuple(odd))
    return TypedCells(
        numbers,
        coerced=coerced,
        below=tuple(sides["below"]),
        above=tuple(sides["above"]),
        undetected=tuple(sides["undetected"]),
    )


def _words(cells: Sequence[object] | npt.NDArray[np.generic], positions: list[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(cells[position]).strip() for position in positions))
