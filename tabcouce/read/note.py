"""What the reader decided or changed, as facts: other rooms put them into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tabcouce.errors import Place

Fact = str | int | float | tuple[str, ...]
"""A number or name that a sentence uses; several names as a tuple."""

MOST_CELLS = 10_000
"""Cells that one note lists with their addresses; further ones are only counted."""


@dataclass(frozen=True)
class CellRead:
    """One cell that was not taken as it stands.

    address  as in the sheet, 'C12'
    found    the text of the cell
    taken    what it counts as; '' for no value
    """

    address: str
    found: str
    taken: str = ""


@dataclass(frozen=True)
class Note:
    """Something the reader decided or changed, for the findings.

    rule   stable key such as 'missing-token', 'title-rows', 'foot-rows', 'error-cell'
    place  the first address it is about
    count  how many cells, rows, columns or sheets
    facts  what its sentence uses beside the count, by placeholder
    cells  the cells, at most MOST_CELLS of them
    """

    rule: str
    place: Place
    count: int = 1
    facts: Mapping[str, Fact] = field(default_factory=dict, hash=False)
    cells: tuple[CellRead, ...] = ()
