"""The alarm part of the page: sentences, the detectors, the rates per context, the control chart."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.evaluation.alarm_rates import ContextRates, Rate
from tabcouce.evaluation.alarm_trial import DetectorForm, DetectorTrial
from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.captions import long_split
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.control import control_chart
from tabcouce.report.digits import percent, significant
from tabcouce.report.figures import Figure
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell


@dataclass(frozen=True)
class AlarmView:
    """Texts, tables and the chart of the alarm part, in the reader's language."""

    say: tuple[str, ...]
    detectors: TableView
    contexts: TableView
    chart: Figure


def alarm_view(alarms: AlarmSummary, key: str, w: Words) -> AlarmView:
    """Everything the page shows about alarms."""
    title, say = w("alarm.chart"), w("alarm.chart_say", total=f"{alarms.points.total:,}")
    return AlarmView(
        say=alarm_sentences(alarms, w),
        detectors=_detectors(alarms, w),
        contexts=_contexts(alarms, w),
        chart=Figure(
            f"{key}-alarms", title, say, w("chart.alt", title=title, say=say), control_chart(alarms, w)
        ),
    )


def alarm_sentences(alarms: AlarmSummary, w: Words) -> tuple[str, ...]:
    """Which detector, what its limit promises, how equal it rings, and what a new context needs."""
    trial, limit = alarms.trial(alarms.detector), alarms.limit
    used = trial.plain  # what the limit does before a context has given rows of its own
    said = [
        w(
            "alarm.limit",
            detector=w.label("detector", alarms.detector),
            allowed=percent(limit.allowed),
            n=f"{limit.n:,}",
            low=percent(limit.rate_low),
            high=percent(limit.rate_high),
        )
    ]
    if used.recall is not None:
        said.append(w("alarm.recall", percent=percent(used.recall), allowed=percent(limit.allowed)))
    if used.spread.spread is not None and used.spread.worst is not None:
        said.append(
            w(
                "alarm.spread",
                points=percent(used.spread.spread),
                worst=used.spread.worst,
                contexts=used.spread.contexts,
            )
        )
    said.append(_new_context(alarms, trial, w))
    return tuple(said)


def _new_context(alarms: AlarmSummary, trial: DetectorTrial, w: Words) -> str:
    before, after = trial.plain.spread.spread, trial.corrected.spread.spread
    if not alarms.corrects or before is None or after is None:
        return w("alarm.new_pooled", rows=alarms.rows_for_limit)
    return w(
        "alarm.new_corrected",
        rows=alarms.rows_for_new,
        start=alarms.start_up,
        before=percent(before),
        after=percent(after),
    )


def detector_heads(w: Words) -> tuple[str, ...]:
    """Heads of the detector table, on the page and in the workbook."""
    return tuple(
        w(f"alarm.{key}") for key in ("detector", "form", "found", "auc", "precision", "unequal", "delay")
    )


def forms(trial: DetectorTrial) -> tuple[tuple[str, DetectorForm, bool], ...]:
    """Key, numbers and whether it is the form in use."""
    return ("plain", trial.plain, not trial.corrects), ("corrected", trial.corrected, trial.corrects)


def _detectors(alarms: AlarmSummary, w: Words) -> TableView:
    rows = []
    for trial in alarms.detectors:
        for name, form, used in forms(trial):
            strong = used and trial.key == alarms.detector
            cells = (form.recall, form.auc, form.average_precision, form.spread.spread)
            kinds = (_share, _two, _two, _share)
            rows.append(
                (
                    Cell(w.label("detector", trial.key), strong=strong),
                    Cell(w(f"alarm.{name}"), strong=strong),
                    *(
                        empty_cell(w("alarm.no_labels"))
                        if v is None
                        else number_cell(write(v), strong=strong)
                        for v, write in zip(cells, kinds, strict=True)
                    ),
                    empty_cell(w("alarm.mostly_missed"))
                    if form.delay is None
                    else number_cell(significant(form.delay), strong=strong),
                )
            )
    heads = tuple((text, k > 1, k == 2) for k, text in enumerate(detector_heads(w)))
    caption = w(
        "alarm.detectors",
        split=long_split(alarms.split, w),
        start=alarms.start_up,
        allowed=percent(alarms.limit.allowed),
    )
    return TableView(caption, heads, tuple(rows))


def _contexts(alarms: AlarmSummary, w: Words) -> TableView:
    heads = (
        (w("table.context"), False, False),
        (w("alarm.rate"), True, True),
        (w("alarm.missed"), True, False),
        (w("alarm.normal_rows"), True, False),
        (w("alarm.abnormal_rows"), True, False),
    )
    return TableView(w("alarm.contexts"), heads, tuple(_context_row(one, w) for one in alarms.contexts))


def _context_row(one: ContextRates, w: Words) -> tuple[Cell, ...]:
    return (
        Cell(one.context, name=True),
        _rate_cell(one.false_alarm, w("alarm.no_normal")),
        _rate_cell(one.miss, w("alarm.no_abnormal")),
        number_cell(f"{one.false_alarm.n:,}"),
        number_cell(f"{one.miss.n:,}"),
    )


def _rate_cell(found: Rate, reason: str) -> Cell:
    if found.value is None:
        return empty_cell(reason)
    return number_cell(
        _share(found.value), small=f"{percent(found.low)} … {percent(found.high)}", bar=found.value
    )


def _two(value: float) -> str:
    return f"{value:.3f}"


def _share(value: float) -> str:
    return f"{percent(value)} %"
