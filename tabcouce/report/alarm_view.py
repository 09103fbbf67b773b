"""The alarm part of the page: sentences, the detectors, the rates per context, the control chart."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.evaluation.alarm_rates import ContextRates, Rate
from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.alarm_text import alarm_sentences
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.control import control_chart
from tabcouce.report.digits import percent, significant
from tabcouce.report.figures import Figure
from tabcouce.report.naming import natural_order
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell
from tabcouce.report.verdict_text import unseen


@dataclass(frozen=True)
class AlarmView:
    """Texts, tables and the chart of the alarm part, in the reader's language."""

    say: tuple[str, ...]
    detectors: TableView
    contexts: TableView
    chart: Figure


def alarm_view(target: TargetSummary, alarms: AlarmSummary, key: str, w: Words) -> AlarmView:
    """Everything the page shows about alarms."""
    title, say = w("alarm.chart"), w("alarm.chart_say", total=f"{alarms.points.total:,}")
    return AlarmView(
        say=alarm_sentences(alarms, w),
        detectors=_detectors(target, alarms, w),
        contexts=_contexts(alarms, w),
        chart=Figure(
            f"{key}-alarm_chart",
            title,
            say,
            w("chart.alt", title=title, say=say),
            control_chart(target, alarms, w),
        ),
    )


def detector_heads(w: Words) -> tuple[str, ...]:
    """Heads of the detector table, on the page and in the workbook."""
    return tuple(
        w(f"alarm.{key}") for key in ("detector", "form", "found", "auc", "precision", "unequal", "delay")
    )


def _detectors(target: TargetSummary, alarms: AlarmSummary, w: Words) -> TableView:
    rows = []

    def share(value: float) -> str:
        return w("unit.percent", percent=percent(value))

    for trial in alarms.detectors:
        for name, form in trial.forms:
            strong = name == trial.used and trial.key == alarms.detector
            cells = (form.recall, form.auc, form.average_precision, form.spread.spread)
            kinds = (share, _two, _two, share)
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
                    empty_cell(w("alarm.mostly_missed" if alarms.labelled else "alarm.no_labels"))
                    if form.delay is None or not alarms.labelled
                    else number_cell(significant(form.delay), strong=strong),
                )
            )
    heads = tuple((text, k > 1, k == 2) for k, text in enumerate(detector_heads(w)))
    caption = w(
        "alarm.detectors" if alarms.labelled else "alarm.detectors_planted",
        unseen=unseen(target, w, alarms.split),
        start=alarms.start_up,
        allowed=percent(alarms.limit.allowed),
    )
    return TableView(caption, heads, tuple(rows))


def context_heads(alarms: AlarmSummary, w: Words) -> tuple[str, ...]:
    """Heads of the rates per context; those after the approved period only where there is one."""
    keys = ("table.context", "alarm.rate", "alarm.missed", "alarm.normal_rows", "alarm.abnormal_rows")
    later = () if alarms.approved is None else ("alarm.later", "alarm.later_rows")
    return tuple(w(key) for key in (*keys, *later))


def _contexts(alarms: AlarmSummary, w: Words) -> TableView:
    names = context_heads(alarms, w)
    heads = tuple((text, k > 0, k == 1) for k, text in enumerate(names))
    caption = w("alarm.contexts" if alarms.approved is None else "alarm.contexts_approved")
    ordered = sorted(alarms.contexts, key=lambda one: natural_order(one.context))
    rows = tuple(_context_row(one, w)[: len(names)] for one in ordered)
    return TableView(caption, heads, rows)


def _context_row(one: ContextRates, w: Words) -> tuple[Cell, ...]:
    return (
        Cell(one.context, name=True),
        _rate_cell(one.false_alarm, w("alarm.no_normal"), w),
        _rate_cell(one.miss, w("alarm.no_abnormal"), w),
        number_cell(f"{one.false_alarm.n:,}"),
        number_cell(f"{one.miss.n:,}"),
        _rate_cell(one.later, w("alarm.no_later"), w),
        number_cell(f"{one.later.n:,}"),
    )


def _rate_cell(found: Rate, reason: str, w: Words) -> Cell:
    if found.value is None:
        return empty_cell(reason)
    return number_cell(
        w("unit.percent", percent=percent(found.value)),
        small=f"{percent(found.low)} … {percent(found.high)}",
        bar=found.value,
    )


def _two(value: float) -> str:
    return f"{value:.3f}"
