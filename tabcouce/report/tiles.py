"""The four tiles under the verdict: the numbers an engineer decides by."""

from __future__ import annotations

from dataclasses import replace

from tabcouce.evaluation.noise_ceiling import NoiseCeiling
from tabcouce.evaluation.trial import Score
from tabcouce.report.alarm_verdict import alarm_tiles
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, score, significant, with_unit
from tabcouce.report.naming import sentences, short_split
from tabcouce.report.savings_text import savings_tile
from tabcouce.report.summary import Band, TargetSummary
from tabcouce.report.tile import Tile
from tabcouce.report.verdict_text import best_model, held_out, shuffled_score, unseen


def tiles(target: TargetSummary, w: Words) -> tuple[Tile, Tile, Tile, Tile]:
    """Honest score, gap, error against what matters, experiments saved (else the interval)."""
    if target.alarms is not None and not target.models:
        return alarm_tiles(target.alarms, w)
    if target.is_regression and target.savings is not None:
        error = _error(target, w)
        error = replace(error, note=sentences(w, error.note, _band_line(target, w)))
        return _honest(target, w), _gap(target, w), error, savings_tile(target.savings, w)
    if target.is_regression:
        return _honest(target, w), _gap(target, w), _error(target, w), _band(target, w)
    return _honest(target, w), _gap(target, w), _recall(target, w), _precision(target, w)


def _missing(title: str, metric: str, w: Words) -> Tile:
    return Tile(
        title,
        w("tile.not_available"),
        w("tile.not_available_note", metric=w.label("metric", metric)),
    )


def _honest(target: TargetSummary, w: Words) -> Tile:
    found = target.score(target.headline, best_model(target), target.metric)
    if found is None:
        return _missing(w("tile.honest"), target.metric, w)
    fields = {"unseen": unseen(target, w), "held": held_out(target, found.units, w)}
    if found.low is None or found.high is None:
        note = w("tile.honest_note_plain", **fields)
    else:
        note = w("tile.honest_note", **fields, low=score(found.low), high=score(found.high))
    if target.ceiling is not None:
        note = w(
            "tile.honest_ceiling" if _is_below(target.ceiling, found) else "tile.honest_noise",
            note=note,
            ceiling=score(target.ceiling.r2),
            settings=target.ceiling.settings,
            rows=target.ceiling.rows,
            deviation=with_unit(significant(target.ceiling.deviation), target.target.unit),
        )
    value = w("tile.honest_value", metric=w.label("metric_symbol", target.metric), value=score(found.value))
    return Tile(w("tile.honest"), value, note)


def _is_below(ceiling: NoiseCeiling, found: Score) -> bool:
    """Whether the score lets the ceiling stand; above it, the repeated rows are noisier than others."""
    return found.value is None or found.value <= ceiling.r2


def _gap(target: TargetSummary, w: Words) -> Tile:
    """Other splits than the headline one come first, shuffled before all."""
    model = best_model(target)
    keys = [proof.key for proof in target.splits]
    keys = sorted(keys, key=lambda key: (key == target.headline, key != "shuffled"))
    steps = tuple(
        (_step_name(target, key, model, w), score(found.value))
        for key in keys
        if (found := _split_score(target, key, model)) is not None
    )
    names = {"metric": w.label("metric_symbol", target.metric), "model": w.label("model", model)}
    if target.headline == "shuffled":
        return Tile(w("tile.gap"), w("tile.gap_untested"), w("tile.gap_untested_note"))
    if len(steps) < 2:
        value = steps[0][1] if steps else w("tile.not_available")
        return Tile(w("tile.gap"), value, w("tile.gap_none", **names))
    return Tile(w("tile.gap"), "", w("tile.gap_note", **names), steps)


def _step_name(target: TargetSummary, key: str, model: str, w: Words) -> str:
    """A score with known contexts never stands unmarked beside those for new ones."""
    name = short_split(key, w)
    blind = target.score(key, model, target.metric)
    return name if blind is not None else w("tile.gap_known", split=name)


