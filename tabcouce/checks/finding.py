"""One thing the checks found, with its consequence and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tabcouce.errors import Place
from tabcouce.read.note import CellRead, Fact

__all__ = ["SEVERITIES", "CellRead", "Fact", "Finding", "Severity"]

Severity = Literal["blocks", "misleads", "weakens", "note"]
"""blocks: results would be wrong; misleads: scores look better than they are;
weakens: accuracy or separation is lost; note: good to know."""

SEVERITIES: tuple[Severity, ...] = ("blocks", "misleads", "weakens", "note")


@dataclass(frozen=True)
class Finding:
    """rule      stable key, e.g. 'target-copy'
    what      one sentence with the numbers
    place     file, sheet, row, column
    remedy    what to do, as an instruction
    columns   the columns it is about
    size      share of rows, cells or variance concerned; ranks findings of one severity
    form      which of the rule's sentences it is, e.g. 'many'; '' where the rule has one only
    facts     what its sentence uses, by placeholder, so that it can be said in another language
    cells     the cells that were changed or refused, with their addresses
    """

    rule: str
    severity: Severity
    what: str
    place: Place
    remedy: str
    columns: tuple[str, ...] = ()
    size: float = 0.0
    form: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict, hash=False)
    cells: tuple[CellRead, ...] = ()

    @property
    def sentence(self) -> str:
        """Key of its sentence, e.g. 'target-copy.steps'."""
        return f"{self.rule}.{self.form}" if self.form else self.rule
