"""Dates written as text: day first or month first is decided from the whole column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.read.date_text import plain_date, read_date


@dataclass(frozen=True)
class Dates:
    """A column read as dates.

    values     (n,) datetime64[ns], NaT where blank or unread
    unread     (n,) bool, cells with text that is no date
    day_first  None where the notation leaves no choice
    proof      position of a cell that reads in this notation only; None where only the order of
               the rows speaks for it
    ambiguous  day first and month first read equally well, and the rows' order does not tell
    """

    values: npt.NDArray[np.datetime64]
    unread: npt.NDArray[np.bool_]
    day_first: bool | None = None
    ambiguous: bool = False
    proof: int | None = None

    @property
    def share(self) -> float:
        """Share of the filled cells that are dates; 0 for an empty column."""
        filled = int((~np.isnat(self.values)).sum() + self.unread.sum())
        return float((~np.isnat(self.values)).sum() / filled) if filled else 0.0


def parse_dates(cells: pd.Series, *, format: str | None = None, day_first: bool | None = None) -> Dates:
    """Read a column of dates or of text.

    Where 3/4/2020 could be March or April, the notation that reads more cells of the column
    wins; then the one in which the rows run through time with fewer steps back.
    day_first  decides it beforehand, as the training file did
    """
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        values = cells.to_numpy(dtype="datetime64[ns]")
        return Dates(values, np.zeros(len(cells), bool))
    text = np.array([plain_date(cell) for cell in cells], dtype=object)
    blank = text == ""
    if format is not None:
        parsed = pd.to_datetime(pd.Series(text).mask(blank), format=format, errors="coerce")
        values = parsed.to_numpy(dtype="datetime64[ns]")
        return Dates(values, np.isnat(values) & ~blank)
    codes, found = pd.factorize(text)
    day = np.array([read_date(cell, day_first=True) for cell in found], dtype="datetime64[ns]")[codes]
    month = np.array([read_date(cell, day_first=False) for cell in found], dtype="datetime64[ns]")[codes]
    open_choice = not np.array_equal(day, month, equal_nan=True)
    if not open_choice:
        return Dates(day, np.isnat(day) & ~blank)
    if day_first is not None:
        values = day if day_first else month
        return Dates(values, np.isnat(values) & ~blank, day_first=day_first)
    day_score, month_score = _fitness(day), _fitness(month)
    values = day if day_score >= month_score else month
    return Dates(
        values,
        np.isnat(values) & ~blank,
        day_first=day_score >= month_score,
        ambiguous=day_score == month_score,
        proof=_proof(np.isnat(month if day_score >= month_score else day) & ~np.isnat(values)),
    )


def _proof(only: npt.NDArray[np.bool_]) -> int | None:
    return int(np.argmax(only)) if only.any() else None


def _fitness(values: npt.NDArray[np.datetime64]) -> tuple[int, int]:
    """More cells read is better; then fewer changes of direction (files may be newest first)."""
    known = values[~np.isnat(values)]
    steps = np.sign(np.diff(known.astype(np.int64)))
    return len(known), -int(min((steps < 0).sum(), (steps > 0).sum()))
