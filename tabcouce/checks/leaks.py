"""Columns that hold the target: copies, roundings, sums, and records made after the result."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tabcouce.checks.candidate import Candidate
from tabcouce.checks.finding import Fact, Finding, Severity
from tabcouce.checks.formula import two_column_formula
from tabcouce.checks.sentences import LEFT_OUT, worded
from tabcouce.checks.single_column import correlations, order_violations, step_codes, step_score
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.hints import hint
from tabcouce.roles.role import Roles

MOST_ROWS = 4000
PAIR_ROWS = 700
COPY_CORRELATION = 0.999
COPY_VIOLATIONS = 0.002
COPY_STEP_SCORE = 0.7
STEPPED_VIOLATIONS = 0.01
STEPPED_SCORE = 0.9
STEP_R2 = 0.98
STEP_AUC = 0.995
CLEARLY = 3.0
"""'Other columns are clearly worse': they leave at least three times as much unexplained."""
CHANCE = 1e-6
NAMED_R2, NAMED_AUC = 0.5, 0.9


@dataclass(frozen=True)
class Copy:
    """What one column alone says about the target.

    pearson, spearman  0 for text and for classes
    violations         share of pairs in the wrong order; 1 where not defined
    score              out-of-fold R2 or AUC of a step function of the column
    """

    pearson: float
    spearman: float
    violations: float
    score: float

    @property
    def is_copy(self) -> bool:
        if max(abs(self.pearson), abs(self.spearman)) > COPY_CORRELATION:
            return True
        return self.violations < COPY_VIOLATIONS and self.score > COPY_STEP_SCORE

    @property
    def is_stepped(self) -> bool:
        """Nearly a rounded copy; counts only where other columns are clearly worse."""
        return self.violations < STEPPED_VIOLATIONS and self.score > STEPPED_SCORE


def leaks(
    table: Table, roles: Roles, dataset: Dataset, columns: tuple[Candidate, ...], *, seed: int
) -> list[Finding]:
    """Findings about columns that give the target away; left-out ones are notes."""
    rows = _thin(len(dataset.y), MOST_ROWS, seed)
    few = rows[_thin(len(rows), PAIR_ROWS, seed)]
    judged = {column.name: _judge(column, dataset, rows, few, seed) for column in columns}
    found = _one_class(columns, dataset, table)
    for family in (_copies, _by_name):
        # The most telling sentence about a column is enough.
        said = {name for finding in found for name in finding.columns}
        found += [one for one in family(columns, judged, dataset, table) if one.columns[0] not in said]
    named = {name for finding in found for name in finding.columns}
    found += two_column_formula(
        tuple(column for column in columns if column.name not in named), dataset, table, rows
    )
    left_out = {column.name for column in columns if not column.in_use}
    return [
        _rightly_left_out(finding, roles) if finding.columns[0] in left_out else finding for finding in found
    ]


def _thin(n: int, most: int, seed: int) -> npt.NDArray[np.int64]:
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def _judge(
    column: Candidate,
    dataset: Dataset,
    rows: npt.NDArray[np.int64],
    few: npt.NDArray[np.int64],
    seed: int,
) -> Copy:
    classes = len(dataset.classes)
    y = dataset.y[rows]
    pearson = spearman = 0.0
    violations = 1.0
    if column.numbers is not None:
        codes = step_codes(column.numbers[rows])
        # One constant bin can only repeat the mean.
        if codes.max() == codes.min():
            return Copy(0.0, 0.0, 1.0, 0.0)
        if classes <= 2:
            pearson, spearman = correlations(column.numbers[rows], y)
    else:
        assert column.codes is not None
        codes = column.codes[rows]
    score = step_score(codes, y, classes=classes, seed=seed)
    if column.numbers is not None and classes == 0 and score > COPY_STEP_SCORE:
        violations = order_violations(column.numbers[few], dataset.y[few])
    return Copy(pearson, spearman, violations, score)


def _copies(
    columns: tuple[Candidate, ...], judged: dict[str, Copy], dataset: Dataset, table: Table
) -> list[Finding]:
    limit = STEP_R2 if dataset.is_regression else STEP_AUC
    measure = "R2" if dataset.is_regression else "AUC"
    suspects = {
        name for name, copy in judged.items() if copy.is_copy or copy.score > limit or copy.is_stepped
    }
    honest = [copy.score for name, copy in judged.items() if name not in suspects]
    best_other = max(honest, default=0.0 if dataset.is_regression else 0.5)
    found = []
    for column in columns:
        copy = judged[column.name]
        if copy.is_copy:
            form, facts = _kind_of_copy(copy)
        elif column.name in suspects and 1 - best_other > CLEARLY * (1 - copy.score):
            form = "alone-steps" if copy.is_stepped else "alone"
            facts = {"measure": measure, "score": copy.score, "other": best_other}
        else:
            continue
        facts["target"] = dataset.target
        size = max(copy.score, abs(copy.spearman))
        found.append(_leak(table, f"target-copy.{form}", column.name, facts, size=size))
    return found


def _by_name(
    columns: tuple[Candidate, ...], judged: dict[str, Copy], dataset: Dataset, table: Table
) -> list[Finding]:
    """Inputs whose names say 'result' or 'written afterwards'."""
    telling = NAMED_R2 if dataset.is_regression else NAMED_AUC
    found = []
    for column in columns:
        after, quality = hint("after", column.name), hint("target", column.name)
        score = judged[column.name].score
        if not column.in_use or not (after or (quality and score > telling)):
            continue
        sentence = "recorded-after.after" if after else "recorded-after.result"
        facts: dict[str, Fact] = {
            "target": dataset.target,
            "word": after or quality or "",
            "measure": "R2" if dataset.is_regression else "AUC",
            "score": score,
        }
        finding = _leak(table, sentence, column.name, facts, size=score)
        found.append(replace(finding, severity="misleads"))
    return found


def _kind_of_copy(copy: Copy) -> tuple[str, dict[str, Fact]]:
    """Which sentence says it best, and its number."""
    if abs(copy.pearson) > COPY_CORRELATION:
        return "copy", {"correlation": copy.pearson}
    if abs(copy.spearman) > COPY_CORRELATION:
        return "order", {"correlation": copy.spearman}
    return "steps", {"score": copy.score}


def _leak(table: Table, sentence: str, column: str, facts: dict[str, Fact], *, size: float) -> Finding:
    place = table.place(column=column)
    return worded(sentence, "blocks", place, {"column": column, **facts}, columns=(column,), size=size)


def _rightly_left_out(finding: Finding, roles: Roles) -> Finding:
    severity: Severity = "note"
    kind = roles.of(finding.columns[0]).kind
    return replace(
        finding,
        severity=severity,
        what=f"{finding.what} {LEFT_OUT.what.format(left_out=kind)}",
        remedy=LEFT_OUT.remedy,
        facts={**finding.facts, "left_out": kind},
    )


def _one_class(columns: tuple[Candidate, ...], dataset: Dataset, table: Table) -> list[Finding]:
    """Columns filled for one class only, and texts whose levels fix the class."""
    if dataset.is_regression:
        return []
    share = np.bincount(dataset.y.astype(int), minlength=len(dataset.classes)) / len(dataset.y)
    found = []
    for column in columns:
        blank = column.blank
        said: tuple[str, dict[str, Fact]] | None = None
        if blank.any() and not blank.all():
            for state, filled in (("filled", ~blank), ("empty", blank)):
                kinds = np.unique(dataset.y[filled]).astype(int)
                # Pure by chance: every one of these rows happened to be of the class.
                if len(kinds) == 1 and filled.sum() * np.log(share[kinds[0]]) < np.log(CHANCE):
                    label, count = dataset.classes[kinds[0]], int(filled.sum())
                    said = state, {"label": label, "count": count, "rows": len(blank)}
                    break
        if said is None and column.codes is not None:
            counts = _levels_fix_class(column, dataset)
            said = None if counts is None else ("levels", counts)
        if said is not None:
            form, facts = said
            found.append(_leak(table, f"one-class-column.{form}", column.name, facts, size=1.0))
    return found


def _levels_fix_class(column: Candidate, dataset: Dataset) -> dict[str, Fact] | None:
    """Rows of one level all share a class; judged on levels with at least two rows."""
    assert column.codes is not None
    table = np.zeros((int(column.codes.max()) + 1, len(dataset.classes)))
    np.add.at(table, (column.codes, dataset.y.astype(int)), 1)
    size = table.sum(axis=1)
    repeated = table[size >= 2]
    if len(repeated) < 2 or repeated.sum() < 0.5 * len(dataset.y):
        return None
    rare = repeated.sum() - repeated.sum(axis=0).max()
    wrong = repeated.sum() - repeated.max(axis=1).sum()
    if rare < 10 or wrong > 0.02 * rare:
        return None
    return {"count": int(repeated.sum() - wrong), "rows": int(repeated.sum())}
