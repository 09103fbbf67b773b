"""How a text file separates its cells, and whether a comma is its decimal mark."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tabcouce.errors import Place, ReadError
from tabcouce.read.cells import is_blank

CANDIDATES = ("\t", ";", "|", ",")
_JUDGED_ROWS = 200
_SLACK = 0.1
"""A mark may split so much smaller a share of the records than the best and still be judged."""
_POINT_FORM = re.compile(r"\s*[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?\s*")
_COMMA_FORM = re.compile(r"\s*[+-]?[0-9]*[.,]?[0-9]+([eE][+-]?[0-9]+)?\s*")
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


@dataclass(frozen=True)
class _Splitting:
    """What one mark makes of the first records.

    width    cells of most records that the mark splits at all
    share    share of the records that have this width
    first    the first record that has it
    numbers  share of the cells of those records that are numbers
    """

    mark: str
    width: int
    share: float
    first: int
    numbers: float


def find_delimiter(text: str, place: Place) -> str:
    """The mark that splits most records into the same number of cells; ',' for one column.

    Where several do, it is the one that splits the header too (decimal commas stand in
    numbers only, semicolons of a remark in data only), and then the one that leaves numbers.
    Raises ReadError if blanks seem to be the only separator
    """
    found = [splitting for mark in CANDIDATES if (splitting := _split(text, mark, place)) is not None]
    if not found:
        _refuse_blanks(text, place)
        return ","
    best = max(splitting.share for splitting in found)
    consistent = [splitting for splitting in found if splitting.share >= best - _SLACK]
    chosen = min(consistent, key=lambda splitting: (splitting.first, -splitting.numbers, -splitting.width))
    return chosen.mark


def _split(text: str, mark: str, place: Place) -> _Splitting | None:
    head = list(itertools.islice(records(text, mark, place), _JUDGED_ROWS))
    head = [record for record in head if any(not is_blank(cell) for cell in record)]
    widths = Counter(len(record) for record in head if len(record) > 1)
    if not widths:
        return None
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    rows = [record for record in head if len(record) == width]
    number = _POINT_FORM if mark == "," else _COMMA_FORM
    cells = list(itertools.chain.from_iterable(rows))
    numbers = sum(number.fullmatch(cell) is not None for cell in cells) / len(cells)
    return _Splitting(mark, width, count / len(head), head.index(rows[0]), numbers)


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
