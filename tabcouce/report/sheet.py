"""One sheet of the results workbook, as values; `workbook` alone writes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A cell that leads to another sheet of the same workbook.

    line  1-based line of that sheet
    """

    value: object
    sheet: str
    line: int


@dataclass(frozen=True)
class Sheet:
    """Heads, then rows of text, numbers, links or None.

    shares  positions of the columns that hold shares of one, written as per cent
    """

    name: str
    heads: tuple[str, ...]
    rows: list[tuple[object, ...]]
    shares: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RowLines:
    """Where the rows of the file stand in the sheet of one target's predictions.

    lines  row of the file -> 1-based line of the sheet
    """

    sheet: str
    lines: dict[int, int]

    def link(self, row: int | None) -> object:
        """The row's number, leading to its predictions where it has any."""
        line = None if row is None else self.lines.get(row)
        return row if line is None else Link(row, self.sheet, line)

    def cell(self, address: str) -> object:
        """'E246', leading to the predictions of row 246 where it has any."""
        letters = address.rstrip("0123456789")
        line = self.lines.get(int(address[len(letters) :] or 0))
        return address if line is None else Link(address, self.sheet, line)
