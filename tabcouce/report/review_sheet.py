"""The review workbook: one row per factor, drop-downs, no word of what the model found.

The engineer states the expected direction before seeing the model's, so that it is no echo of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tabcouce.advice.review import CHOICES
from tabcouce.report.atomic import write_bytes
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
    book = Workbook()
    sheet = book.active
    sheet.title = w("review.sheet")
    fill_factors(sheet, rows, w)
    fill_help(book.create_sheet(w("review.help_sheet")), w)
    if show:
        fill_findings(book.create_sheet(w("review.findings_sheet")), summary, w)
    meta = book.create_sheet(META)
    for name, value in (
        ("schema_version", VERSION),
        ("study", summary.name),
        ("source_sha256", summary.source.sha256),
    ):
        meta.append([name, value])
    meta.sheet_state = "hidden"
    content = BytesIO()
    book.save(content)
    return write_bytes(path, content.getvalue())


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


def fill_factors(sheet: Worksheet, rows: tuple[ReviewRow, ...], w: Words) -> None:
    heads = [*GIVEN, *ASKED]
    sheet.append([w(f"review.{head}") for head in heads])
    for number, row in enumerate(rows, 1):
        given = [
            factor_key(number),
            row.name,
            row.unit or "",
            w.label("kind", row.kind),
            None if row.low is None else significant(row.low),
            None if row.high is None else significant(row.high),
        ]
        for j, value in enumerate(given, 1):
            cell = sheet.cell(number + 1, j)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    for j, head in enumerate(heads, 1):
        letter = get_column_letter(j)
        sheet.column_dimensions[letter].width = WIDTHS.get(head, 13)
        top = sheet.cell(1, j)
        top.font, top.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        if head in ASKED:
            top.fill = PatternFill("solid", fgColor="FFF2CC")
        if head in CHOICES:
            add_choices(sheet, f"{letter}2:{letter}{len(rows) + 1 + SPARE_ROWS}", head, w)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(rows) + 1}"


def add_choices(sheet: Worksheet, cells: str, field: str, w: Words) -> None:
    options = [choice_word(field, key, w) for key in CHOICES[field]]
    choices = DataValidation(type="list", formula1='"' + ",".join(options) + '"', allow_blank=True)
    # A pasted wrong word is named by cell on import; in the sheet it only warns.
    choices.errorStyle, choices.showErrorMessage = "warning", True
    choices.error, choices.errorTitle = w("review.choose"), w(f"review.{field}")
    sheet.add_data_validation(choices)
    choices.add(cells)


def choice_word(field: str, key: str, w: Words) -> str:
    return w(f"expected.{key}") if field == "expected" else w(f"review_{field}.{key}")


def fill_help(sheet: Worksheet, w: Words) -> None:
    sheet.column_dimensions["A"].width = 110
    for line in w("review.help").split("\n"):
        sheet.append([line])
        sheet.cell(sheet.max_row, 1).alignment = Alignment(wrap_text=True)


def fill_findings(sheet: Worksheet, summary: Summary, w: Words) -> None:
    """What the first target's explained model found, for a review that need not be blind."""
    target = summary.targets[0]
    sheet.append([w("table.factor"), w("table.direction"), w("table.agreement"), w("table.slope_adjusted")])
    for factor in target.factors_of(target.explained_model) if target.explained_model else ():
        slope = None if factor.adjusted is None else factor.adjusted.slope
        sheet.append([None, direction_word(factor, w), agreement_word(factor, w), slope])
        name = sheet.cell(sheet.max_row, 1)
        name.value, name.data_type = factor.name, "s"
