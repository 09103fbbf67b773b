"""Tables of the page as text; a cell that is empty says why."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from tabcouce.evaluation.trial import Score
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import score, significant

EMPTY = "–"


@dataclass(frozen=True)
class Cell:
    """One table cell.

    small   second line, such as an interval
    reason  why there is no number; shown on hover and read aloud
    bar     length of a bar behind the number, share of the cell
    mark    style of a chip around the text, e.g. 'good', 'bad', 'open'
    link    place on the page that the text leads to
    name    text of the user's file: may be broken anywhere
    """

    text: str
    number: bool = False
    small: str = ""
    reason: str = ""
    strong: bool = False
    bar: float | None = None
    mark: str = ""
    name: bool = False
    link: str = ""

    @property
    def shown(self) -> str:
        """The text as the page writes it."""
        return breakable(self.text) if self.name else self.text


@dataclass(frozen=True)
class TableView:
    """caption, heads (text, is it a column of numbers, is it the deciding one), rows."""

    caption: str
    heads: tuple[tuple[str, bool, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]


def breakable(name: str) -> Markup:
    """A column name that a narrow cell breaks after its joints rather than inside a word."""
    return Markup("<wbr>").join(re.split(r"(?<=[_./\-])(?=\w)", name))


def number_cell(text: str, *, small: str = "", strong: bool = False, bar: float | None = None) -> Cell:
    return Cell(text.replace("-", "−"), True, small.replace("-", "−"), strong=strong, bar=bar)


def empty_cell(reason: str) -> Cell:
    return Cell(EMPTY, True, reason=reason)


def score_cell(found: Score | None, w: Words, *, unit: bool = False, strong: bool = False) -> Cell:
    if found is None:
        return empty_cell(w("reason.not_run"))
    if found.value is None:
        return empty_cell(w("reason.undefined"))
    write = significant if unit else score
    small = ""
    if found.low is not None and found.high is not None:
        small = f"{write(found.low)} … {write(found.high)}"
    return number_cell(write(found.value), small=small, strong=strong)
