"""What the comparison with a golden lot or row found."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.advice.golden import GoldenMatch


@dataclass(frozen=True)
class GoldenRows:
    """The answer for one target.

    column, level, rows  the golden lot and how many past rows it has; without a column, `level` is
                         the number of the one golden row
    outcome              their mean; None for classes
    by                   context column whose levels are compared with it; None for rows
    units                column -> unit; unit of the target
    blocks               declared blocks that are compared; without two of them every column is one
    compared             rows or lots there are beside the golden one; None where `found` holds them all
    """

    target: str
    unit: str | None
    column: str | None
    level: str
    rows: int
    outcome: float | None
    by: str | None
    units: dict[str, str | None]
    found: tuple[GoldenMatch, ...]
    blocks: tuple[str, ...] = ()
    compared: int | None = None