def _split_score(target: TargetSummary, key: str, model: str) -> Score | None:
    return shuffled_score(target, model) if key == "shuffled" else target.score(key, model, target.metric)


def _error(target: TargetSummary, w: Words) -> Tile:
    """RMSE as a share of the specification width, or of the target's spread where none is declared."""
    about = target.target
    found = target.score(target.headline, best_model(target), "rmse")
    limits = about.lower is not None and about.upper is not None and about.upper > about.lower
    title = w("tile.error_spec" if limits else "tile.error_spread")
    if found is None or found.value is None or not (limits or about.spread):
        return _missing(title, "rmse", w)
    error = with_unit(significant(found.value), about.unit)
    if about.lower is not None and about.upper is not None and limits:
        width = about.upper - about.lower
        note = w("tile.error_spec_note", error=error, width=with_unit(significant(width), about.unit))
        return Tile(title, w("tile.error_spec_value", percent=percent(found.value / width)), note)
    spread = about.spread or 1.0
    note = w("tile.error_spread_note", error=error, spread=with_unit(significant(spread), about.unit))
    return Tile(title, w("tile.error_spec_value", percent=percent(found.value / spread)), note)


def _band(target: TargetSummary, w: Words) -> Tile:
    band = target.band
    if band is None or band.half_width is None:
        return _missing(w("tile.band", level=90), "rmse", w)
    title = w("tile.band", level=percent(band.level))
    value = w("tile.band_value", half=with_unit(significant(band.half_width), target.target.unit))
    if band.coverage is None:
        return Tile(title, value, w("tile.band_note_plain"))
    return Tile(title, value, _coverage_note(target, band, w))


def _band_line(target: TargetSummary, w: Words) -> str:
    """The interval in one line, for the tile of the error."""
    found = _band(target, w)
    band = target.band
    if band is None or band.half_width is None:
        return ""
    return w("tile.band_line", title=found.title, value=found.value, note=found.note)


def _coverage_note(target: TargetSummary, band: Band, w: Words) -> str:
    held = held_out(target, band.units, w)
    note = w("tile.band_note", coverage=percent(band.coverage), unseen=unseen(target, w), held=held)
    if target.by_blocks or band.promisable is None or band.promisable >= band.level:
        return note
    few = w("tile.band_promise", promisable=percent(band.promisable))
    return note + w("list.join_sentences") + few


def _recall(target: TargetSummary, w: Words) -> Tile:
    key = "recall_at_5pct_false_alarms"
    found = target.score(target.headline, best_model(target), key)
    if found is None or len(target.target.classes) != 2:
        return _accuracy(target, w)
    positive = target.target.positive
    return Tile(
        w("tile.recall"),
        w("tile.recall_value", percent=percent(found.value)),
        w("tile.recall_note", positive=positive, unseen=unseen(target, w)),
    )


def _accuracy(target: TargetSummary, w: Words) -> Tile:
    found = target.score(target.headline, best_model(target), "accuracy")
    counts = target.target.classes.values()
    if found is None or not counts:
        return _missing(w("tile.accuracy"), "accuracy", w)
    base = score(max(counts) / sum(counts))
    return Tile(w("tile.accuracy"), score(found.value), w("tile.accuracy_note", base=base))


def _f1(target: TargetSummary, w: Words) -> Tile:
    found = target.score(target.headline, best_model(target), "f1")
    if found is None:
        return _missing(w.label("metric", "f1"), "f1", w)
    return Tile(w.label("metric", "f1"), score(found.value), w("tile.f1_note"))


def _precision(target: TargetSummary, w: Words) -> Tile:
    found = target.score(target.headline, best_model(target), "average_precision")
    classes = target.target.classes
    if found is None or len(classes) != 2:
        return _f1(target, w)
    positive = target.target.positive
    base = score(classes[positive] / sum(classes.values()))
    return Tile(
        w("tile.precision"),
        w("tile.precision_value", value=score(found.value)),
        w("tile.precision_note", base=base, positive=positive),
    )
