"""One tile under the verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """title, value and note are ready to be shown; steps, where given, replace the value.

    steps  (label, score) from the easiest way of holding out to the headline one
    """

    title: str
    value: str
    note: str
    steps: tuple[tuple[str, str], ...] = ()
