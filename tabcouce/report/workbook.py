"""`Summary` and all predictions -> results.xlsx; text stays text, also where it begins with '='."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from tabcouce.report.block_names import with_block_names
from tabcouce.report.book import written_book
from tabcouce.report.catalogue import Words, words
from tabcouce.report.naming import named
from tabcouce.report.next_step import next_step
from tabcouce.report.sheet import Link, Sheet
from tabcouce.report.sheets import sheets
from tabcouce.report.summary import Summary
from tabcouce.report.target_view import top_factors
from tabcouce.report.tiles import tiles
from tabcouce.report.verdict_text import shown_outcome, verdict_sentences

LONGEST = 32_767
"""Letters a cell holds at most; Excel repairs the file if there are more."""
WIDEST = 46
LETTERS = 84
"""Letters of 12 points that a line of the cover holds, with room to spare."""
LINE = 16.5
"""Height of such a line, points."""
FORBIDDEN = str.maketrans("", "", "[]:*?/\\")
"""Letters that Excel allows in no sheet name."""


def write_workbook(
    summary: Summary, predictions: Sequence[pd.DataFrame], path: Path, lang: str = "en"
) -> Path:
    """Write the workbook atomically.

    predictions  one frame of `predictions_frame` per target, in the order of summary.targets
    Returns      path
    """
    w = words(lang)
    with written_book(path, title=summary.name, by_row=True) as book:
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "text": book.add_format({"valign": "top"}),
            "number": book.add_format({"num_format": "0.000", "valign": "top"}),
            "fine": book.add_format({"num_format": "0.00000", "valign": "top"}),
            "small": book.add_format({"num_format": "0.00E+00", "valign": "top"}),
            "large": book.add_format({"num_format": "#,##0.0", "valign": "top"}),
            "share": book.add_format({"num_format": "0.0%", "valign": "top"}),
            "link": book.add_format({"font_color": "#0B5C8F", "underline": 1, "valign": "top"}),
            "row": book.add_format(
                {"num_format": "0", "font_color": "#0B5C8F", "underline": 1, "valign": "top"}
            ),
            "whole": book.add_format({"num_format": "#,##0", "valign": "top"}),
            "title": book.add_format({"bold": True, "font_size": 16}),
            "lead": book.add_format({"text_wrap": True, "valign": "top", "font_size": 12}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        made = list(sheets(summary, predictions, w))
        _cover(book, summary, [page_name(sheet.name) for sheet in made], w, formats)
        for sheet in made:
            _write(book, sheet, formats)
    return path


def _cover(
    book: xlsxwriter.Workbook, summary: Summary, names: list[str], w: Words, formats: dict[str, object]
) -> None:
    """Verdict, tiles and next step of every target, then a list of the sheets and the settings."""
    sheet = book.add_worksheet(w("book.cover"))
    sheet.hide_gridlines(2)
    _paper(sheet)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, summary.name, formats["title"])
    row = 2
    for target in (with_block_names(each, w) for each in summary.targets):
        about = named(target.target.name, target.target.unit)
        lines = [(w("book.target"), about), (w("page.verdict"), w.label("outcome", shown_outcome(target)))]
        lines += [("", sentence) for sentence in verdict_sentences(target, w.language)]
        for tile in tiles(target, w):
            steps = w.listing([f"{name} {value}" for name, value in tile.steps])
            lines.append((tile.title, w("book.tile", value=steps or tile.value, note=tile.note)))
        lines.append((w("page.factors"), top_factors(target, w)))
        lines.append((w("next.title").rstrip(":："), next_step(target, w)))
        for name, text in lines:
            sheet.set_row(row, LINE * lines_of(text))
            sheet.write_string(row, 0, name, formats["wrap"])
            sheet.write_string(row, 1, text[:LONGEST], formats["lead"])
            row += 1
        row += 1
    sheet.write_string(row, 0, w("page.contents"), formats["wrap"])
    for name in names:
        sheet.write_url(row, 1, f"internal:'{name}'!A1", formats["link"], name)
        row += 1
    row += 1
    source = summary.source
    for name, text in (
        (w("checked.file"), source.file),
        (w("checked.sheet"), source.sheet or ""),
        (w("checked.hash"), source.sha256),
        (w("checked.effort"), w.label("effort", summary.effort)),
        (w("checked.seed"), str(summary.seed)),
        (w("checked.versions"), w.listing([f"{k} {v}" for k, v in summary.versions.items()], 30)),
        (w("book.factors"), w("page.factors_claim")),
        ("", w("page.privacy")),
    ):
        if text:
            sheet.set_row(row, LINE * lines_of(text))
            sheet.write_string(row, 0, name, formats["wrap"])
            sheet.write_string(row, 1, text, formats["wrap"])
            row += 1


def page_name(title: str) -> str:
    """The title as Excel takes it for a sheet: 31 letters, none of them forbidden."""
    return title.translate(FORBIDDEN)[:31]


def _write(book: xlsxwriter.Workbook, sheet: Sheet, formats: dict[str, object]) -> None:
    """Frozen header, filter, one number format per cell by size."""
    page = book.add_worksheet(page_name(sheet.name))
    for j, head in enumerate(sheet.heads):
        page.write_string(0, j, head[:LONGEST], formats["head"])
        texts = [len(str(row[j])) for row in sheet.rows[:200] if isinstance(row[j], str)]
        page.set_column(j, j, min(max([12, len(head) * 1.1, *[n * 1.3 for n in texts]]), WIDEST))
    for i, row in enumerate(sheet.rows, 1):
        for j, value in enumerate(row):
            if isinstance(value, Link):
                place = f"internal:'{page_name(value.sheet)}'!A{value.line}"
                page.write_url(i, j, place, formats["row"], str(value.value))
                if isinstance(value.value, int):  # stays a number, so that the column still sorts as one
                    page.write_number(i, j, value.value, formats["row"])
                continue
            if value is None or (isinstance(value, float) and not math.isfinite(value)):
                continue
            if isinstance(value, int | np.integer):
                page.write_number(i, j, int(value), formats["whole"])
            elif isinstance(value, float | np.floating):
                shown = "share" if j in sheet.shares else _format(float(value))
                page.write_number(i, j, shortened(float(value)), formats[shown])
            else:
                page.write_string(i, j, str(value)[:LONGEST], formats["text"])
    _paper(page)
    page.repeat_rows(0)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.heads) - 1)


def lines_of(text: str) -> int:
    """Lines that the cover needs for a text: no program fits the height of a row to it on opening.

    A Japanese letter is as wide as two others.
    """
    wide = sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)
    return max(1, math.ceil(wide / LETTERS))


def _paper(page: xlsxwriter.worksheet.Worksheet) -> None:
    """A4 across, all columns on one page."""
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def shortened(value: float) -> float:
    """Nine significant digits; all sixteen double the size and the time of a long sheet."""
    return float(f"{value:.9g}")


def _format(value: float) -> str:
    size = abs(value)
    if size >= 10_000:
        return "large"
    if 0 < size < 0.01:
        return "small" if size < 0.0001 else "fine"
    return "number"
