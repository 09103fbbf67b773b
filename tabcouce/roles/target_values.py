"""The target as numbers or classes, and the task where none is declared."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.errors import CellError, RoleError
from tabcouce.read.table import Table
from tabcouce.roles.cells import Numbers, not_a_number, parse_numbers
from tabcouce.roles.column_name import closest
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.roles.role import Roles, Task

FEWEST_ROWS = 10
MOST_CLASSES = 100
REJECTED_WORDS = frozenset(
    {"×", "ng", "ng品", "fail", "failed", "failure", "bad", "defect", "defective", "reject", "rejected"}
    | {"anomaly", "abnormal", "fault", "不良", "不良品", "不合格", "不可", "異常", "否"}
)
POSITIVE_WORDS = REJECTED_WORDS | {"1", "true", "yes", "x"}
"""Words that mean 'this is the class to find', where the file does not say."""


@dataclass(frozen=True)
class TargetValues:
    """One target.

    known    (n,) bool, rows of the table with a value
    y        (m,) value or class number of the known rows
    classes  texts that y indexes; empty for regression; the positive one last where two
    """

    task: Task
    known: npt.NDArray[np.bool_]
    y: npt.NDArray[np.float64]
    classes: tuple[str, ...]


def target_values(table: Table, roles: Roles, target: str) -> TargetValues:
    """Read a target column.

    Text, or exactly two values, gives classes; other numbers give regression.
    Raises  CellError for text in a numeric target or fewer than ten values,
            RoleError for one value only or a task that the values do not fit
    """
    cells = table.frame[target]
    numbers = parse_numbers(cells)
    texts = level_texts(cells)
    known = texts != BLANK
    _check_count(table, target, int(known.sum()))
    # A declared task is about the primary target; further ones are judged by their own values.
    task = roles.task if target == roles.targets[0] else None
    if task is None:
        task = _guess(numbers, texts[known])
    if task == "regression":
        if numbers.unread.any():
            raise not_a_number(table, target, numbers.unread, role="target")
        y = numbers.values[known]
        known_infinite = np.isnan(y)
        if known_infinite.any():
            known[np.flatnonzero(known)[known_infinite]] = False
            y = y[~known_infinite]
        if np.ptp(y) == 0:
            raise _one_value(table, target, f"{y[0]:g}")
        return TargetValues(task, known, y, ())
    if numbers.unread.any() and numbers.share >= 0.5:
        raise not_a_number(table, target, numbers.unread, role="target")
    classes = _classes(table, roles, target, texts[known], task)
    number_of = {text: float(k) for k, text in enumerate(classes)}
    return TargetValues(task, known, np.array([number_of[text] for text in texts[known]]), classes)


def unlabelled(table: Table) -> TargetValues:
    """What stands for a target where nothing is labelled: every row is normal.

    Raises  CellError with fewer than ten rows
    """
    n = len(table.rows)
    if n < FEWEST_ROWS:
        raise CellError(
            f"{n} rows are too few to learn what is normal; at least {FEWEST_ROWS} are needed.",
            place=table.place(),
            remedy="Add rows, or check that the right sheet and header row were read.",
        )
    return TargetValues("anomaly", np.ones(n, bool), np.zeros(n), ("normal", "abnormal"))


def _check_count(table: Table, target: str, count: int) -> None:
    if count >= FEWEST_ROWS:
        return
    of = f"{count} of {len(table.rows)} rows have a value" if count else "No row has a value"
    raise CellError(
        f"{of} of the target; at least {FEWEST_ROWS} are needed.",
        place=table.place(column=target),
        remedy="Add rows, check that the right sheet and header row were read, or name another target.",
    )


def _guess(numbers: Numbers, texts: npt.NDArray[np.object_]) -> Task:
    levels = len(set(texts))
    if levels == 2:
        return "binary"
    # Mostly numbers with some text is a numeric target with bad cells, reported as such.
    return "regression" if numbers.share >= 0.5 else "multiclass"


def _one_value(table: Table, target: str, value: str) -> RoleError:
    return RoleError(
        f"Every row has the same target value, '{value}': there is nothing to learn.",
        place=table.place(column=target),
        remedy="Name another target, or add rows with other results.",
    )


def _classes(
    table: Table, roles: Roles, target: str, texts: npt.NDArray[np.object_], task: Task
) -> tuple[str, ...]:
    found, counts = np.unique(texts.astype(str), return_counts=True)
    levels = sorted(found.tolist(), key=_class_order)
    place = table.place(column=target)
    if len(levels) == 1:
        raise _one_value(table, target, levels[0])
    if len(levels) > min(MOST_CLASSES, len(texts) // 2):
        raise RoleError(
            f"The target has {len(levels)} different texts in {len(texts)} rows: these are no classes.",
            place=place,
            remedy="Name a target that holds numbers or a few classes.",
        )
    if task == "multiclass" and len(levels) > 2:
        return tuple(levels)
    if len(levels) > 2:
        raise RoleError(
            f"The task is '{task}', but the target has {len(levels)} classes: {', '.join(levels[:8])}.",
            place=place,
            remedy='Set task = "multiclass", or name a target with two classes.',
        )
    positive = _positive(roles, target, levels, dict(zip(found.tolist(), counts.tolist(), strict=True)))
    if positive not in levels:
        near = closest(positive, levels) or levels[-1]
        raise RoleError(
            f"The positive class '{positive}' does not occur in the target; it holds {' and '.join(levels)}.",
            place=place,
            remedy=f"Set positive_class, e.g. to '{near}'.",
        )
    return (next(level for level in levels if level != positive), positive)


def _positive(roles: Roles, target: str, levels: list[str], counts: dict[str, int]) -> str:
    if roles.positive_class is not None and target == roles.targets[0]:
        return roles.positive_class
    words = [level for level in levels if _plain(level) in POSITIVE_WORDS]
    if len(words) == 1:
        return words[0]
    # The rarer class is the one worth finding.
    return levels[0] if counts[levels[0]] < counts[levels[1]] else levels[1]


def says_rejected(text: str) -> bool:
    """Whether a cell is the verdict that a piece is bad: 'NG', '不合格', '×'."""
    return _plain(text) in REJECTED_WORDS


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _class_order(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
