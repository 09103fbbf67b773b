"""What a user states on the spot, over the role file or the guess."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tabcouce.read import Table
from tabcouce.roles import Declaration, Roles, override, propose
from tabcouce.roles.approved import named
from tabcouce.roles.golden import named_golden
from tabcouce.roles.role import Approved, Golden, Task


@dataclass(frozen=True)
class Stated:
    """Nothing stated leaves everything as it is declared or guessed.

    targets, context  columns, in place of those declared or guessed
    task              of the targets, if not what their values say
    unlabelled        there is no target: what is declared as one is no input either
    approved          rows known to be normal
    golden            lot or row that others are compared with
    """

    targets: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    task: Task | None = None
    unlabelled: bool = False
    approved: Approved | None = None
    golden: Golden | None = None

    def over(self, declared: Declaration) -> Declaration:
        """The declaration with all that is stated but the task, which is of resolved columns."""
        targets = () if self.unlabelled else self.targets or None
        declared = override(declared, targets=targets, context=self.context or None)
        return replace(
            declared,
            task="anomaly" if self.unlabelled else declared.task,
            approved=declared.approved if self.approved is None else self.approved,
            golden=declared.golden if self.golden is None else self.golden,
        )

    def guessed(self, table: Table) -> Roles:
        """Roles of an undeclared table's columns, those stated kept."""
        roles = propose(table, targets=self.targets, context=self.context, labelled=not self.unlabelled)
        if self.approved is not None:
            roles = _with_approved(roles, self.approved, table)
        if self.golden is not None:
            golden = named_golden(self.golden, table, roles.named("context"), table.place())
            roles = replace(roles, golden=golden)
        return self.with_task(roles)

    def with_task(self, roles: Roles) -> Roles:
        return roles if self.task is None else replace(roles, task=self.task)


def _with_approved(roles: Roles, approved: Approved, table: Table) -> Roles:
    """Guessed roles with an approved period; a column that marks it is no input."""
    found = named(approved, roles.order, [column.name for column in table.columns], table.place())
    if found.value is None:
        return replace(roles, approved=found)
    columns = tuple(
        replace(column, kind="ignored", reason="marks the approved period")
        if column.name == found.column and column.is_input
        else column
        for column in roles.columns
    )
    return replace(roles, columns=columns, approved=found)
