"""What the reader and the role file left to say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tabcouce.checks.finding import Fact, Finding, Severity
from tabcouce.checks.sentences import LISTED, SENTENCES, worded
from tabcouce.errors import Place
from tabcouce.read.note import Note
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import Roles

ROLE_WARNINGS: Mapping[str, re.Pattern[str]] = {
    "prose": re.compile(r"'(?P<key>.+)' is prose for people and was not used\."),
    "split": re.compile(r"'(?P<column>.+)' is the context to hold out and was added to the contexts\."),
    "dropped": re.compile(r"'(?P<column>.+)' is both an input and dropped; it was dropped\."),
    "letter": re.compile(
        r"No column is called '(?P<name>.+)'; column (?P<letter>\w+), '(?P<column>.+)', is the target\."
    ),
}
"""The roles room warns in whole sentences; by their form their names can be said in another language."""

SEVERITY: Mapping[str, Severity] = {
    "error-cell": "weakens",
    "uncalculated-formula": "weakens",
    "limit-below": "weakens",
    "limit-above": "weakens",
    "not-detected": "misleads",
    "mixed-column": "weakens",
    "mixed-dates": "weakens",
    "refused-date": "weakens",
    "crossed-limits": "weakens",
    "join-unmatched": "weakens",
    "stack-columns": "weakens",
}
"""Notes of the reader that cost accuracy or mislead; the others are good to know."""
LONGEST = 40
"""Characters of a cell that a sentence shows."""


def note_findings(table: Table, roles: Roles, dataset: Dataset) -> list[Finding]:
    """Notes of the reader, warnings of the role file, and rows without a target."""
    rows = max(len(table.rows), 1)
    found = [note_finding(note, rows) for note in table.notes]
    found += [_of_role_file(warning) for warning in roles.warnings]
    blank = len(table.rows) - len(dataset.rows)
    if blank:
        found.append(
            worded(
                "blank-target",
                "note",
                table.place(column=dataset.target),
                {"count": blank, "rows": len(table.rows), "target": dataset.target},
                columns=(dataset.target,),
                size=blank / rows,
            )
        )
    return found


def note_finding(note: Note, rows: int) -> Finding:
    """The note in words; `rows` of the table rank it among the findings."""
    by_count = f"{note.rule}.{'one' if note.count == 1 else 'many'}"
    form = str(note.facts.get("form", ""))
    sentence = f"{note.rule}.{form}" if form else by_count if by_count in SENTENCES else note.rule
    facts: dict[str, Fact] = {"count": note.count, **note.facts}
    if note.cells:
        facts["cells"] = _listed_cells(note)
    return worded(
        sentence,
        SEVERITY.get(note.rule, "note"),
        note.place,
        facts,
        columns=() if note.place.column is None else (note.place.column,),
        size=min(note.count / rows, 1.0),
        cells=note.cells,
    )


def _listed_cells(note: Note) -> str:
    """'C5 <0.01 = 0.01, C9 N.D.': the first cells with what was found and what it counts as."""
    shown = []
    for cell in note.cells[:LISTED]:
        parts = [cell.address, cell.found[:LONGEST]]
        if cell.taken and cell.taken != cell.found:
            parts += ["=", cell.taken[:LONGEST]]
        shown.append(" ".join(part for part in parts if part))
    return ", ".join(shown) + (", ..." if note.count > LISTED else "")


def _of_role_file(warning: str) -> Finding:
    matches = {form: pattern.fullmatch(warning) for form, pattern in ROLE_WARNINGS.items()}
    form, match = next(((f, m) for f, m in matches.items() if m is not None), ("", None))
    return Finding(
        rule="role-file",
        severity="note",
        what=warning,
        place=Place(),
        remedy="Nothing to do, unless the key was meant otherwise.",
        form=form,
        facts={} if match is None else dict(match.groupdict()),
    )
