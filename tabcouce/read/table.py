"""The value that leaves the reading room: cells as found, with their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import Place
from tabcouce.read.column_letter import column_letter, column_number
from tabcouce.read.note import Note


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
    range: str | None = None
    """Cells to read, as 'A3:H60'."""
    transpose: bool | None = None
    """Whether the sheet lies on its side, names in column A."""
    fill_down: tuple[str, ...] = ()
    """Columns whose blank cells take the value above."""
    stack_sheets: bool = False
    """Read all visible sheets with the same columns, their name as the column 'sheet'."""
    join: str | None = None
    """Sheet whose columns are added to the rows with the same key."""
    on: tuple[str, ...] = ()
    """Columns that are the key of the join."""


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
    turned: bool = False
    """Rows and columns of the sheet were exchanged."""

    def address(self, letter: str, row: int) -> str:
        """The cell as the sheet calls it, from the letter and row of the table."""
        return f"{column_letter(row - 1)}{column_number(letter) + 1}" if self.turned else f"{letter}{row}"

    def place(self, row: int, column: str | None) -> Place:
        """The address of a row of the table, or of one of its cells."""
        if not self.turned:
            return Place(self.file, self.sheet, row, column)
        letter = column_letter(row - 1)  # a row of the table is a column of the sheet
        return Place(self.file, self.sheet, None, letter if column is None else f"{column} / {letter}")


@dataclass(frozen=True)
class Column:
    """One column of the file."""

    name: str
    """Unique, stripped name; text as the user wrote it, brackets and units included."""
    letter: str
    """Spreadsheet letter, A, B, ..., also for text files; '' for a derived column."""
    unit: str | None = None
    lower: float | None = None
    """Limits and target that a row of the sheet states (規格下限, USL, target)."""
    upper: float | None = None
    target_value: float | None = None


@dataclass(frozen=True)
class PictureRow:
    """A row of the sheet as `check` shows it.

    number  1-based row of the sheet
    kind    what it was taken for: 'above', 'names', 'units', 'limits', 'data' or 'below'
    cells   texts of its first cells, from column A on
    """

    number: int
    kind: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Where a run of rows of a stacked table comes from.

    rows  (m,) 1-based row of the part's own sheet
    """

    source: Source
    rows: npt.NDArray[np.int64]


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
    rows     (n,) int, 1-based row of the file of each row of frame; of a stacked table the
             running number, `place` has the address
    censored  per column with such cells (n,) int8: -1 where the value is a limit from above
             ('<0.01'), 1 where it is a limit from below ('>200'), else 0
    parts    the tables that were stacked, in the order of the rows; () for a table of one sheet
    picture  rows of the sheet, shortened, with what each was taken for
    """

    source: Source
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    header_rows: tuple[int, ...]
    unit_row: int | None = None
    notes: tuple[Note, ...] = ()
    censored: Mapping[str, npt.NDArray[np.int8]] = field(default_factory=dict)
    picture: tuple[PictureRow, ...] = ()
    parts: tuple[Part, ...] = ()

    def place(self, *, position: int | None = None, column: str | None = None) -> Place:
        """The address of a cell, row or column; position counts rows of frame from 0."""
        if position is None:
            return Place(self.source.file, self.source.sheet, None, column)
        source, row = self.source, int(self.rows[position])
        for part in self.parts:
            if position < len(part.rows):
                source, row = part.source, int(part.rows[position])
                break
            position -= len(part.rows)
        return source.place(row, column)
