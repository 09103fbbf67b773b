"""One sentence per chart that says what to see, generated from the numbers drawn."""

from __future__ import annotations

import unicodedata
from collections import Counter

import numpy as np

from tabcouce.errors import Place
from tabcouce.evaluation.trial import Difference
from tabcouce.explanation.factor import Factor
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import gain, percent, score, signed, significant, with_unit
from tabcouce.report.summary import Curve, EvidenceView, Points, Shape, TargetSummary, WhatIfView
from tabcouce.report.verdict_text import SMALL_GAP, best_model, shuffled_score, unseen
from tabcouce.study.value import Cap

SCORE_EDGE = -0.5
"""R2 below this is drawn at the edge: one failed model must not squash all the others."""
DRAWN_CONTEXTS = 25
COLOURED_CONTEXTS = 6
DRAWN_UNITS = 100
STRONG_PAIR = 0.2
"""Share of a joint move that does not add up, from which a pair is named."""
LEVELS = 8
"""Levels of a category that a chart has room for."""
OUTER = 1.5
"""Axes reach this many times the 5 to 95 % range beyond it, if values lie there."""


def unit_suffix(unit: str | None, w: Words) -> str:
    """', MPa' for titles of columns and axes; '' where the unit is not known."""
    return w("unit.suffix", unit=unit) if unit else ""


def unit_beside(name: str, unit: str | None) -> str | None:
    """The unit; None where the name says it already ('温度[℃]' and °C)."""
    told = unit is None or unicodedata.normalize("NFKC", unit) in unicodedata.normalize("NFKC", name)
    return None if told else unit


def named(name: str, unit: str | None) -> str:
    """'Temperature, degC' for an axis."""
    shown = unit_beside(name, unit)
    return name if shown is None else f"{name}, {shown}"


def place_text(place: Place, w: Words) -> str:
    """'press.xlsx, sheet “March”, row 214', the parts that are known."""
    parts = [
        place.file,
        None if place.sheet is None else w("place.sheet", sheet=place.sheet),
        None if place.row is None else w("place.row", row=place.row),
        None if place.column is None else w("place.column", column=place.column),
    ]
    return w.messages["list.join"].join(part for part in parts if part)


def short_split(split: str, w: Words) -> str:
    """'new machine', 'shuffled': a split in a label."""
    kind, _, column = split.partition(":")
    return w(f"split_short.{kind}", column=column) if kind == "unseen" else w.label("split_short", kind)


def long_split(split: str, w: Words) -> str:
    """'New “machine”', 'Shuffled rows': a split in a heading."""
    kind, _, column = split.partition(":")
    return w(f"split.{kind}", column=column) if kind == "unseen" else w.label("split", kind)


def sentences(w: Words, *parts: str) -> str:
    """Sentences one after the other, with a space only where the language has one."""
    return w.messages["list.join_sentences"].join(part for part in parts if part)


NORMAL_ROWS = "normal rows per fold"


def cap_text(cap: Cap, w: Words) -> str:
    """'training rows per fold, LightGBM: 10,000 of 33,000': a limit that bit."""
    what, _, model = cap.what.partition(", ")
    known = f"cap.{what}" in w.messages
    group = "detector" if what == NORMAL_ROWS else "model"
    shown = w(f"cap.{what}", model=w.label(group, model)) if known else cap.what
    return w("checked.cap", what=shown, limit=f"{cap.limit:,}", had=f"{cap.had:,}")


def honesty(target: TargetSummary, w: Words) -> str:
    """From split to split, how the chosen model's score falls."""
    model = best_model(target)
    steps = [
        f"{short_split(proof.key, w)} {score(found.value)}"
        for proof in target.splits
        if (found := target.score(proof.key, model, target.metric)) is not None
    ]
    clipped = any(
        (found := scores.metrics.get(target.metric)) is not None
        and found.value is not None
        and min(found.value, found.value if found.low is None else found.low) < SCORE_EDGE
        for scores in target.scores
    )
    say = w(
        "chart.honesty_say",
        model=w.label("model", model),
        steps=" → ".join(steps) if len(steps) > 1 else ", ".join(steps),
        model_gap=w("chart.honesty_gap") if len(steps) > 1 else "",
    )
    edge = w("chart.honesty_clip", edge=SCORE_EDGE) if clipped else ""
    return sentences(w, say.strip(), _honesty_means(target, model, w), edge)


