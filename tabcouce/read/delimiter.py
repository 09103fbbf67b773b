"""How a text file separates its cells, and whether a comma is its decimal mark."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from tabcouce.errors import Place, ReadError
from tabcouce.read.cells import is_blank

_CANDIDATES = ("\t", ";", "|", ",")
_JUDGED_ROWS = 200
_CONSISTENT = 0.8
_COMMA_NUMBER = re.compile(r"\s*[+-]?[0-9０-９]+,[0-9０-９]+\s*")
_GROUPED = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+\s*")
_POINT_NUMBER = re.compile(r"\s*[+-]?[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?\s*")
_POINT_GROUPED = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]+)\s*")
_LOOSE = re.compile(r"\S+(?:[ \t]+[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)+\s*")


def records(text: str, delimiter: str, place: Place) -> Iterator[list[str]]:
    """The records of a delimited text, line breaks in quotes included; a blank line is []."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise ReadError(
            f"the text cannot be split into cells ({error})",
            place=place,
            remedy="Check the quotes, or save the file again as CSV.",
        ) from None


def find_delimiter(text: str, place: Place) -> str:
    """The mark that splits most records into the same number of cells; ',' for one column.

    A comma wins over another consistent mark only if it gives more cells than decimal
    commas inside that mark's cells would explain.
    Raises ReadError if blanks seem to be the only separator
    """
    widths: dict[str, int] = {}
    for candidate in _CANDIDATES:
        head = itertools.islice(records(text, candidate, place), _JUDGED_ROWS)
        counts = Counter(len(record) for record in head if any(not is_blank(cell) for cell in record))
        total = sum(counts.values())
        wide = {width: count for width, count in counts.items() if width > 1}
        if not wide:
            continue
        width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
        # Remarks above the table are narrower; a comma that no other mark rivals needs no majority.
        needed = _CONSISTENT if candidate == "," and widths else 0.5
        if count >= needed * total or (candidate == "," and not widths):
            widths[candidate] = width
    if not widths:
        _refuse_blanks(text, place)
        return ","
    others = {mark: width for mark, width in widths.items() if mark != ","}
    if not others or widths.get(",", 0) > 1 + max(others.values()):
        return ","
    return max(others, key=lambda mark: others[mark])


def _refuse_blanks(text: str, place: Place) -> None:
    lines = [line for line in text[:50_000].splitlines()[:_JUDGED_ROWS] if line.strip()]
    loose = sum(_LOOSE.fullmatch(line) is not None for line in lines)
    if len(lines) > 2 and loose > 0.6 * len(lines):
        raise ReadError(
            "the cells are separated by blanks only, so their borders cannot be told",
            place=place,
            remedy="Save the table as CSV, with a comma, semicolon or tab between the cells.",
        )


def find_decimal(rows: list[list[str]], delimiter: str) -> str:
    """',' where the numbers of the sample are written with a decimal comma, else '.'.

    '919,410' alone could be either: with ';' between the cells it is taken as a decimal
    comma, as in the locales that write ';', otherwise as a thousands group.
    """
    comma = grouped = point = 0
    for cell in itertools.chain.from_iterable(rows):
        if _COMMA_NUMBER.fullmatch(cell):
            comma += 1
            grouped += _GROUPED.fullmatch(cell) is not None
        elif _POINT_GROUPED.fullmatch(cell):
            comma += 1
        elif _POINT_NUMBER.fullmatch(cell):
            point += 1
    if comma <= point:
        return "."
    if grouped == comma and delimiter != ";":
        return "."
    return ","
