"""The first screen of a study without labels: three sentences, four tiles and the next step about alarms."""

from __future__ import annotations

from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.alarm_text import equal_sentence, later_sentence, limit_sentence, new_context_sentence
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent
from tabcouce.report.tile import Tile


def alarm_verdict(alarms: AlarmSummary, w: Words) -> tuple[str, str, str]:
    """Detector and limit; how equal it rings; what rang later, or what a context needs."""
    third = later_sentence(alarms, w) or new_context_sentence(alarms, w)
    return limit_sentence(alarms, w), equal_sentence(alarms, w), third


def alarm_tiles(alarms: AlarmSummary, w: Words) -> tuple[Tile, Tile, Tile, Tile]:
    """Spread of the false alarms, faults found, rate of the limit, and what a context needs or what rang."""
    return _spread(alarms, w), _found(alarms, w), _rate(alarms, w), _last(alarms, w)


def alarm_next_step(alarms: AlarmSummary, w: Words) -> str:
    """What would make the alarms better, else how to use them."""
    if alarms.column is None:
        return w("next.name_contexts")
    return w("next.alarms_approve" if alarms.approved is None else "next.alarms")


def _spread(alarms: AlarmSummary, w: Words) -> Tile:
    trial, title = alarms.trial(alarms.detector), w("alarm.tile_spread")
    before, after = trial.plain.spread, trial.chosen.spread
    if alarms.column is None or before.spread is None:
        reason = w("alarm.no_context" if alarms.column is None else "alarm.few_rows")
        return Tile(title, w("tile.not_available"), reason)
    if not alarms.corrects or after.spread is None:
        note = w("alarm.tile_spread_note", contexts=before.contexts)
        return Tile(title, w("alarm.points", points=percent(before.spread)), note)
    note = w(
        "alarm.tile_spread_started",
        contexts=before.contexts,
        start=alarms.start_up,
        before=percent(before.spread),
    )
    return Tile(title, w("alarm.points", points=percent(after.spread)), note)


def _found(alarms: AlarmSummary, w: Words) -> Tile:
    recall = alarms.trial(alarms.detector).plain.recall
    title = w("alarm.tile_found")
    if recall is None:
        return Tile(title, w("tile.not_available"), w("alarm.no_labels"))
    return Tile(title, w("alarm.percent", share=percent(recall)), w("alarm.tile_found_note"))


def _rate(alarms: AlarmSummary, w: Words) -> Tile:
    limit = alarms.limit if alarms.approved is None else alarms.own_limit or alarms.limit
    note = w(
        "alarm.tile_rate_note", low=percent(limit.rate_low), high=percent(limit.rate_high), n=f"{limit.n:,}"
    )
    return Tile(w("alarm.tile_rate"), w("alarm.percent", share=percent(limit.allowed)), note)


def _last(alarms: AlarmSummary, w: Words) -> Tile:
    if alarms.approved is not None and alarms.later:
        note = w("alarm.tile_later_note", rung=f"{alarms.rung_later:,}", later=f"{alarms.later:,}")
        share = percent(alarms.rung_later / alarms.later)
        return Tile(w("alarm.tile_later"), w("alarm.percent", share=share), note)
    return Tile(w("alarm.tile_rows"), f"{alarms.rows_for_new:,}", w("alarm.tile_rows_note"))
