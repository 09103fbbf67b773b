"""Where the names of the columns stand: below a title, over one row or several, above a units row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tabcouce.errors import Place, ReadError
from tabcouce.read.grid import Merge, Row, cell_kind, filled, label_text, spread
from tabcouce.read.marginal import is_spec_row
from tabcouce.read.naming import name_columns
from tabcouce.read.unit import NO_UNIT, is_unit, unbracketed

HEAD_ROWS = 200
"""Rows that are looked at to find the header."""
_FULL = 0.8
"""Share of the width that a row of names fills; titles and remarks fill less."""


@dataclass(frozen=True)
class Header:
    """The names above the data.

    names      one per column of the sheet, None where the header is blank
    units      one per column, None where there is none
    rows       rows that hold the names, from 0; empty where the sheet has no header
    unit_row   row that holds the units, from 0
    spec_rows  rows of limits or targets between the names and the data, from 0
    first      first row of data, from 0
    """

    names: tuple[str | None, ...]
    units: tuple[str | None, ...]
    rows: tuple[int, ...]
    unit_row: int | None
    spec_rows: tuple[int, ...]
    first: int


def find_header(
    head: Sequence[Row],
    *,
    merges: Sequence[Merge] = (),
    rows: tuple[int, ...] | None = None,
    decimal: str = ".",
    place: Place,
) -> Header:
    """Find the header in the first rows of a sheet.

    head   the first rows of the sheet, of any lengths
    rows   1-based rows that are the header; None finds out, () says there is none
    Raises ReadError if the rows given lie outside the sheet or hold nothing
    """
    width = max((len(row) for row in head), default=0)
    square = [[*row, *[None] * (width - len(row))] for row in head]
    block = _search(square, merges, decimal) if rows is None else _given(square, rows, place)
    first = block[-1] + 1 if block else _first_filled(square)
    unit_row: int | None = None
    spec_rows: list[int] = []
    while block and first < len(square):
        if unit_row is None and _is_unit_row(square, first, decimal):
            unit_row = first
        elif is_spec_row(square[first]):
            spec_rows.append(first)
        elif filled(square[first]):
            break
        first += 1
    names, units = name_columns(square, block, merges, width)
    if unit_row is not None:
        written = [_written_unit(cell) for cell in square[unit_row]]
        units = [below or above for below, above in zip(written, units, strict=True)]
    return Header(tuple(names), tuple(units), tuple(block), unit_row, tuple(spec_rows), first)


def _given(head: list[list[object]], rows: tuple[int, ...], place: Place) -> list[int]:
    for row in rows:
        if not 1 <= row <= len(head) or not filled(head[row - 1]):
            raise ReadError(
                f"row {row} was named as a header row but is empty",
                place=place,
                remedy="Give the rows that hold the column names, counted from 1.",
            )
    return sorted(row - 1 for row in rows)


def _search(head: list[list[object]], merges: Sequence[Merge], decimal: str) -> list[int]:
    """Rows of the header block, from 0; empty where the data begin without one."""
    width = max((filled(row) for row in head), default=0)
    kinds = [Counter(cell_kind(cell, decimal) for cell in row) for row in head]
    data = next(
        (r for r, row in enumerate(head) if kinds[r]["value"] and filled(row) >= width / 2), len(head)
    )
    wide = spread(head, merges)
    above = [
        r
        for r in range(data)
        if kinds[r]["label"] and not kinds[r]["value"] and not _is_unit_row(head, r, decimal)
    ]
    full = [r for r in above if filled(wide[r]) >= _FULL * width]
    if not full:
        if data < len(head) and _numbers_as_names(head, data, decimal):
            return [data]
        full = sorted(above, key=lambda r: -filled(wide[r]))[:1]
        if not full:
            return []
        # One cell is a title, unless it is the name beside a nameless column of row numbers.
        named_beside_index = width == 2 and full[0] + 1 == data and cell_kind(head[full[0]][0]) == "blank"
        if width > 1 and filled(wide[full[0]]) < 2 and not named_beside_index:
            return []
    block = [full[0]] if width > 1 else [full[-1]]
    if data < len(head) and kinds[data]["value"] >= 0.3 * width:
        # Where numbers follow, a second row of distinct texts is a second row of names.
        while block[-1] + 1 in full and _distinct(head[block[-1] + 1]):
            block.append(block[-1] + 1)
    return _with_groups(head, block, merges, above)


def _distinct(row: Row) -> bool:
    cells = [label_text(cell) for cell in row if cell_kind(cell) != "blank"]
    return len(set(cells)) >= _FULL * len(cells)


def _with_groups(
    head: list[list[object]], block: list[int], merges: Sequence[Merge], above: list[int]
) -> list[int]:
    """The block with the rows that merged ranges or group names tie to it."""
    bottom = block[-1]
    for merge in sorted(merges, key=lambda merge: merge.top):
        if block[0] <= merge.top <= bottom < merge.bottom:
            bottom = merge.bottom
    rows = list(range(block[0], min(bottom, len(head) - 1) + 1))
    while (
        rows[0] - 1 in above and filled(head[rows[0] - 1]) >= 2 and _is_group_row(head, rows[0] - 1, merges)
    ):
        rows.insert(0, rows[0] - 1)
    return rows


def _is_group_row(head: list[list[object]], row: int, merges: Sequence[Merge]) -> bool:
    """Whether the row names groups of the columns named in the row below it."""
    if any(merge.top <= row <= merge.bottom and merge.left < merge.right for merge in merges):
        return True
    blank_below = [c for c, cell in enumerate(head[row + 1]) if cell_kind(cell) == "blank"]
    unnamed = [c for c in blank_below if any(cell_kind(line[c]) != "blank" for line in head[row + 2 :])]
    if unnamed:
        return all(cell_kind(head[row][c]) == "label" for c in unnamed)
    names = [label_text(cell) for cell in head[row + 1] if cell_kind(cell) != "blank"]
    return len(set(names)) < len(names)  # 平均, 最大 repeated under each group


def _numbers_as_names(head: list[list[object]], row: int, decimal: str) -> bool:
    """Whether a row with numbers is a header all the same: wavelengths, or a few numbers among names."""
    kinds = [cell_kind(cell, decimal) for cell in head[row]]
    numbers = [float(str(cell)) for cell in head[row] if _is_float(cell)]
    steps = {later > earlier for earlier, later in pairwise(numbers)}
    if len(numbers) >= 5 and len(steps) == 1 and len(set(numbers)) == len(numbers) and "label" in kinds:
        return True
    below = head[row + 1 : row + 50]
    named = [
        c for c, kind in enumerate(kinds) if kind == "label" and _share_of_values(below, c, decimal) >= 0.8
    ]
    return bool(named) and 2 * kinds.count("label") >= len(kinds)


def _is_float(cell: object) -> bool:
    try:
        float(str(cell))
    except ValueError:
        return False
    return True


def _share_of_values(rows: Sequence[Row], column: int, decimal: str) -> float:
    kinds = [cell_kind(row[column], decimal) for row in rows]
    present = [kind for kind in kinds if kind != "blank"]
    return present.count("value") / len(present) if present else 0.0


def _is_unit_row(head: list[list[object]], row: int, decimal: str) -> bool:
    """All cells are units, and numbers follow below the units: a row of grades A, C is none."""
    units = [c for c, cell in enumerate(head[row]) if isinstance(cell, str) and is_unit(cell)]
    rest = [cell for c, cell in enumerate(head[row]) if c not in units and cell_kind(cell) != "blank"]
    if not units or any(str(cell).strip() not in NO_UNIT and not _is_caption(cell) for cell in rest):
        return False
    below = head[row + 1 : row + 40]
    shares = [_share_of_values(below, c, decimal) for c in units]
    return sum(share >= 0.5 for share in shares) >= 0.8 * len(units)


def _is_caption(cell: object) -> bool:
    return unbracketed(str(cell)).casefold() in {"単位", "unit", "units"}


def _written_unit(cell: object) -> str | None:
    if not isinstance(cell, str) or not is_unit(cell) or cell.strip() in NO_UNIT:
        return None
    return unbracketed(cell)


def _first_filled(head: list[list[object]]) -> int:
    """First row of data of a sheet without header: past remarks that fill less than half the width."""
    width = max((filled(row) for row in head), default=0)
    return next((r for r, row in enumerate(head) if filled(row) >= max(1, width / 2)), 0)