def _honesty_means(target: TargetSummary, model: str, w: Words) -> str:
    """What the distance between shuffled and honest scores means for this user; '' without both."""
    shuffled = shuffled_score(target, model)
    honest = target.score(target.headline, model, target.metric)
    if target.headline == "shuffled" or shuffled is None or honest is None:
        return ""
    assert shuffled.value is not None and honest.value is not None  # `score` returns no other
    key = "chart.honesty_lost" if shuffled.value - honest.value > SMALL_GAP else "chart.honesty_same"
    later = None if target.headline == "forward" else target.score("forward", model, target.metric)
    return sentences(
        w,
        w(key, shuffled=score(shuffled.value), honest=score(honest.value), held=unseen(target, w)),
        "" if later is None else w("chart.honesty_later", forward=score(later.value)),
    )


def comparison(difference: Difference, w: Words) -> str:
    return w(
        "table.difference",
        first=w.label("model", difference.first),
        second=w.label("model", difference.second),
    )


def differences(target: TargetSummary, w: Words) -> str:
    """The comparison that decided: the recommended model's, else the last one made."""
    made = target.verdict.differences
    chosen = next((d for d in made if d.first == target.verdict.recommended), made[-1])
    gained = gain(chosen.gain)
    if chosen.low is None or chosen.high is None:
        return w("chart.differences_say_plain", comparison=comparison(chosen, w), gain=gained)
    key = "chart.differences_say_blocks" if target.by_blocks else "chart.differences_say"
    say = w(
        key,
        comparison=comparison(chosen, w),
        gain=gained,
        low=score(chosen.low),
        high=score(chosen.high),
        ahead=sum(value is not None and value > 0 for value in chosen.per_unit.values()),
        units=len(chosen.per_unit),
    )
    total = max(len(d.per_unit) for d in made)
    far = any(value is not None and abs(value) > 1 for d in made for value in d.per_unit.values())
    return sentences(
        w,
        say,
        w("chart.differences_clip") if far else "",
        w("chart.units_shown", shown=DRAWN_UNITS, total=total) if total > DRAWN_UNITS else "",
    )


def per_context(target: TargetSummary, model: str) -> list[tuple[str, float]]:
    """Contexts of the headline split from worst to best, by RMSE or AUC of one model."""
    scores = target.of(target.headline, model)
    key = "rmse" if target.is_regression else "auc"
    if scores is None:
        return []
    known = [
        (unit, found.value)
        for unit, metrics in scores.per_context.items()
        if (found := metrics.get(key)) is not None and found.value is not None
    ]
    return sorted(known, key=lambda pair: pair[1], reverse=target.is_regression)


def contexts(target: TargetSummary, w: Words) -> str:
    model = best_model(target)
    ranked = per_context(target, model)
    unit = target.target.unit if target.is_regression else None
    write = significant if target.is_regression else score
    say = w(
        "chart.contexts_say",
        model=w.label("model", model),
        best=context_name(target, ranked[-1][0]),
        best_value=with_unit(write(ranked[-1][1]), unit),
        worst=context_name(target, ranked[0][0]),
        worst_value=with_unit(write(ranked[0][1]), unit),
    )
    shown = ""
    if len(ranked) > DRAWN_CONTEXTS:
        shown = w("chart.contexts_shown", shown=DRAWN_CONTEXTS, total=len(ranked))
    return sentences(w, say, shown)


def largest_errors(points: Points, model: str, *, limit: int) -> list[str]:
    """Contexts in the order of their mean squared error, the worst first."""
    predicted = np.array(points.predicted[model], float)
    square = (np.array(points.observed) - predicted) ** 2
    names = np.array(points.context, object)
    mean = {
        name: float(np.nanmean(square[names == name]))
        for name in dict.fromkeys(points.context)
        if np.isfinite(square[names == name]).any()
    }
    return sorted(mean, key=lambda name: -mean[name])[:limit]


