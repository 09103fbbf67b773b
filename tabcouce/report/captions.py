"""One sentence per chart of scores and predictions that says what to see, from the numbers drawn."""

from __future__ import annotations

import numpy as np

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import gain, score, significant, with_unit
from tabcouce.report.naming import comparison, context_name, sentences, short_split
from tabcouce.report.summary import Points, TargetSummary
from tabcouce.report.verdict_text import SMALL_GAP, best_model, shuffled_score, unseen

SCORE_EDGE = -0.5
"""R2 below this is drawn at the edge: one failed model must not squash all the others."""
DRAWN_CONTEXTS = 25
COLOURED_CONTEXTS = 6
DRAWN_UNITS = 100


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


def differences(target: TargetSummary, w: Words) -> str:
    """The comparison that decided: the best model's, else the last one made."""
    made = target.verdict.differences
    chosen = next((d for d in made if d.first == best_model(target)), made[-1])
    gained = gain(chosen.gain)
    if chosen.low is None or chosen.high is None:
        return w("chart.differences_say_plain", comparison=comparison(chosen, w), gain=gained)
    key = "chart.differences_say_blocks" if target.by_blocks else "chart.differences_say"
    say = w(
        key,
        comparison=comparison(chosen, w),
        gain=gained,
        low=gain(chosen.low),
        high=gain(chosen.high),
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
        positive = target.target.positive
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
