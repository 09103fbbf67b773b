"""What the cells of one column look like: the facts that guesses rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.roles.cells import parse_numbers
from tabcouce.roles.dates import parse_dates
from tabcouce.roles.level import BLANK, level_texts

Content = Literal["empty", "number", "text", "date", "mixed"]
DATE_SHARE = 0.9
RUNNING_SHARE = 0.85
"""Of the steps from row to row; the rest start again at one."""


@dataclass(frozen=True)
class Profile:
    """One column.

    content  'mixed' is numbers and text together
    filled   cells with content
    levels   different values
    whole    all numbers are whole
    running  a number that counts the rows, in the whole file or again and again from one
    numbers  (n,) values, NaN where blank or no number
    cells    (n,) the column as found
    datable  every filled cell reads as a date, without doubt about day and month
    """

    name: str
    content: Content
    filled: int
    levels: int
    whole: bool
    running: bool
    numbers: npt.NDArray[np.float64]
    cells: pd.Series
    datable: bool = False

    @property
    def texts(self) -> npt.NDArray[np.object_]:
        """(n,) text of each cell."""
        return level_texts(self.cells)

    @property
    def constant(self) -> bool:
        return self.levels == 1

    @property
    def unique(self) -> bool:
        """Nearly every filled cell differs from the others."""
        return self.filled >= 10 and self.levels >= 0.95 * self.filled

    @property
    def repeats(self) -> bool:
        """At least two levels, each on two rows or more in the mean."""
        return 2 <= self.levels <= self.filled / 2


def profile(name: str, cells: pd.Series) -> Profile:
    """Look at one column."""
    is_date = pd.api.types.is_datetime64_any_dtype(cells.dtype)
    values = np.full(len(cells), np.nan) if is_date else parse_numbers(cells).values
    if pd.api.types.is_numeric_dtype(cells.dtype):
        filled, levels = int((~np.isnan(values)).sum()), len(np.unique(values[~np.isnan(values)]))
    else:
        texts = level_texts(cells)
        found = texts[texts != BLANK]
        filled, levels = len(found), len(set(found))
    content, datable = _content(cells, filled, values)
    known = values[~np.isnan(values)]
    whole = content == "number" and bool(np.all(known == np.round(known)))
    return Profile(
        name=name,
        content=content,
        filled=filled,
        levels=levels,
        whole=whole,
        running=whole and _counts_rows(known),
        numbers=values,
        cells=cells,
        datable=datable,
    )


def _content(cells: pd.Series, filled: int, values: npt.NDArray[np.float64]) -> tuple[Content, bool]:
    if filled == 0:
        return "empty", False
    readable = int((~np.isnan(values)).sum())
    if readable == filled:
        return "number", False
    if readable == 0 or pd.api.types.is_datetime64_any_dtype(cells.dtype):
        if parse_dates(cells.dropna().iloc[:50]).share >= DATE_SHARE:
            dates = parse_dates(cells)
            if dates.share >= DATE_SHARE:
                return "date", not dates.unread.any() and not dates.ambiguous
        return "text", False
    # A few number-like labels among text ('12', '13A', 'B2') are still text.
    return ("mixed" if readable >= 0.2 * filled else "text"), False


def _counts_rows(known: npt.NDArray[np.float64]) -> bool:
    if len(known) < 10:
        return False
    steps = np.diff(known)
    if (steps == 1).mean() >= RUNNING_SHARE:
        return True
    # Shuffled rows: every number once, without gaps.
    ordered = np.diff(np.sort(known))
    return bool((ordered > 0).all() and (ordered == 1).mean() >= 0.95)