def points(target: TargetSummary, drawn: Points, model: str, w: Words) -> str:
    """How far the middle row is off, and where the large errors are."""
    fields = {"model": w.label("model", model), "unseen": unseen(target, w)}
    predicted = np.array(drawn.predicted[model], float)
    observed = np.array(drawn.observed)
    if target.is_regression:
        say = w(
            "chart.points_say",
            **fields,
            half=with_unit(
                significant(float(np.nanmedian(np.abs(observed - predicted)))), target.target.unit
            ),
            worst=w.listing([context_name(target, name) for name in largest_errors(drawn, model, limit=2)]),
        )
    elif len(target.target.classes) == 2:
        positive = list(target.target.classes)[1]
        high, low = (
            score(float(np.nanmedian(predicted[part]))) if part.any() else "-"
            for part in (observed == 1, observed != 1)
        )
        say = w("chart.points_say_classes", **fields, positive=positive, high=high, low=low)
    else:
        say = w("chart.points_say_many", **fields, high=score(float(np.nanmedian(predicted))))
    shown = ""
    if drawn.total > len(drawn.rows):
        key = "chart.points_shown" if target.is_regression else "chart.points_shown_classes"
        shown = w(key, shown=f"{len(drawn.rows):,}", total=f"{drawn.total:,}")
    return sentences(w, say, shown, w("chart.points_zoom"))


def importance(target: TargetSummary, model: str, w: Words) -> str:
    top = target.factors_of(model)[:3]
    supported = any(factor.strength > 0 for factor in top)
    return w(
        "chart.importance_say" if supported else "chart.importance_unsupported",
        names=w.listing([factor.name for factor in top]),
        percent=percent(sum(factor.share for factor in top)),
    )


def drawn_range(values: tuple[float, ...]) -> tuple[float, float]:
    """Where a factor's axis ends: one glitched cell near 1e33 must not squash all the others."""
    if not values:
        return 0.0, 0.0
    inner_low, inner_high = np.quantile(values, [0.05, 0.95])
    reach = OUTER * (inner_high - inner_low)
    if reach == 0:
        return min(values), max(values)
    return max(min(values), float(inner_low - reach)), min(max(values), float(inner_high + reach))


def direction_word(factor: Factor, w: Words) -> str:
    """'increases' and so on; a category has levels, not a direction."""
    shown = factor.shown_direction
    by_level = factor.correlation is None and shown == "mixed"
    return w.label("direction", "by_level" if by_level else shown)


def shown_levels(drawn: Curve, w: Words) -> tuple[str, ...]:
    """Level of each row of a category; all but the most frequent ones are 'others'."""
    common = [level for level, _ in Counter(drawn.levels).most_common(LEVELS)]
    rest = w("chart.other")
    return tuple(level if level in common else rest for level in drawn.levels)


def level_means(drawn: Curve, w: Words) -> dict[str, float]:
    """Mean contribution of each shown level, the highest first."""
    levels = np.array(shown_levels(drawn, w), object)
    contribution = np.array(drawn.contribution)
    mean = {level: float(contribution[levels == level].mean()) for level in dict.fromkeys(levels)}
    return dict(sorted(mean.items(), key=lambda pair: -pair[1]))


def curve(drawn: Curve, direction: str, unit: str | None, w: Words) -> str:
    """Direction, how far the contribution goes, and what lies beyond the axis."""
    word = w.label("direction", direction)
    if drawn.levels:
        mean = level_means(drawn, w)
        highest, lowest = next(iter(mean)), next(reversed(mean))
        return w(
            "chart.curve_say_levels",
            lowest=lowest,
            low=significant(mean[lowest], 2),
            highest=highest,
            high=with_unit(significant(mean[highest], 2), unit),
        )
    if not drawn.mean:
        return w("chart.curve_say_flat", direction=word)
    if drawn.shape is not None:
        return _shape_say(drawn, drawn.shape, word, unit, w)
    low, high = drawn_range(drawn.values)
    beyond = sum(not low <= value <= high for value in drawn.values)
    say = w(
        "chart.curve_say",
        direction=word,
        low=significant(min(drawn.mean), 2),
        high=with_unit(significant(max(drawn.mean), 2), unit),
    )
    return sentences(w, say, w("chart.curve_beyond", n=beyond) if beyond else "")


