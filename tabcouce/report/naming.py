"""How columns, units, splits, contexts and places are called in texts, tables and charts."""

from __future__ import annotations

import re
import unicodedata

from tabcouce.errors import Place
from tabcouce.evaluation.trial import Difference
from tabcouce.report.catalogue import Words
from tabcouce.report.summary import TargetSummary
from tabcouce.study.value import Cap


def unit_suffix(unit: str | None, w: Words) -> str:
    """', MPa' for titles of columns and axes; '' where the unit is not known."""
    return w("unit.suffix", unit=unit) if unit else ""


def unit_beside(name: str, unit: str | None) -> str | None:
    """The unit; None where the name says it already ('温度[℃]' and °C)."""
    told = unit is None or unicodedata.normalize("NFKC", unit) in unicodedata.normalize("NFKC", name)
    return None if told else unit


def named(name: str, unit: str | None) -> str:
    """'Temperature, degC' for an axis."""
    shown = unit_beside(name, unit)
    return name if shown is None else f"{name}, {shown}"


def place_text(place: Place, w: Words) -> str:
    """'press.xlsx, sheet “March”, row 214', the parts that are known."""
    parts = [
        place.file,
        None if place.sheet is None else w("place.sheet", sheet=place.sheet),
        None if place.row is None else w("place.row", row=place.row),
        None if place.column is None else w("place.column", column=place.column),
    ]
    return w.messages["list.join"].join(part for part in parts if part)


def short_split(split: str, w: Words) -> str:
    """'new machine', 'shuffled': a split in a label."""
    kind, _, column = split.partition(":")
    return w(f"split_short.{kind}", column=column) if kind == "unseen" else w.label("split_short", kind)


def long_split(split: str, w: Words) -> str:
    """'New “machine”', 'Shuffled rows': a split in a heading."""
    kind, _, column = split.partition(":")
    return w(f"split.{kind}", column=column) if kind == "unseen" else w.label("split", kind)


def sentences(w: Words, *parts: str) -> str:
    """Sentences one after the other, with a space only where the language has one."""
    return w.messages["list.join_sentences"].join(part for part in parts if part)


NORMAL_ROWS = "normal rows per fold"


def cap_text(cap: Cap, w: Words) -> str:
    """'training rows per fold, LightGBM: 10,000 of 33,000': a limit that bit."""
    what, _, model = cap.what.partition(", ")
    known = f"cap.{what}" in w.messages
    group = "detector" if what == NORMAL_ROWS else "model"
    shown = w(f"cap.{what}", model=w.label(group, model)) if known else cap.what
    return w("checked.cap", what=shown, limit=f"{cap.limit:,}", had=f"{cap.had:,}")


def comparison(difference: Difference, w: Words) -> str:
    return w(
        "table.difference",
        first=w.label("model", difference.first),
        second=w.label("model", difference.second),
    )


def context_name(target: TargetSummary, name: str) -> str:
    """'13' alone says nothing: 'case 13'."""
    return level_name(target.headline_column, name)


def lot_name(column: str, level: str, w: Words) -> str:
    """'lot 12'; the level alone where it says its column already ('1号機' of '号機')."""
    return level if column in level else w("similar.lot", column=column, level=level)


def level_name(column: str | None, name: str) -> str:
    """The level of a context column; a number alone with its column's name before it."""
    return f"{column} {name}" if column and name.replace(".", "", 1).isdigit() else name


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers inside names count as numbers: 'lot 2' stands before 'lot 10'."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
