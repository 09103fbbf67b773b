"""`Summary` and all predictions -> results.xlsx; text stays text, also where it begins with '='."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from tabcouce.report.atomic import write_bytes
from tabcouce.report.captions import comparison, long_split, unit_suffix
from tabcouce.report.catalogue import Words, words
from tabcouce.report.summary import Summary, TargetSummary
from tabcouce.report.tiles import tiles
from tabcouce.report.verdict_text import verdict_sentences

LONGEST = 32_767
"""Letters a cell holds at most; Excel repairs the file if there are more."""
WIDEST = 46
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}


@dataclass(frozen=True)
class Sheet:
    """One sheet: heads, then rows of text, numbers or None."""

    name: str
    heads: tuple[str, ...]
    rows: list[tuple[object, ...]]


def write_workbook(
    summary: Summary, predictions: Sequence[pd.DataFrame], path: Path, lang: str = "en"
) -> Path:
    """Write the workbook atomically.

    predictions  one frame of `predictions_frame` per target, in the order of summary.targets
    Returns      path
    """
    w = words(lang)
    content = BytesIO()
    book = xlsxwriter.Workbook(content, OPTIONS)
    # A fixed date makes the bytes of the same study equal.
    book.set_properties({"title": summary.name, "created": datetime(2000, 1, 1)})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"valign": "top"}),
        "number": book.add_format({"num_format": "0.000", "valign": "top"}),
        "small": book.add_format({"num_format": "0.00E+00", "valign": "top"}),
        "large": book.add_format({"num_format": "#,##0.0", "valign": "top"}),
        "whole": book.add_format({"num_format": "#,##0", "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 16}),
        "lead": book.add_format({"text_wrap": True, "valign": "top", "font_size": 12}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    _cover(book, summary, w, formats)
    for sheet in sheets(summary, predictions, w):
        _write(book, sheet, formats)
    book.close()
    return write_bytes(path, content.getvalue())


def sheets(summary: Summary, predictions: Sequence[pd.DataFrame], w: Words) -> Iterable[Sheet]:
    """Every sheet after the cover."""
    yield _scores(summary, w)
    yield _differences(summary, w)
    yield _contexts(summary, w)
    several = len(summary.targets) > 1
    for k, (target, frame) in enumerate(zip(summary.targets, predictions, strict=True), 1):
        yield _predictions(target, frame, f" {k}" if several else "", w)
    yield _factors(summary, w)
    yield _findings(summary, w)


def _cover(book: xlsxwriter.Workbook, summary: Summary, w: Words, formats: dict[str, object]) -> None:
    sheet = book.add_worksheet(w("book.cover"))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, summary.name, formats["title"])
    row = 2
    for target in summary.targets:
        about = f"{target.target.name}{unit_suffix(target.target.unit, w)}"
        lines = [(w("book.target"), about), (w("page.verdict"), w.label("outcome", target.verdict.outcome))]
        lines += [("", sentence) for sentence in verdict_sentences(target, w.language)]
        for tile in tiles(target, w):
            steps = ", ".join(f"{name} {value}" for name, value in tile.steps)
            lines.append((tile.title, f"{steps or tile.value} ({tile.note})"))
        for name, text in lines:
            sheet.write_string(row, 0, name, formats["wrap"])
            sheet.write_string(row, 1, text[:LONGEST], formats["lead"])
            row += 1
        row += 1
    source = summary.source
    for name, text in (
        (w("checked.file"), source.file),
        (w("checked.sheet"), source.sheet or ""),
        (w("checked.hash"), source.sha256),
        (w("checked.effort"), summary.effort),
        (w("checked.seed"), str(summary.seed)),
        (w("checked.versions"), w.listing([f"{k} {v}" for k, v in summary.versions.items()], 30)),
        ("", w("page.privacy")),
    ):
        sheet.write_string(row, 0, name, formats["wrap"])
        sheet.write_string(row, 1, text, formats["wrap"])
        row += 1


def _write(book: xlsxwriter.Workbook, sheet: Sheet, formats: dict[str, object]) -> None:
    """Frozen header, filter, one number format per cell by size."""
    page = book.add_worksheet(sheet.name[:31])
    for j, head in enumerate(sheet.heads):
        page.write_string(0, j, head[:LONGEST], formats["head"])
        texts = [len(str(row[j])) for row in sheet.rows[:200] if isinstance(row[j], str)]
        page.set_column(j, j, min(max([12, len(head) * 1.1, *[n * 1.3 for n in texts]]), WIDEST))
    for i, row in enumerate(sheet.rows, 1):
        for j, value in enumerate(row):
            if value is None or (isinstance(value, float) and not math.isfinite(value)):
                continue
            if isinstance(value, int | np.integer):
                page.write_number(i, j, int(value), formats["whole"])
            elif isinstance(value, float | np.floating):
                page.write_number(i, j, float(value), formats[_format(float(value))])
            else:
                page.write_string(i, j, str(value)[:LONGEST], formats["text"])
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.heads) - 1)


def _format(value: float) -> str:
    size = abs(value)
    if size >= 10_000:
        return "large"
    return "small" if 0 < size < 0.01 else "number"


def _scores(summary: Summary, w: Words) -> Sheet:
    keys = ("target", "split", "mode", "metric", "value", "low", "high", "units", "n")
    heads = [w(f"book.{key}") for key in keys]
    heads.insert(2, w("table.model"))
    rows: list[tuple[object, ...]] = []
    for target in summary.targets:
        for scores in target.scores:
            mode = w("book.blind") if scores.mode == "blind" else w.label("mode", scores.mode)
            first = (target.target.name, long_split(scores.split, w), w.label("model", scores.model), mode)
            rows += [
                (*first, w.label("metric", key), s.value, s.low, s.high, s.units, s.n)
                for key, s in scores.metrics.items()
            ]
    return Sheet(w("book.scores"), tuple(heads), rows)


def _differences(summary: Summary, w: Words) -> Sheet:
    heads = (
        w("book.target"),
        w("table.comparison"),
        w("table.context"),
        w("book.value"),
        w("book.low"),
        w("book.high"),
        w("table.units"),
    )
    rows: list[tuple[object, ...]] = []
    for target in summary.targets:
        for made in target.verdict.differences:
            first = (target.target.name, comparison(made, w))
            rows.append((*first, w("chart.all"), made.gain, made.low, made.high, made.units))
            rows += [(*first, unit, gain, None, None, 1) for unit, gain in made.per_unit.items()]
    return Sheet(w("book.differences"), heads, rows)


def _contexts(summary: Summary, w: Words) -> Sheet:
    heads = (
        w("book.target"),
        w("book.split"),
        w("table.model"),
        w("table.context"),
        w("book.metric"),
        w("book.value"),
        w("book.n"),
    )
    rows: list[tuple[object, ...]] = [
        (
            target.target.name,
            long_split(scores.split, w),
            w.label("model", scores.model),
            unit,
            w.label("metric", key),
            found.value,
            found.n,
        )
        for target in summary.targets
        for scores in target.scores
        if scores.split != "shuffled" and scores.mode == "blind"
        for unit, metrics in scores.per_context.items()
        for key, found in metrics.items()
    ]
    return Sheet(w("book.contexts"), heads, rows)


def _predictions(target: TargetSummary, frame: pd.DataFrame, suffix: str, w: Words) -> Sheet:
    """All rows; the recommended model's residual last."""
    heads = [_prediction_head(str(name), target, w) for name in frame.columns]
    columns = [_cells(frame[name]) for name in frame.columns]
    model, split = target.verdict.recommended, target.headline
    key = f"{split}:{model}"
    if target.is_regression and key in frame.columns:
        heads.append(
            w("book.residual", model=w.label("model", model), split=long_split(split, w))
            + unit_suffix(target.target.unit, w)
        )
        columns.append(_cells(frame["observed"].astype(float) - frame[key].astype(float)))
    return Sheet(w("book.predictions") + suffix, tuple(heads), list(zip(*columns, strict=True)))


