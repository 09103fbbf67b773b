"""The review workbook: one row per factor, drop-downs, no word of what the model found.

The engineer states the expected direction before seeing the model's, so that it is no echo of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from tabcouce.advice.review import CHOICES
from tabcouce.report.book import TO_FILL, write_cell, written_book
from tabcouce.report.catalogue import Words, words
from tabcouce.report.digits import significant
from tabcouce.report.factor_captions import direction_word
from tabcouce.report.factor_table import agreement_word
from tabcouce.report.summary import Summary
from tabcouce.study.saved import SavedStudy

META = "_meta"
VERSION = 1
SPARE_ROWS = 200
"""Rows below the factors that have the drop-downs too, for a second reviewer's rows."""
GIVEN = ("key", "factor", "unit", "kind", "low", "high")
ASKED = ("expected", "confidence", "basis", "plausibility", "decision", "comment", "reviewer")
WIDTHS = {"factor": 30, "comment": 40, "reviewer": 16, "decision": 22}


@dataclass(frozen=True)
class ReviewRow:
    """What the sheet tells of one factor: names and the range its values had."""

    name: str
    unit: str | None
    kind: str
    low: float | None
    high: float | None


def write_review(
    summary: Summary,
    rows: tuple[ReviewRow, ...],
    path: Path,
    *,
    lang: str,
    show: bool = False,
) -> Path:
    """Write the workbook atomically.

    show  also a sheet with the model's direction and agreement; by default the review is blind
    """
    w = words(lang)
    with written_book(path, title=summary.name) as book:
        fill_factors(book, book.add_worksheet(w("review.sheet")), rows, w)
        fill_help(book, book.add_worksheet(w("review.help_sheet")), w)
        if show:
            fill_findings(book.add_worksheet(w("review.findings_sheet")), summary, w)
        meta = book.add_worksheet(META)
        meta.hide()
        for row, pair in enumerate(
            (("schema_version", VERSION), ("study", summary.name), ("source_sha256", summary.source.sha256))
        ):
            for column, value in enumerate(pair):
                write_cell(meta, row, column, value)
    return path


def review_rows(saved: SavedStudy, summary: Summary) -> tuple[ReviewRow, ...]:
    """The inputs of all targets, each once, in the order the keys count them."""
    kinds = {name: kind for kind, names in summary.columns.items() for name in names}
    found: dict[str, ReviewRow] = {}
    for target in saved.targets:
        inside = target.inside
        spans = dict(zip(inside.names, zip(inside.low, inside.high, strict=True), strict=True))
        for column in target.inputs:
            low, high = (None if not math.isfinite(end) else end for end in spans[column.name])
            kind = kinds.get(column.name, "sensor")
            found.setdefault(column.name, ReviewRow(column.name, column.unit, kind, low, high))
    return tuple(found.values())


def factor_key(number: int) -> str:
    """'F007': what a row is recognised by when the sheet was sorted."""
    return f"F{number:03d}"


def fill_factors(book: Workbook, sheet: Worksheet, rows: tuple[ReviewRow, ...], w: Words) -> None:
    top = {"bold": True, "text_wrap": True, "valign": "top"}
    given, asked = book.add_format(top), book.add_format({**top, "bg_color": TO_FILL})
    heads = [*GIVEN, *ASKED]
    for j, head in enumerate(heads):
        sheet.write_string(0, j, w(f"review.{head}"), asked if head in ASKED else given)
        sheet.set_column(j, j, WIDTHS.get(head, 13))
        if head in CHOICES:
            add_choices(sheet, j, len(rows) + SPARE_ROWS, head, w)
    for number, row in enumerate(rows, 1):
        cells = (
            factor_key(number),
            row.name,
            row.unit,
            w.label("kind", row.kind),
            None if row.low is None else significant(row.low),
            None if row.high is None else significant(row.high),
        )
        for j, text in enumerate(cells):
            write_cell(sheet, number, j, text)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)


def add_choices(sheet: Worksheet, column: int, last: int, field: str, w: Words) -> None:
    """A list to choose from in the rows 1 to `last` below the heads."""
    offered = {
        "validate": "list",
        "source": [choice_word(field, key, w) for key in CHOICES[field]],
        # A pasted wrong word is named by cell on import; in the sheet it only warns.
        "error_type": "warning",
        "error_title": w(f"review.{field}"),
        "error_message": w("review.choose"),
    }
    sheet.data_validation(1, column, last, column, offered)


def choice_word(field: str, key: str, w: Words) -> str:
    return w(f"expected.{key}") if field == "expected" else w(f"review_{field}.{key}")


def fill_help(book: Workbook, sheet: Worksheet, w: Words) -> None:
    wrapped = book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 110)
    for row, line in enumerate(w("review.help").split("\n")):
        sheet.write_string(row, 0, line, wrapped)


def fill_findings(sheet: Worksheet, summary: Summary, w: Words) -> None:
    """What the first target's explained model found, for a review that need not be blind."""
    target = summary.targets[0]
    for j, head in enumerate(("factor", "direction", "agreement", "slope_adjusted")):
        sheet.write_string(0, j, w(f"table.{head}"))
    found = target.factors_of(target.explained_model) if target.explained_model else ()
    for row, factor in enumerate(found, 1):
        slope = None if factor.adjusted is None else factor.adjusted.slope
        for j, value in enumerate((factor.name, direction_word(factor, w), agreement_word(factor, w), slope)):
            write_cell(sheet, row, j, value)
