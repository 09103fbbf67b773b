"""All checks of one dataset, ranked by consequence; data are never changed."""

from __future__ import annotations

from tabcouce.checks.candidate import candidates
from tabcouce.checks.columns import column_findings
from tabcouce.checks.contexts import context_findings
from tabcouce.checks.dates import date_findings
from tabcouce.checks.finding import SEVERITIES, Finding
from tabcouce.checks.leaks import leaks
from tabcouce.checks.missing_code import missing_code_findings
from tabcouce.checks.notes import note_findings
from tabcouce.checks.target import target_findings
from tabcouce.checks.twins import twin_findings
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import Roles


def check(table: Table, roles: Roles, dataset: Dataset, *, seed: int = 0) -> tuple[Finding, ...]:
    """Everything worth knowing before a model is trained.

    table    the table that `dataset` was made from, derived columns included
    seed     draws the rows on which large tables are looked at
    Returns  findings, worst severity first, largest share first within it
    """
    if not dataset.labelled:
        return tuple(
            sorted(
                (
                    *column_findings(table, roles, dataset),
                    *date_findings(table, roles),
                    *note_findings(table, roles, dataset),
                ),
                key=lambda finding: (SEVERITIES.index(finding.severity), -finding.size),
            )
        )
    found = [
        *leaks(table, roles, dataset, candidates(table, roles, dataset), seed=seed),
        *twin_findings(table, dataset),
        *context_findings(table, dataset),
        *column_findings(table, roles, dataset),
        *missing_code_findings(table, dataset),
        *target_findings(table, dataset),
        *date_findings(table, roles),
        *note_findings(table, roles, dataset),
    ]
    return tuple(sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), -finding.size)))
