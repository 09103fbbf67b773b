"""Limits and targets that a sheet states in rows of their own: 規格上限, LSL, 目標, 10±0.5."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tabcouce.read.cells import is_blank
from tabcouce.read.grid import Row
from tabcouce.read.limit import parse_limit
from tabcouce.read.marginal import SPEC_LABELS, label_key
from tabcouce.read.number_text import parse_number

# Control limits (管理限界) describe the process, not what the customer allows: they are no spec.
_LOWER = frozenset("規格下限 規格下限値 下限規格 下限 下限値 lsl lowerlimit lowerspec lowerspeclimit".split())  # noqa: SIM905
_UPPER = frozenset("規格上限 規格上限値 上限規格 上限 上限値 usl upperlimit upperspec upperspeclimit".split())  # noqa: SIM905
_TARGET = frozenset(["目標", "目標値", "狙い", "狙い値", "target", "nominal"])
_TOLERANCE = frozenset(["公差", "tolerance"])
_BOTH = frozenset(["規格", "規格値", "spec", "specification"])
_RANGE = re.compile(r"(?P<low>[+-]?[^~+-]+?)\s*(?:~|-|to)\s*(?P<high>[^~+-]+)")
_AROUND = re.compile(r"(?P<middle>[^±]*?)\s*±\s*(?P<half>[^±]+)")


@dataclass(frozen=True)
class Spec:
    """Limits and target of one column; None where the sheet states none."""

    lower: float | None = None
    upper: float | None = None
    target_value: float | None = None
    tolerance: float | None = None


def read_specs(rows: Sequence[Row], width: int, decimal: str) -> tuple[Spec, ...]:
    """The limits of each column from the rows of limits of a sheet.

    rows    rows for which `is_spec_row` holds
    width   number of columns
    Limits that contradict each other (lower above upper) are not taken.
    """
    specs = [Spec()] * width
    for row in rows:
        label, first = _label(row)
        for column in range(first, min(width, len(row))):
            if not is_blank(row[column]):
                specs[column] = _with_cell(specs[column], label, str(row[column]), decimal)
    return tuple(_sound(spec) for spec in specs)


def _label(row: Row) -> tuple[str, int]:
    """The last of the labels with which a row begins, and the column after it: 規格 | 上限 | ..."""
    label, after = "", 0
    for column, cell in enumerate(row):
        if is_blank(cell):
            continue
        if label_key(cell) not in SPEC_LABELS:
            break
        label, after = label_key(cell), column + 1
    return label, after


def _with_cell(spec: Spec, label: str, cell: str, decimal: str) -> Spec:
    text = unicodedata.normalize("NFKC", cell).replace("〜", "~").strip()
    number = parse_number(text, decimal)
    around, between = _AROUND.fullmatch(text), _RANGE.fullmatch(text)
    if around and label not in _TARGET | _LOWER | _UPPER:
        half, middle = parse_number(around["half"], decimal), parse_number(around["middle"], decimal)
        spec = replace(spec, tolerance=half)
        return spec if middle is None else replace(spec, target_value=middle)
    if label in _BOTH and between:
        return replace(
            spec, lower=parse_number(between["low"], decimal), upper=parse_number(between["high"], decimal)
        )
    if label in _BOTH:
        limit = parse_limit(text)
        value = None if limit is None else parse_number(limit.text, decimal)
        if limit is None or value is None:
            return spec
        return replace(spec, upper=value) if limit.side == "below" else replace(spec, lower=value)
    if number is None:
        return spec
    if label in _LOWER:
        return replace(spec, lower=number)
    if label in _UPPER:
        return replace(spec, upper=number)
    if label in _TARGET:
        return replace(spec, target_value=number)
    return replace(spec, tolerance=abs(number)) if label in _TOLERANCE else spec


def _sound(spec: Spec) -> Spec:
    lower, upper = spec.lower, spec.upper
    if spec.target_value is not None and spec.tolerance is not None:
        lower = spec.target_value - spec.tolerance if lower is None else lower
        upper = spec.target_value + spec.tolerance if upper is None else upper
    if lower is not None and upper is not None and lower > upper:
        lower = upper = None
    return replace(spec, lower=lower, upper=upper)
