"""The header of a sheet: names, units, limits, and where the data begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tabcouce.errors import Place, ReadError
from tabcouce.read.grid import Merge, Row, filled
from tabcouce.read.head import Head, take_head
from tabcouce.read.header_search import search_header
from tabcouce.read.marginal import is_spec_row
from tabcouce.read.naming import name_columns
from tabcouce.read.unit import NO_UNIT, unbracketed


@dataclass(frozen=True)
class Header:
    """The names above the data.

    names      one per column of the sheet, None where the header is blank
    units      one per column, None where there is none
    rows       rows that hold the names, from 0; empty where the sheet has no header
    unit_row   row that holds the units, from 0
    spec_rows  rows of limits or targets between the names and the data, from 0
    first      first row of data, from 0
    repeated   names that several columns share, with the letters of these columns
    """

    names: tuple[str | None, ...]
    units: tuple[str | None, ...]
    rows: tuple[int, ...]
    unit_row: int | None
    spec_rows: tuple[int, ...]
    first: int
    repeated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find_header(
    rows: Sequence[Row],
    *,
    merges: Sequence[Merge] = (),
    given: tuple[int, ...] | None = None,
    decimal: str = ".",
    place: Place,
) -> Header:
    """Find the header in the first rows of a sheet.

    rows   the first rows of the sheet, of any lengths
    given  1-based rows that are the header; None finds out, () says there is none
    Raises ReadError if a row given lies outside the sheet or holds nothing
    """
    head = take_head(rows, merges, decimal)
    block = search_header(head) if given is None else _given(head, given, place)
    first = block[-1] + 1 if block else _first_filled(head)
    unit_row: int | None = None
    spec_rows: list[int] = []
    while block and first < len(head.rows):
        if unit_row is None and head.is_unit_row(first):
            unit_row = first
        elif is_spec_row(head.rows[first]):
            spec_rows.append(first)
        elif filled(head.rows[first]):
            break
        first += 1
    names, units = name_columns(head, block)
    if unit_row is not None:
        written = [_written_unit(cell) for cell in head.rows[unit_row]]
        units = [below or above for below, above in zip(written, units, strict=True)]
    return Header(tuple(names), tuple(units), tuple(block), unit_row, tuple(spec_rows), first)


def _given(head: Head, rows: tuple[int, ...], place: Place) -> list[int]:
    for row in rows:
        if not 1 <= row <= len(head.rows) or not filled(head.rows[row - 1]):
            raise ReadError(
                f"row {row} was named as a header row but is empty or too far down",
                place=place,
                remedy="Give the rows that hold the column names, counted from 1.",
            )
    return sorted(row - 1 for row in rows)


def _first_filled(head: Head) -> int:
    """First row of data of a sheet without header: past remarks that fill less than half the width."""
    return next((r for r, row in enumerate(head.rows) if filled(row) >= max(1, head.width / 2)), 0)


def _written_unit(cell: object) -> str | None:
    """The unit as the units row writes it, without brackets."""
    if not isinstance(cell, str) or not cell.strip() or unbracketed(cell) in NO_UNIT:
        return None
    text = unbracketed(cell)
    return None if text.casefold() in {"単位", "unit", "units"} else text
