"""Sheets that lie on their side: the names in column A, one column per row of data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, zip_longest

from tabcouce.read.cells import is_blank
from tabcouce.read.grid import Row, cell_kind
from tabcouce.read.limit import is_undetected, parse_limit
from tabcouce.read.unit import is_unit, unit_of_name

_FEWEST_ROWS, _MOST_ROWS, _FEWEST_COLUMNS = 3, 200, 4
_JUDGED_COLUMNS = 60


def turn(rows: Sequence[Row]) -> list[list[object]]:
    """Rows and columns exchanged."""
    return [list(column) for column in zip_longest(*rows, fillvalue=None)]


def lies_on_its_side(rows: Sequence[Row], decimal: str) -> bool | None:
    """True where the sheet is turned for certain, None where it only looks so, False otherwise.

    For certain: column A holds distinct names, every row is of one kind (numbers or text) from
    column B on, and below the first row every column mixes both. A sheet
    of numbers below sample names only looks turned, if quantities stand in column A.
    """
    two_cells = (row for row in rows if sum(not is_blank(cell) for cell in row) >= 2)
    filled = [list(row[:_JUDGED_COLUMNS]) for row in islice(two_cells, _MOST_ROWS + 1)]
    names = [row[0] for row in filled]
    width = max((len(row) for row in filled), default=0)
    filled = [[*row, *[None] * (width - len(row))] for row in filled]
    if len(filled) < _FEWEST_ROWS or width < _FEWEST_COLUMNS or len(filled) > _MOST_ROWS:
        return False
    if any(cell_kind(name, decimal) != "label" for name in names) or len(set(map(str, names))) < len(names):
        return False
    # A second column of units belongs to the names.
    start = 2 if all(is_blank(row[1]) or _says_unit(row[1]) for row in filled) else 1
    kinds = [{_kind(c, decimal) for c in row[start:] if not is_blank(c)} for row in filled]
    sparse = any(2 * sum(not is_blank(cell) for cell in row) < width for row in filled)
    if sparse or any(len(kind) != 1 for kind in kinds):
        return False
    texts = sum(kind == {"label"} for kind in kinds)
    if texts > 1 and all(_is_mixed([row[c] for row in filled[1:]], decimal) for c in range(start, width)):
        return True
    samples = [str(cell) for cell in filled[0][start:] if not is_blank(cell)]
    quantities = sum(unit_of_name(str(name)) is not None for name in names[1:])
    if texts == 1 and kinds[0] == {"label"} and len({re.sub(r"\d+", "0", name) for name in samples}) == 1:
        return None if quantities or start == 2 or len(filled) < width else False
    return False


def _is_mixed(cells: Sequence[object], decimal: str) -> bool:
    """Whether labels and values stand in one column: no column of a table that stands upright does so."""
    return {_kind(cell, decimal) for cell in cells if not is_blank(cell)} == {"label", "value"}


def _kind(cell: object, decimal: str) -> str:
    """As `cell_kind`, but '<0.01' and 'N.D.' are values here: they stand among numbers."""
    beyond = isinstance(cell, str) and (parse_limit(cell) is not None or is_undetected(cell))
    return "value" if beyond else cell_kind(cell, decimal)


def _says_unit(cell: object) -> bool:
    text = str(cell).strip()
    return is_unit(text) or text.casefold() in {"単位", "unit", "units", "-", "―"}
