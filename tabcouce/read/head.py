"""The first rows of a sheet, with what each cell counts as: the ground on which a header is sought."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tabcouce.read.grid import Kind, Merge, Row, cell_kind, filled, spread
from tabcouce.read.unit import NO_UNIT, is_unit, unbracketed

HEAD_ROWS = 100
"""Rows in which the header must begin."""
_BELOW = 40
"""Rows below a cell that tell what its column holds."""
_MOSTLY = 0.8


@dataclass(frozen=True)
class Head:
    """The first rows of a sheet, all of the same length.

    rows    cells as found
    kinds   what each cell counts as: 'blank', 'value' or 'label'
    wide    cells with merged ranges written into all of their cells
    width   cells of the fullest row
    """

    rows: list[list[object]]
    kinds: list[list[Kind]]
    wide: list[list[object]]
    merges: tuple[Merge, ...]
    width: int

    def count(self, row: int, kind: Kind) -> int:
        """Cells of that kind in the row."""
        return self.kinds[row].count(kind)

    def value_columns(self, row: int) -> list[int]:
        """Columns in which the row has a value."""
        return [c for c, kind in enumerate(self.kinds[row]) if kind == "value"]

    def holds_values(self, column: int, *, below: int, share: float = _MOSTLY) -> bool:
        """Whether the cells below that row are mostly values."""
        kinds = [line[column] for line in self.kinds[below + 1 : below + 1 + _BELOW]]
        present = len(kinds) - kinds.count("blank")
        return present > 0 and kinds.count("value") >= share * present

    def names_values(self, row: int) -> bool:
        """Whether most labels of the row stand above values: the mark of names, not of data."""
        labels = [c for c, kind in enumerate(self.kinds[row]) if kind == "label"]
        return 2 * sum(self.holds_values(c, below=row) for c in labels) > len(labels)

    def has_group(self, row: int) -> bool:
        """Whether a cell of the row is merged over several columns, but is not a title."""
        return filled(self.rows[row]) >= 2 and any(
            merge.top <= row <= merge.bottom and merge.left < merge.right for merge in self.merges
        )

    def first_data(self) -> int:
        """First row that looks like data: values, about as full as most rows, no names of values."""
        fills = [filled(row) for row in self.rows]
        usual = statistics.median([fill for fill in fills if fill >= 2] or [self.width])
        for row, fill in enumerate(fills):
            if self.count(row, "value") and fill >= 0.7 * usual and not self.names_values(row):
                return row
        return len(self.rows)

    def is_unit_row(self, row: int) -> bool:
        """Mostly units with values below; a row of grades A, C, K has none.

        Up to a third of the cells may be units that are not known, if values are below them.
        """
        cells = [(c, str(self.rows[row][c])) for c, kind in enumerate(self.kinds[row]) if kind != "blank"]
        units = [c for c, text in cells if isinstance(self.rows[row][c], str) and is_unit(text)]
        rest = [(c, text.strip()) for c, text in cells if c not in set(units)]
        strange = [c for c, text in rest if unbracketed(text) not in NO_UNIT and not _is_caption(text)]
        if not units or 2 * len(strange) > len(units):
            return False
        if any(not self.holds_values(c, below=row, share=0.5) for c in strange):
            return False
        return sum(self.holds_values(c, below=row, share=0.5) for c in units) >= _MOSTLY * len(units)


def take_head(rows: Sequence[Row], merges: Sequence[Merge], decimal: str) -> Head:
    """The head of a sheet, its rows filled up to the same length."""
    length = max((len(row) for row in rows), default=0)
    square = [[*row, *[None] * (length - len(row))] for row in rows[:HEAD_ROWS]]
    return Head(
        rows=square,
        kinds=[[cell_kind(cell, decimal) for cell in row] for row in square],
        wide=spread(square, merges),
        merges=tuple(merges),
        width=max((filled(row) for row in square), default=0),
    )


def _is_caption(text: str) -> bool:
    return unbracketed(text).casefold() in {"単位", "unit", "units"}
