"""One sentence of the checks with its remedy, before the facts are filled in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """what and remedy with placeholders, one per fact."""

    what: str
    remedy: str = "Check that this is what the file means."


def counted(count: int) -> str:
    """9999 as it is, 36733 as '36,733': a year or a row number must not look like a quantity."""
    return f"{count:,}" if count >= 10_000 else str(count)