def _cells(column: pd.Series) -> list[object]:
    """Python values; blanks, which pandas has in several forms, as None."""
    return [None if pd.isna(value) else value for value in column.tolist()]


def _prediction_head(name: str, target: TargetSummary, w: Words) -> str:
    unit = unit_suffix(target.target.unit if target.is_regression else None, w)
    if name == "row":
        return w("book.row")
    if name == "observed":
        return f"{w('book.observed')}: {target.target.name}{unit}"
    if name.startswith("context:"):
        return w("book.context", name=name.removeprefix("context:"))
    chosen = name.endswith(":class")
    split, _, model = name.removesuffix(":class").rpartition(":")
    fields = {"model": w.label("model", model), "split": long_split(split, w)}
    if target.is_regression:
        return w("book.predicted", **fields) + unit
    return w("book.predicted_class" if chosen else "book.probability", **fields)


def _factors(summary: Summary, w: Words) -> Sheet:
    heads = (
        w("book.target"),
        w("table.model"),
        w("table.factor"),
        w("book.unit"),
        w("table.importance", unit=""),
        w("book.spread"),
        w("table.share"),
        w("table.direction"),
        w("book.correlation"),
        w("table.expected"),
        w("table.agreement"),
        w("table.permutation", metric=w.label("metric", summary.targets[0].metric)),
        w("book.low"),
        w("book.high"),
        w("table.within"),
    )
    rows: list[tuple[object, ...]] = []
    for target in summary.targets:
        for factor in target.factors:
            lost = factor.permutation
            rows.append(
                (
                    target.target.name,
                    w.label("model", factor.model),
                    factor.name,
                    factor.unit,
                    factor.importance,
                    factor.spread,
                    factor.share,
                    w.label("direction", factor.direction),
                    factor.correlation,
                    w.label("expected", factor.expected),
                    w.label("agreement", factor.agreement),
                    *((None,) * 3 if lost is None else (lost.value, lost.low, lost.high)),
                    factor.varies_within_context,
                )
            )
    return Sheet(w("book.factors"), heads, rows)


def _findings(summary: Summary, w: Words) -> Sheet:
    heads = (
        w("book.target"),
        w("table.severity"),
        w("book.rule"),
        w("table.finding"),
        w("page.remedy"),
        w("book.columns"),
        w("book.file"),
        w("book.sheet"),
        w("book.row"),
        w("book.column"),
    )
    rows: list[tuple[object, ...]] = [
        (
            target.target.name,
            w.label("severity", finding.severity),
            w.label("rule", finding.rule),
            finding.what,
            finding.remedy,
            w.listing(list(finding.columns), 20),
            finding.place.file,
            finding.place.sheet,
            finding.place.row,
            finding.place.column,
        )
        for target in summary.targets
        for finding in target.findings
    ]
    return Sheet(w("book.findings"), heads, rows)
