"""What a context column is to the process, and what follows for training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

Graph = Literal["assignment", "common_cause", "measurement", "modifier"]
GRAPHS: tuple[Graph, ...] = ("assignment", "common_cause", "measurement", "modifier")


def check_graphs(graphs: Mapping[str, str]) -> None:
    """Raises ValueError for an unknown kind."""
    for column, kind in graphs.items():
        if kind not in GRAPHS:
            raise ValueError(f"graphs['{column}'] must be one of {GRAPHS}. Got {kind!r} instead.")


def summed_over(columns: Iterable[str], graphs: Mapping[str, str]) -> list[str]:
    """Context columns with adjustment atoms, over which the backdoor sum runs.

    All but those that only change the measurement: a sensor's offset is no cause of the target,
    and an atom for it would explain away real differences. Undeclared columns are summed over;
    the choice on held-out contexts decides whether that serves.
    """
    return [name for name in columns if graphs.get(name) != "measurement"]


def modifiers(columns: Iterable[str], graphs: Mapping[str, str]) -> list[str]:
    """Context columns in whose levels an input may act differently."""
    return [name for name in columns if graphs.get(name) == "modifier"]
