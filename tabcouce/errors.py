"""What went wrong, where, and what to do about it.

TabcouceError
├── ReadError          the file, sheet or layout cannot be read
├── CellError          cells whose content does not fit the column's role
├── RoleError          roles contradict each other or the table
├── SplitError         the rows cannot be split as asked
├── FitError           no model can be trained on these rows
├── BundleError        a saved study is missing, damaged or of another version
└── MissingExtraError  an optional package is needed
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """An address in the user's file; every part is optional."""

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    """1-based row as the spreadsheet shows it."""
    column: str | None = None
    """Column name, or its letter where it has no name."""

    def __str__(self) -> str:
        parts = [
            self.file,
            None if self.sheet is None else f"sheet '{self.sheet}'",
            None if self.row is None else f"row {self.row}",
            None if self.column is None else f"column '{self.column}'",
        ]
        return ", ".join(part for part in parts if part)


class TabcouceError(Exception):
    """An error the user can act on.

    what    one sentence with the value that was found
    place   where in the user's file
    remedy  what to do, as an instruction
    """

    def __init__(self, what: str, *, place: Place | None = None, remedy: str = "") -> None:
        self.what = what
        self.place = place or Place()
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        where = str(self.place)
        head = f"{where}: {self.what}" if where else self.what
        return f"{head}\n{self.remedy}" if self.remedy else head


class ReadError(TabcouceError):
    """The file, sheet or layout cannot be read."""


class CellError(TabcouceError):
    """Cells do not fit the role of their column."""


class RoleError(TabcouceError):
    """Roles contradict each other or the table."""


class SplitError(TabcouceError):
    """The rows cannot be split as asked."""


class FitError(TabcouceError):
    """No model can be trained on these rows."""


class BundleError(TabcouceError):
    """A saved study is missing, damaged or of another version."""


class MissingExtraError(TabcouceError):
    """An optional package is needed; the remedy names the extra."""
