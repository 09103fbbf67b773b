"""The names of the columns, from one row of the sheet or joined from several."""

from __future__ import annotations

import re
from collections import Counter

from tabcouce.read.cells import is_blank
from tabcouce.read.grid import label_text
from tabcouce.read.head import Head
from tabcouce.read.unit import is_bracketed, is_unit, unbracketed

_TAG = re.compile(r"[A-Za-z0-9]+(?:[._:/-][A-Za-z0-9]+)+")
"""A plant tag such as S-ZORB.TE_2103.PV."""


def name_columns(head: Head, block: list[int]) -> tuple[list[str | None], list[str | None]]:
    """One name a column, joined from its parts, and the unit where a part is one in brackets.

    block  rows of the header, from 0, top down
    A tag code that stands alone above a description names its column by itself: tags are
    unique where descriptions repeat.
    """
    rows = _filled_right(head, block)
    length = len(head.rows[0]) if head.rows else 0
    tags = Counter(label_text(cell) for cell in head.rows[block[0]]) if len(block) > 1 else Counter()
    names: list[str | None] = []
    units: list[str | None] = []
    for column in range(length):
        parts: list[str] = []
        unit: str | None = None
        for row in rows:
            text = "" if is_blank(row[column]) else label_text(row[column])
            if text and parts and is_bracketed(text) and is_unit(text):
                unit = unbracketed(text)
                parts[-1] = f"{parts[-1]} {text}"
            elif text and (not parts or parts[-1] != text):
                parts.append(text)
        tag = parts[0] if len(parts) > 1 and _TAG.fullmatch(parts[0]) and tags[parts[0]] == 1 else None
        names.append(tag or "/".join(parts) or None)
        units.append(unit)
    return names, units


def _filled_right(head: Head, block: list[int]) -> list[list[object]]:
    """Header rows whose group names reach over the blank cells to their right.

    Only rows above the last, only without merged ranges (which say how far a group reaches),
    and only over columns that the last row names.
    """
    rows = [list(head.wide[row]) for row in block]
    if not rows or any(merge.top in block for merge in head.merges):
        return rows
    named = [not is_blank(cell) for cell in rows[-1]]
    for row in rows[:-1]:
        for column in range(1, len(row)):
            if named[column] and named[column - 1] and is_blank(row[column]):
                row[column] = row[column - 1]
    return rows
