"""Day first or month first: how the dates that order the rows were read, and on what evidence."""

from __future__ import annotations

import pandas as pd

from tabcouce.checks.finding import Fact, Finding, Severity
from tabcouce.checks.sentences import worded
from tabcouce.read.table import Table
from tabcouce.roles.dates import parse_dates
from tabcouce.roles.profile import DATE_SHARE
from tabcouce.roles.role import Roles


def date_findings(table: Table, roles: Roles) -> list[Finding]:
    """One finding per column of dates as text in which a cell reads both ways."""
    found: list[Finding] = []
    for role in roles.columns:
        cells = table.frame[role.name]
        if role.is_input or role.kind in ("target", "context") or cells.dtype != object:
            continue
        if parse_dates(cells.dropna().iloc[:50]).share < DATE_SHARE:
            continue
        dates = parse_dates(cells)
        if dates.day_first is None or dates.share < DATE_SHARE:
            continue
        facts: dict[str, Fact] = {"column": role.name}
        form = "unknown" if dates.ambiguous else "day" if dates.day_first else "month"
        if not dates.ambiguous and dates.proof is None:
            form += "-run"
        elif dates.proof is not None and not dates.ambiguous:
            facts["text"] = str(cells.iloc[dates.proof])
        place = table.place(position=None if "text" not in facts else dates.proof, column=role.name)
        doubt = dates.ambiguous or dates.proof is None
        share = float(pd.notna(cells).mean())
        severity: Severity = "weakens" if doubt else "note"
        found.append(worded(f"date-order.{form}", severity, place, facts, columns=(role.name,), size=share))
    return found
