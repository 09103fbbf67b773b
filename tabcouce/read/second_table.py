"""A second table below the first: seen by its header among the data, and refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tabcouce.errors import Place, ReadError
from tabcouce.read.cells import TypedCells
from tabcouce.read.column_letter import column_letter

_BEYOND_LIMIT = re.compile(
    r"[<>≤≥＜＞≦≧~～約].*|[nN]\.?[dD]\.?|不検出|検出限界以下|測定範囲外|OOR|OVER|UNDER"
)
"""What an instrument writes instead of a number; never the name of a column."""


def refuse_second_table(
    names: Sequence[str],
    typed: Sequence[TypedCells],
    undated: Sequence[Mapping[int, str]],
    rows: npt.NDArray[np.int64],
    place: Place,
) -> None:
    """ReadError where a row repeats the names, or holds names in the columns of numbers.

    names, typed, undated  one per column; rows is the row of the file for each position, and
    undated the texts that stand among dates, by position
    A text that recurs in its column (停止, N.D.) is a remark, not a name. After a blank row
    one name among the numbers is enough, else two and half of the number columns.
    """
    repeated: Counter[int] = Counter()
    named: dict[int, list[str]] = {}
    numeric = 0
    for name, cells, among_dates in zip(names, typed, undated, strict=True):
        own = name.rpartition("/")[2].partition(" #")[0]
        repeated.update(p for p, text in among_dates.items() if text == own)
        if cells.values.dtype == object:
            repeated.update(np.flatnonzero(cells.values == own).tolist())
        numeric += cells.values.dtype == np.float64 or bool(cells.odd)
        texts = [str(cells.values[position]).strip() for position in cells.odd]
        for position, text in zip(cells.odd, texts, strict=True):
            if texts.count(text) == 1 and not _BEYOND_LIMIT.fullmatch(text):
                named.setdefault(position, []).append(text)
    for position in sorted({*repeated, *named}):
        texts = named.get(position, [])
        after_gap = position > 0 and rows[position] - rows[position - 1] > 1
        needed = 1 if after_gap else max(2, 0.5 * numeric)
        if repeated[position] >= max(2, 0.5 * len(names)):
            what = "the row repeats the names of the columns"
        elif len(texts) >= needed and 2 * len(set(texts)) >= len(texts):
            what = f"the row holds text in {len(texts)} columns of numbers ({texts[0]!r})"
        else:
            continue
        row, last = int(rows[position]), column_letter(len(names) - 1)
        raise ReadError(
            f"{what}: a second header seems to stand there",
            place=Place(file=place.file, sheet=place.sheet, row=row),
            remedy=(
                f"Read one table with --range, e.g. --range A1:{last}{row - 1}; if the row belongs to the "
                "header, name the header rows."
            ),
        )
