"""The alarm part of the page: sentences, the detectors, the rates per context, the control chart."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.evaluation.alarm_rates import ContextRates, Rate
from tabcouce.evaluation.alarm_trial import DetectorTrial
from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.captions import long_split, sentences
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.control import control_chart
from tabcouce.report.digits import percent, significant
from tabcouce.report.figures import Figure
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell

CARRIERS = 5
"""Columns named in the sentence on what carries the alarms."""


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
    return tuple(
        said
        for said in (
            limit_sentence(alarms, w),
            equal_sentence(alarms, w),
            _later(alarms, w),
            _new_context(alarms, alarms.trial(alarms.detector), w),
            _carriers(alarms, w),
        )
        if said
    )


def limit_sentence(alarms: AlarmSummary, w: Words) -> str:
    """The detector and what its limit promises."""
    limit = alarms.limit if alarms.approved is None else alarms.own_limit or alarms.limit
    return w(
        "alarm.limit",
        detector=w.label("detector", alarms.detector),
        allowed=percent(limit.allowed),
        n=f"{limit.n:,}",
        low=percent(limit.rate_low),
        high=percent(limit.rate_high),
    )


def equal_sentence(alarms: AlarmSummary, w: Words) -> str:
    """What was found at the limit, and how much the rates differ between contexts never seen."""
    form, said = alarms.trial(alarms.detector).plain, []
    if form.recall is not None:
        key = "alarm.recall" if alarms.labelled else "alarm.recall_planted"
        said.append(w(key, percent=percent(form.recall), allowed=percent(alarms.limit.allowed)))
    if alarms.column is not None and form.spread.spread is not None and form.spread.worst is not None:
        said.append(
            w(
                "alarm.spread",
                points=percent(form.spread.spread),
                worst=form.spread.worst,
                contexts=form.spread.contexts,
            )
        )
    return sentences(w, *said)


def _later(alarms: AlarmSummary, w: Words) -> str:
    if alarms.approved is None:
        return ""
    share = percent(alarms.rung_later / alarms.later) if alarms.later else percent(0.0)
    return w(
        "alarm.approved",
        approved=f"{alarms.approved:,}",
        later=f"{alarms.later:,}",
        rung=f"{alarms.rung_later:,}",
        share=share,
    )


def _carriers(alarms: AlarmSummary, w: Words) -> str:
    shown = [
        w("alarm.carrier", name=name, share=percent(share))
        for name, share in list(alarms.carriers.items())[:CARRIERS]
    ]
    return w("alarm.carriers", names=w.listing(shown)) if shown else ""


def _new_context(alarms: AlarmSummary, trial: DetectorTrial, w: Words) -> str:
    if alarms.column is None:
        return w("alarm.no_context")
    before, after = trial.plain.spread.spread, trial.chosen.spread.spread
    if not alarms.corrects or before is None or after is None:
        return w("alarm.new_pooled", rows=alarms.rows_for_limit)
    return w(
        "alarm.new_corrected",
        rows=alarms.rows_for_new,
        start=alarms.start_up,
        before=percent(before),
        after=percent(after),
        how=w(f"alarm.how_{trial.used}"),
    )


def detector_heads(w: Words) -> tuple[str, ...]:
    """Heads of the detector table, on the page and in the workbook."""
    return tuple(
        w(f"alarm.{key}") for key in ("detector", "form", "found", "auc", "precision", "unequal", "delay")
    )


def _detectors(alarms: AlarmSummary, w: Words) -> TableView:
    rows = []
    for trial in alarms.detectors:
        for name, form in trial.forms:
            strong = name == trial.used and trial.key == alarms.detector
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
                    empty_cell(w("alarm.mostly_missed" if alarms.labelled else "alarm.no_labels"))
                    if form.delay is None or not alarms.labelled
                    else number_cell(significant(form.delay), strong=strong),
                )
            )
    heads = tuple((text, k > 1, k == 2) for k, text in enumerate(detector_heads(w)))
    caption = w(
        "alarm.detectors" if alarms.labelled else "alarm.detectors_planted",
        split=long_split(alarms.split, w),
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
    rows = tuple(_context_row(one, w)[: len(names)] for one in alarms.contexts)
    return TableView(caption, heads, rows)


def _context_row(one: ContextRates, w: Words) -> tuple[Cell, ...]:
    return (
        Cell(one.context, name=True),
        _rate_cell(one.false_alarm, w("alarm.no_normal")),
        _rate_cell(one.miss, w("alarm.no_abnormal")),
        number_cell(f"{one.false_alarm.n:,}"),
        number_cell(f"{one.miss.n:,}"),
        _rate_cell(one.later, w("alarm.no_later")),
        number_cell(f"{one.later.n:,}"),
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