def _shape_say(drawn: Curve, shape: Shape, word: str, unit: str | None, w: Words) -> str:
    """How far the curve goes, and where only one context bears it out."""
    say = w(
        "chart.shape_say",
        direction=word,
        span=with_unit(significant(max(shape.effect) - min(shape.effect), 2), unit),
        contexts=len(shape.lines),
    )
    low, high = drawn_range(drawn.values) if drawn.values else (shape.edges[0], shape.edges[-1])
    beyond = sum(not low <= value <= high for value in drawn.values)
    return sentences(
        w,
        say,
        "" if all(shape.supported) else w("chart.shape_unsupported"),
        w("chart.curve_beyond", n=beyond) if beyond else "",
    )


def what_if(target: TargetSummary, view: WhatIfView, w: Words) -> str:
    """Which factor moves the typical row furthest, and where the panels must not be believed."""
    model = w.label("model_in", target.explained_model or "")
    furthest = max(view.panels, key=lambda panel: max(panel.prediction[0]) - min(panel.prediction[0]))
    ends = furthest.prediction[0]
    unit = target.target.unit if target.is_regression else None
    band = "" if view.half_width is None else w("chart.what_if_band")
    return sentences(
        w,
        w(
            "chart.what_if_say",
            model=model,
            name=furthest.name,
            low=significant(min(ends)),
            high=with_unit(significant(max(ends)), unit),
        ),
        band,
        w("chart.what_if_outside"),
    )


def swarm(target: TargetSummary, w: Words) -> str:
    """The factor whose contributions reach furthest, between which ends, and which way it works."""
    middle = {curve.name: np.quantile(curve.contribution, (0.05, 0.95)) for curve in target.curves}
    name = max(middle, key=lambda each: float(np.ptp(middle[each])))
    direction = next((f.direction for f in target.factors if f.name == name), "mixed")
    unit = target.target.unit if target.is_regression else None
    low, high = (signed(significant(float(end), 2)) for end in middle[name])
    told = {"increases": w("swarm.rises"), "decreases": w("swarm.falls")}.get(direction, "")
    return w("swarm.say", name=name, low=low, high=with_unit(high, unit), direction=told)


def evidence(view: EvidenceView, w: Words) -> str:
    """What the encoder leaned on by the end, the proxies' part, and what stays open."""
    leading = max(view.lines, key=lambda name: view.lines[name][-1], default="")
    proxies = ""
    if view.proxies:
        proxies = w(
            "chart.evidence_proxies",
            names=w.listing(list(view.proxies)),
            percent=percent(view.proxy_share[-1]),
            most=percent(max(view.proxy_share)),
        )
    return sentences(
        w,
        w("chart.evidence_say", name=leading, percent=percent(view.lines[leading][-1]) if leading else "0"),
        proxies,
        w("chart.evidence_open", shared=percent(view.shared), gap=percent(view.gap)),
    )


def together(target: TargetSummary, w: Words) -> str:
    """Columns that move together and the strongest pair, in sentences; '' without any."""
    groups = [
        w("page.group", names=w.listing([w("list.quoted", name=name) for name in group.columns], 6))
        for group in target.groups[:3]
    ]
    strong = [pair for pair in target.pairs if pair.share >= STRONG_PAIR][:3]
    pairs = [w("page.pair", first=p.first, second=p.second, percent=percent(p.share)) for p in strong]
    return sentences(
        w,
        *groups,
        *pairs,
        w("page.pairs_none") if target.pairs and not strong else "",
    )


def context_name(target: TargetSummary, name: str) -> str:
    """'13' alone says nothing: 'case 13'."""
    return level_name(target.headline_column, name)


def level_name(column: str | None, name: str) -> str:
    """The level of a context column; a number alone with its column's name before it."""
    return f"{column} {name}" if column and name.replace(".", "", 1).isdigit() else name


def curves(target: TargetSummary, w: Words) -> str:
    cut = any(len(drawn.rows) < drawn.total for drawn in target.curves)
    unit = target.target.unit if target.is_regression else None
    limit = max((len(drawn.rows) for drawn in target.curves), default=0)
    shown = w("chart.curve_shown", limit=limit) if cut else ""
    if any(drawn.shape is not None for drawn in target.curves):
        return w("chart.shapes_say", unit=unit_suffix(unit, w), shown=shown).strip()
    return w("chart.curves_say", unit=unit_suffix(unit, w), shown=shown).strip()
