"""The value that leaves the reading room: cells as found, with their addresses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import Place


@dataclass(frozen=True)
class Layout:
    """How to read a file where the defaults would guess; None means 'find out'."""

    sheet: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    header_rows: tuple[int, ...] | None = None
    """1-based rows of the file that hold the column names, top down."""
    missing: tuple[str, ...] = ()
    """Further tokens that mean 'no value'."""


@dataclass(frozen=True)
class Source:
    """Which bytes the table was read from, and how they were understood."""

    file: str
    """File name without its folder."""
    sha256: str
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None


@dataclass(frozen=True)
class Column:
    """One column of the file."""

    name: str
    """Unique, stripped name; text as the user wrote it, brackets and units included."""
    letter: str
    """Spreadsheet letter, A, B, ..., also for text files; '' for a derived column."""
    unit: str | None = None


@dataclass(frozen=True)
class Note:
    """Something the reader decided or changed, for the findings."""

    rule: str
    """Stable key such as 'missing-token', 'title-rows', 'foot-rows', 'error-cell'."""
    what: str
    place: Place
    count: int = 1


@dataclass(frozen=True)
class Table:
    """Cells of one sheet as found, typed in one place.

    frame    (n, p); every column is one of
             float64         numbers, NaN where the cell is blank
             datetime64[ns]  dates, NaT where blank
             object          str per cell, None where blank (also when only some cells are
                             numbers: then the numbers stand as their text)
             bool cells are the text 'TRUE' and 'FALSE'
    columns  p columns in the order of frame.columns, names equal to them
    rows     (n,) int, 1-based row of the file of each row of frame
    """

    source: Source
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    header_rows: tuple[int, ...]
    unit_row: int | None = None
    notes: tuple[Note, ...] = ()

    def place(self, *, position: int | None = None, column: str | None = None) -> Place:
        """The address of a cell, row or column; position counts rows of frame from 0."""
        return Place(
            file=self.source.file,
            sheet=self.source.sheet,
            row=None if position is None else int(self.rows[position]),
            column=column,
        )
