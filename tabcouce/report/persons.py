"""People are not named in a report: levels of a column such as 'operator' become Person A, Person B."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from tabcouce.read.column_letter import column_letter
from tabcouce.report.catalogue import Words
from tabcouce.report.plain import plain
from tabcouce.report.summary import Summary
from tabcouce.roles.hints import hint
from tabcouce.roles.level import BLANK

CONTEXT = "context:"


def without_persons(
    summary: Summary, predictions: Sequence[pd.DataFrame], w: Words
) -> tuple[Summary, list[pd.DataFrame]]:
    """The same with an alias for every person; nothing changes where no column names persons.

    A text that is also a level of another context column (shift 'A', operator 'A') is no name.
    """
    persons = _persons(summary, predictions)
    if not persons:
        return summary, list(predictions)
    alias = {text: w("person.alias", letter=column_letter(k)) for k, text in enumerate(sorted(persons))}
    inside = _inside_text(alias)
    masked = Summary.from_json(_mapped(plain(asdict(summary)), lambda text: alias.get(text) or inside(text)))
    frames = []
    for frame in predictions:
        named = [column for column in frame.columns if _names_persons(str(column).removeprefix(CONTEXT))]
        frames.append(
            frame.assign(**{c: frame[c].map(lambda cell: alias.get(str(cell), cell)) for c in named})
        )
    return masked, frames


def _names_persons(column: str) -> bool:
    return hint("person", column) is not None


def _persons(summary: Summary, predictions: Sequence[pd.DataFrame]) -> set[str]:
    levels: dict[str, set[str]] = {}
    for frame in predictions:
        for column in frame.columns:
            if str(column).startswith(CONTEXT):
                name = str(column).removeprefix(CONTEXT)
                levels.setdefault(name, set()).update(map(str, frame[column].dropna()))
    for target in summary.targets:
        for curve in target.curves:
            if _names_persons(curve.name):
                levels.setdefault(curve.name, set()).update(curve.levels)
    named = [found for name, found in levels.items() if _names_persons(name)]
    others = [found for name, found in levels.items() if not _names_persons(name)]
    return set().union(*named) - set().union(*others) - {BLANK}


def _inside_text(alias: dict[str, str]) -> Callable[[str], str]:
    """Replaces names within sentences; a single letter is only replaced where it stands alone in a cell."""
    long = sorted((text for text in alias if len(text) > 1), key=len, reverse=True)
    if not long:
        return lambda text: text
    pattern = re.compile("|".join(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])" for text in long))
    return lambda text: pattern.sub(lambda found: alias[found.group(0)], text)


def _mapped(node: Any, change: Callable[[str], str]) -> Any:
    """The JSON value with every text and key changed."""
    if isinstance(node, dict):
        return {change(key): _mapped(value, change) for key, value in node.items()}
    if isinstance(node, list):
        return [_mapped(value, change) for value in node]
    return change(node) if isinstance(node, str) else node
