"""What the alarms of a study say, in sentences."""

from __future__ import annotations

from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent

CARRIERS = 5
"""Columns named in the sentence on what carries the alarms."""


def alarm_sentences(alarms: AlarmSummary, w: Words) -> tuple[str, ...]:
    """Which detector, what its limit promises, how equal it rings, and what a new context needs."""
    return tuple(
        said
        for said in (
            limit_sentence(alarms, w),
            equal_sentence(alarms, w),
            later_sentence(alarms, w),
            new_context_sentence(alarms, w),
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
    return w("list.join_sentences").join(said)


def later_sentence(alarms: AlarmSummary, w: Words) -> str:
    """What rang after the approved period; '' where none was named."""
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


def new_context_sentence(alarms: AlarmSummary, w: Words) -> str:
    """How a new context is judged, and what it needs for a scale of its own."""
    trial = alarms.trial(alarms.detector)
    if alarms.column is None:
        return w("alarm.no_context")
    before, after = trial.plain.spread.spread, trial.chosen.spread.spread
    if not alarms.corrects or before is None or after is None:
        return w("alarm.new_pooled", rows=alarms.rows_for_limit)
    told = w(
        "alarm.new_corrected",
        rows=alarms.rows_for_new,
        start=alarms.start_up,
        before=percent(before),
        after=percent(after),
        how=w(f"alarm.how_{trial.used}"),
    )
    if trial.plain.recall is None or trial.chosen.recall is None:
        return told
    found = w("alarm.new_found", before=percent(trial.plain.recall), after=percent(trial.chosen.recall))
    return w("list.join_sentences").join([told, found])
