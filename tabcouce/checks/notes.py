"""What the reader and the role file left to say."""

from __future__ import annotations

from tabcouce.checks.finding import Finding
from tabcouce.errors import Place
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import Roles


def note_findings(table: Table, roles: Roles, dataset: Dataset) -> list[Finding]:
    """Notes of the reader, warnings of the role file, and rows without a target."""
    rows = max(len(table.rows), 1)
    found = [
        Finding(
            rule=note.rule,
            severity="weakens" if note.rule == "error-cell" else "note",
            what=note.what,
            place=note.place,
            remedy="Check that this is what the file means.",
            columns=() if note.place.column is None else (note.place.column,),
            size=min(note.count / rows, 1.0),
        )
        for note in table.notes
    ]
    found += [
        Finding(
            rule="role-file",
            severity="note",
            what=warning,
            place=Place(),
            remedy="Nothing to do, unless the key was meant otherwise.",
        )
        for warning in roles.warnings
    ]
    blank = len(table.rows) - len(dataset.rows)
    if blank:
        found.append(
            Finding(
                rule="blank-target",
                severity="note",
                what=f"{blank} of {len(table.rows)} rows have no '{dataset.target}' and were left out.",
                place=table.place(column=dataset.target),
                remedy="Fill in the results if they are known.",
                columns=(dataset.target,),
                size=blank / rows,
            )
        )
    return found
