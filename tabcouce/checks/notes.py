"""What the reader and the role file left to say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tabcouce.checks.finding import Fact, Finding
from tabcouce.checks.sentences import worded
from tabcouce.errors import Place
from tabcouce.read.table import Note, Table
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


def note_findings(table: Table, roles: Roles, dataset: Dataset) -> list[Finding]:
    """Notes of the reader, warnings of the role file, and rows without a target."""
    rows = max(len(table.rows), 1)
    found = [_of_reader(note, rows) for note in table.notes]
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


def _of_reader(note: Note, rows: int) -> Finding:
    """The note as it stands; what it lists or quotes follows its first colon."""
    detail = re.sub(r" and \d+ more$", "", note.what.partition(": ")[2])
    facts: dict[str, Fact] = {"count": note.count, "detail": detail}
    return Finding(
        rule=note.rule,
        severity="weakens" if note.rule == "error-cell" else "note",
        what=note.what,
        place=note.place,
        remedy="Check that this is what the file means.",
        columns=() if note.place.column is None else (note.place.column,),
        size=min(note.count / rows, 1.0),
        facts=facts,
    )


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
