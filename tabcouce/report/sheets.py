"""Rows of the results workbook: scores, differences, contexts, predictions, factors, findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from tabcouce.report.alarm_view import detector_heads
from tabcouce.report.block_names import with_block_names
from tabcouce.report.catalogue import Words
from tabcouce.report.confounding_table import scores_of
from tabcouce.report.factor_captions import direction_word
from tabcouce.report.factor_table import agreement_word
from tabcouce.report.finding_text import finding_text
from tabcouce.report.golden_view import golden_sheet
from tabcouce.report.naming import comparison, long_split, named, unit_suffix
from tabcouce.report.row_sheets import capability_sheet, lot_sheet, unusual_rows
from tabcouce.report.sheet import RowLines, Sheet
from tabcouce.report.summary import Summary, TargetSummary


def alarm_sheets(summary: Summary, w: Words) -> Iterable[Sheet]:
    """Detectors and alarm rates, where a target has an alarm part."""
    parts = [(target.target.name, target.alarms) for target in summary.targets if target.alarms is not None]
    if not parts:
        return
    yield Sheet(
        w("alarm.sheet_detectors"),
        (w("book.target"), *detector_heads(w)),
        [
            (name, w.label("detector", trial.key), w(f"alarm.{form}"), found.recall, found.auc,
             found.average_precision, found.spread.spread, found.delay)
            for name, alarms in parts
            for trial in alarms.detectors
            for form, found in trial.forms
        ],
    )  # fmt: skip
    heads = ("book.target", "table.context", "alarm.rate", "book.low", "book.high", "alarm.normal_rows")
    yield Sheet(
        w("alarm.sheet_rates"),
        (*map(w, heads), *(w(f"alarm.{key}") for key in ("missed", "abnormal_rows", "later", "later_rows"))),
        [
            (name, one.context, one.false_alarm.value, one.false_alarm.low, one.false_alarm.high,
             one.false_alarm.n, one.miss.value, one.miss.n, one.later.value, one.later.n)
            for name, alarms in parts
            for one in alarms.contexts
        ],
    )  # fmt: skip


def sheets(summary: Summary, predictions: Sequence[pd.DataFrame], w: Words) -> Iterable[Sheet]:
    """Every sheet after the cover."""
    summary = replace(summary, targets=tuple(with_block_names(target, w) for target in summary.targets))
    predicted = any(target.models for target in summary.targets)
    if predicted:
        yield _scores(summary, w)
        yield _differences(summary, w)
        yield _contexts(summary, w)
        yield from _confounding(summary, w)
    several = len(summary.targets) > 1
    parts = []
    for k, (target, frame) in enumerate(zip(summary.targets, predictions, strict=True), 1):
        made = _predictions(target, frame, f" {k}" if several else "", w)
        lines = {int(row): line for line, row in enumerate(frame["row"], 2)}
        parts.append((target, frame, RowLines(made.name, lines)))
        yield made
    if predicted:
        yield _factors(summary, w)
    yield from _modifiers(summary, w)
    yield _findings(summary, parts[0][2], w)
    more = (
        unusual_rows(parts, w),
        lot_sheet(summary.targets, w),
        golden_sheet(summary.targets, w),
        capability_sheet(summary.targets, w),
        _changed_cells(summary, parts[0][2], w),
    )
    yield from (sheet for sheet in more if sheet.rows)
    yield from alarm_sheets(summary, w)


def _scores(summary: Summary, w: Words) -> Sheet:
    keys = ("target", "split", "mode", "metric", "unit", "value", "low", "high", "units", "n")
    heads = [w(f"book.{key}") for key in keys]
    heads.insert(2, w("table.model"))
    rows: list[tuple[object, ...]] = []
    for target in summary.targets:
        for scores in target.scores:
            mode = w("book.blind") if scores.mode == "blind" else w.label("mode", scores.mode)
            first = (target.target.name, long_split(scores.split, w), w.label("model", scores.model), mode)
            rows += [
                (
                    *first,
                    w.label("metric", key),
                    _metric_unit(target, key),
                    s.value,
                    s.low,
                    s.high,
                    s.units,
                    s.n,
                )
                for key, s in scores.metrics.items()
            ]
    return Sheet(w("book.scores"), tuple(heads), rows)


def _metric_unit(target: TargetSummary, metric: str) -> str | None:
    """Unit of an error; scores have none."""
    return target.target.unit if metric in ("rmse", "mae") else None


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
        w("book.unit"),
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
            _metric_unit(target, key),
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


def _confounding(summary: Summary, w: Words) -> Iterable[Sheet]:
    """What contexts and conditions explain, where a target has contexts."""
    keys = ("book.target", "confounding.who", "book.metric", "book.value", "book.low", "book.high")
    rows: list[tuple[object, ...]] = [
        (target.target.name, w(f"confounding.{key}"), w.label("metric", target.confounding.metric),
         found.value, found.low, found.high, found.units, found.n)
        for target in summary.targets
        if target.confounding is not None
        for key, found in scores_of(target.confounding)
    ]  # fmt: skip
    if rows:
        heads = (*map(w, keys), w("table.units"), w("book.n"))
        yield Sheet(w("confounding.sheet"), heads, rows)


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
    if name.startswith("alarm:"):
        return w(f"book.alarm_{name.removeprefix('alarm:')}")
    if name.startswith("context:"):
        return w("book.context", name=name.removeprefix("context:"))
    chosen = name.endswith(":class")
    split, _, model = name.removesuffix(":class").rpartition(":")
    label = w.label("model", model)
    named = w("book.known", model=label) if split.endswith("/known") else label
    fields = {"model": named, "split": long_split(split.removesuffix("/known"), w)}
    if target.is_regression:
        return w("book.predicted", **fields) + unit
    return w("book.predicted_class" if chosen else "book.probability", **fields)


def _modifiers(summary: Summary, w: Words) -> Iterable[Sheet]:
    """Effect of one step of each factor within each level of each context column; none for classes."""
    rows: list[tuple[object, ...]] = []
    for target in summary.targets:
        for factor in target.factors_of(target.explained_model) if target.explained_model else ():
            for one in factor.adjusted.modifiers if factor.adjusted is not None else ():
                step = factor.adjusted.step if factor.adjusted is not None else 1.0
                rows += [
                    (target.target.name, factor.name, factor.unit, step, one.column, s.context, s.rows,
                     s.slope * step, s.low * step, s.high * step, one.q)
                    for s in one.slopes
                ]  # fmt: skip
    if rows:
        heads = ("book.target", "table.factor", "book.unit", "table.step", "modifier.column", "table.context",
                 "table.n", "table.slope_adjusted", "book.low", "book.high", "modifier.q")  # fmt: skip
        yield Sheet(w("modifier.sheet"), tuple(map(w, heads)), rows)


def _factors(summary: Summary, w: Words) -> Sheet:
    heads = (
        w("book.target"),
        w("table.model"),
        w("table.factor"),
        w("book.unit"),
        w("table.strength", unit=""),
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
        w("table.slope_alone"),
        w("table.slope_adjusted"),
        w("book.low"),
        w("book.high"),
        w("table.overlap"),
        w("table.robustness"),
    )
    rows: list[tuple[object, ...]] = []
    for target in summary.targets:
        models = dict.fromkeys(factor.model for factor in target.factors)
        for factor in (each for model in models for each in target.factors_of(model)):
            lost = factor.permutation
            rows.append(
                (
                    named(target.target.name, target.target.unit),
                    w.label("model", factor.model),
                    factor.name,
                    factor.unit,
                    factor.strength,
                    factor.importance,
                    factor.spread,
                    factor.share,
                    direction_word(factor, w),
                    factor.correlation,
                    w.label("expected", factor.expected),
                    agreement_word(factor, w),
                    *((None,) * 3 if lost is None else (lost.value, lost.low, lost.high)),
                    factor.varies_within_context,
                    None if factor.naive is None else factor.naive.slope,
                    *(
                        (None,) * 5
                        if (slope := factor.adjusted) is None
                        else (slope.slope, slope.low, slope.high, slope.overlap, slope.robustness)
                    ),
                )
            )
    shares = frozenset(heads.index(w(f"table.{key}")) for key in ("share", "within", "overlap", "robustness"))
    return Sheet(w("book.factors"), heads, rows, shares)


def _changed_cells(summary: Summary, lines: RowLines, w: Words) -> Sheet:
    """Every cell that was changed or refused, once however many targets there are."""
    heads = (
        w("book.rule"), w("book.file"), w("book.sheet"), w("book.cell"), w("book.column"),
        w("book.found"), w("book.taken"),
    )  # fmt: skip
    rows: dict[tuple[object, ...], None] = {}
    for target in summary.targets:
        for finding in target.findings:
            place = finding.place
            about = (w.label("rule", finding.rule), place.file, place.sheet)
            for cell in finding.cells:
                rows[(*about, lines.cell(cell.address), place.column, cell.found, cell.taken)] = None
    return Sheet(w("book.cells"), heads, list(rows))


def _findings(summary: Summary, lines: RowLines, w: Words) -> Sheet:
    """lines: the first target's predictions, to which the row of a finding leads."""
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
            said.severity,
            said.rule,
            said.what,
            said.remedy,
            w.listing(list(finding.columns), 20),
            finding.place.file,
            finding.place.sheet,
            lines.link(finding.place.row),
            finding.place.column,
        )
        for target in summary.targets
        for finding in target.findings
        for said in [finding_text(finding, w)]
    ]
    return Sheet(w("book.findings"), heads, rows)
