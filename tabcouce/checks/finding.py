"""One thing the checks found, with its consequence and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tabcouce.errors import Place

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
    """

    rule: str
    severity: Severity
    what: str
    place: Place
    remedy: str
    columns: tuple[str, ...] = ()
    size: float = 0.0
