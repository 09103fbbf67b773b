"""Text cells as numbers, with the cells that are none."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import CellError
from tabcouce.read.table import Table


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers.

    values  (n,) float64, NaN where blank or unread
    unread  (n,) bool, filled cells that are no number
    filled  number of filled cells
    """

    values: npt.NDArray[np.float64]
    unread: npt.NDArray[np.bool_]
    filled: int

    @property
    def share(self) -> float:
        """Share of the filled cells that are numbers; 0 for an empty column."""
        return 1.0 - float(self.unread.sum()) / self.filled if self.filled else 0.0


def parse_numbers(cells: pd.Series) -> Numbers:
    """Numbers as they are; text after NFKC (full-width digits) and with '−' read as minus."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        values = cells.to_numpy(dtype=float, na_value=np.nan)
        values = np.where(np.isinf(values), np.nan, values)
        return Numbers(values, np.zeros(len(cells), bool), int((~np.isnan(values)).sum()))
    codes, found = pd.factorize(cells, use_na_sentinel=True)
    texts = [unicodedata.normalize("NFKC", str(cell)).strip().replace("−", "-") for cell in found]
    level_values = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(dtype=float)
    level_values = np.where(np.isinf(level_values), np.nan, level_values)
    # Code -1 is a blank cell: it takes the value appended last.
    values = np.append(level_values, np.nan)[codes]
    filled = np.append(np.array([text != "" for text in texts], dtype=bool), False)[codes]
    return Numbers(values, np.isnan(values) & filled, int(filled.sum()))


def not_a_number(table: Table, column: str, unread: npt.NDArray[np.bool_], *, role: str) -> CellError:
    """The error for text in a numeric column: first address, count, and the way out."""
    first = int(np.argmax(unread))
    count = int(unread.sum())
    cell = table.frame[column].iloc[first]
    more = "" if count == 1 else f" ({count} such cells, this is the first)"
    return CellError(
        f"{cell!r} in the {role} column is not a number{more}.",
        place=table.place(position=first, column=column),
        remedy=(
            f"Correct the cells, name {cell!r} under 'na_values' if it means 'no value', "
            "or give the column the kind 'ignored'."
        ),
    )
