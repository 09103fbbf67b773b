"""One sentence of the checks with its remedy, before the facts are filled in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """what and remedy with placeholders, one per fact."""

    what: str
    remedy: str = "Check that this is what the file means."
