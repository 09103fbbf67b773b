"""Which rows hold the names of the columns: below titles and remarks, above units and data."""

from __future__ import annotations

from itertools import pairwise

from tabcouce.read.grid import filled, label_text
from tabcouce.read.head import Head

_FULL = 0.8
"""Share of the width that a row of names fills; titles and remarks fill less."""
_NUMERIC = 0.3
"""Share of number columns from which text rows above the numbers can be told from data."""


def search_header(head: Head) -> list[int]:
    """Rows of the header, from 0 and without a gap; empty where the data begin without one."""
    data = head.first_data()
    above = [row for row in range(data) if _may_hold_names(head, row)]
    full = [row for row in above if filled(head.wide[row]) >= _FULL * head.width]
    if not full:
        return _sparse_header(head, above, data)
    if head.width == 1:
        return [full[-1]]
    first = last = full[0]
    if data < len(head.rows) and head.count(data, "value") >= _NUMERIC * head.width:
        last = [row for row in full if row == first or _continues(head, row, data)][-1]
        first = last
        while first - 1 in full:
            first -= 1
    return _with_groups(head, first, last, above)


def _may_hold_names(head: Head, row: int) -> bool:
    """Labels only, or labels with a few numbers among them above columns of values."""
    labels, values = head.count(row, "label"), head.count(row, "value")
    if not labels or head.is_unit_row(row):
        return False
    return not values or (labels >= values and head.names_values(row))


def _continues(head: Head, row: int, data: int) -> bool:
    """Whether a further row of text is a row of names, not data whose numbers are missing.

    It is below a merged group, or its texts differ from one number column to the next; words
    for 'not measured' repeat.
    """
    if row > 0 and head.has_group(row - 1):
        return True
    texts = [label_text(head.rows[row][c]) for c in head.value_columns(data) if head.kinds[row][c] != "blank"]
    return len(texts) >= 2 and len(set(texts)) >= _FULL * len(texts)


def _sparse_header(head: Head, above: list[int], data: int) -> list[int]:
    """The header where no row of labels is nearly full: numbers as names, or many blanks."""
    if data < len(head.rows) and _numbers_as_names(head, data):
        return [data]
    if not above:
        return []
    row = max(above, key=lambda row: (filled(head.wide[row]), row))
    # One cell is a title, unless it is the name beside a nameless column of row numbers.
    beside_index = head.width == 2 and row + 1 == data and head.kinds[row][0] == "blank"
    if filled(head.wide[row]) < 2 and not beside_index:
        return []
    return _with_groups(head, row, row, above)


def _numbers_as_names(head: Head, row: int) -> bool:
    """Whether a row of numbers is a header all the same: wavelengths, years, positions.

    They rise or fall throughout (five or more) or by the same step (three or more), and the
    row below does not.
    """
    numbers, below = _numbers(head, row), _numbers(head, row + 1)
    if len(numbers) < 3 or _even(below):
        return False
    return _even(numbers) or (len(numbers) >= 5 and head.count(row, "label") > 0 and _monotonic(numbers))


def _numbers(head: Head, row: int) -> list[float]:
    numbers = []
    for cell in head.rows[row] if row < len(head.rows) else []:
        try:
            numbers.append(float(str(cell)))
        except ValueError:
            continue
    return numbers


def _steps(numbers: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(numbers)]


def _even(numbers: list[float]) -> bool:
    steps = _steps(numbers)
    return len(steps) >= 2 and steps[0] != 0 and all(abs(step - steps[0]) < 1e-9 for step in steps)


def _monotonic(numbers: list[float]) -> bool:
    steps = _steps(numbers)
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _with_groups(head: Head, first: int, last: int, above: list[int]) -> list[int]:
    """The header with the rows that merged ranges or group names tie to it."""
    for merge in sorted(head.merges, key=lambda merge: merge.top):
        if first <= merge.top <= last < merge.bottom:
            last = min(merge.bottom, len(head.rows) - 1)
    while first - 1 in above and filled(head.rows[first - 1]) >= 2 and _is_group_row(head, first - 1):
        first -= 1
    return list(range(first, last + 1))


def _is_group_row(head: Head, row: int) -> bool:
    """Whether the row names groups of the columns named in the row below it."""
    if head.has_group(row):
        return True
    below = head.kinds[row + 1]
    used = [any(line[c] != "blank" for line in head.kinds[row + 2 :]) for c in range(len(below))]
    unnamed = [c for c, kind in enumerate(below) if kind == "blank" and used[c]]
    if unnamed:
        return all(head.kinds[row][c] == "label" for c in unnamed)
    names = [
        label_text(cell) for cell, kind in zip(head.rows[row + 1], below, strict=True) if kind != "blank"
    ]
    return len(set(names)) < len(names)  # 平均, 最大 repeated under each group
