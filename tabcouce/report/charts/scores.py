"""Charts of scores: split honesty, paired differences, held-out contexts."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from tabcouce.report import captions
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import (
    BLUE,
    GREY,
    INK,
    ROWS,
    WIDTH,
    Spec,
    colours_and_shapes,
    finish,
    inline,
    mark_at,
)
from tabcouce.report.naming import comparison, short_split, unit_suffix
from tabcouce.report.summary import TargetSummary
from tabcouce.report.verdict_text import CHANCE, best_model


def honesty_strip(target: TargetSummary, w: Words) -> Spec:
    """Each model's score under every split, with its interval; runs that knew the contexts apart."""
    edge = captions.SCORE_EDGE if target.metric == "r2" else 0.0
    rows: list[dict[str, Any]] = []
    splits = [short_split(proof.key, w) for proof in target.splits]
    runs = [(model, mode) for model in target.models for mode in target.modes(model)]
    for proof, name in zip(target.splits, splits, strict=True):
        for model, mode in runs:
            found = target.score(proof.key, model, target.metric, mode)
            if found is None or found.value is None:
                continue
            low, high = (found.value if end is None else end for end in (found.low, found.high))
            rows.append(
                {
                    "f0": _run_name(model, mode, w),
                    "f1": name,
                    "f2": max(found.value, edge),
                    "f3": max(low, edge),
                    "f4": max(high, edge),
                    "f5": found.value,
                    "f6": found.low,
                    "f7": found.high,
                }
            )
    models = [_run_name(model, mode, w) for model, mode in runs]
    colour, shape = colours_and_shapes(splits)
    metric = w.label("metric", target.metric)
    tips = [
        alt.Tooltip("f0:N", title=w("chart.model")),
        alt.Tooltip("f1:N", title=w("chart.split")),
        alt.Tooltip("f5:Q", title=metric, format=".3f"),
        alt.Tooltip("f6:Q", title=w("chart.low"), format=".3f"),
        alt.Tooltip("f7:Q", title=w("chart.high"), format=".3f"),
    ]
    place = alt.Chart(ROWS).encode(
        y=alt.Y("f0:N", sort=models, title=None, axis=alt.Axis(grid=False, ticks=False, labelLimit=340)),
        yOffset=alt.YOffset("f1:N", sort=splits, scale=alt.Scale(paddingOuter=0.6)),
        tooltip=tips,
    )
    lowest = min([row["f3"] for row in rows] + [CHANCE.get(target.metric, 0.0)])
    domain = alt.Scale(domain=[float(np.floor(lowest * 10) / 10) - 0.04, 1.02], nice=False)
    ticks = alt.Axis(tickCount=8, format=".2~f")
    x = alt.X("f2:Q", title=metric, scale=domain, axis=ticks)
    spans = place.mark_rule(strokeWidth=2, opacity=0.55).encode(
        x=alt.X("f3:Q", title=metric, scale=domain, axis=ticks),
        x2="f4:Q",
        color=alt.Color("f1:N", scale=colour),
    )
    marks = place.mark_point(filled=True, size=70, opacity=1).encode(
        x=x,
        color=alt.Color("f1:N", scale=colour, sort=splits),
        shape=alt.Shape("f1:N", scale=shape, sort=splits),
    )
    chance = mark_at(CHANCE.get(target.metric, 0.0), domain)
    return finish(chance + spans + marks, rows, height=len(models) * (14 * len(splits) + 14))


def _run_name(model: str, mode: str, w: Words) -> str:
    name = w.label("model", model)
    return name if mode == "blind" else w("book.known", model=name)


def difference_forest(target: TargetSummary, w: Words) -> Spec:
    """Pooled gain with both intervals per comparison, and every held-out context behind it."""
    pooled, units, names = [], [], []
    for difference in target.verdict.differences:
        name = comparison(difference, w)
        names.append(name)
        ends = (difference.low, difference.high, difference.low68, difference.high68)
        values = [_clip(difference.gain if end is None else end) for end in ends]
        pooled.append({"f0": name, "f1": _clip(difference.gain), "f6": difference.gain})
        pooled[-1] |= {f"f{k + 2}": value for k, value in enumerate(values)}
        known = sorted((v, unit) for unit, v in difference.per_unit.items() if v is not None)
        if len(known) > captions.DRAWN_UNITS:
            spaced = np.linspace(0, len(known) - 1, captions.DRAWN_UNITS).round().astype(int)
            known = [known[k] for k in spaced]
        units += [{"f0": name, "f1": _clip(v), "f6": v, "f7": unit} for v, unit in known]
    title = w("chart.axis_gain", metric=w.label("metric", target.metric))
    y = alt.Y("f0:N", sort=names, title=None, axis=alt.Axis(grid=False, ticks=False, labelLimit=340))
    gain = alt.Tooltip("f6:Q", title=title, format="+.3f")
    single = (
        alt.Chart(ROWS)
        .mark_point(filled=False, size=34, strokeWidth=1.2, color=GREY, opacity=0.8)
        .encode(
            y=y, x=alt.X("f1:Q", title=title), tooltip=[alt.Tooltip("f7:N", title=w("chart.context")), gain]
        )
    )
    overall = alt.Chart(inline(pooled)).encode(y=y)
    tips = [
        gain,
        alt.Tooltip("f2:Q", title=w("chart.low"), format="+.3f"),
        alt.Tooltip("f3:Q", title=w("chart.high"), format="+.3f"),
    ]
    wide = overall.mark_rule(strokeWidth=2, color=BLUE).encode(x=alt.X("f2:Q", title=title), x2="f3:Q")
    narrow = overall.mark_rule(strokeWidth=6, color=BLUE).encode(x=alt.X("f4:Q", title=title), x2="f5:Q")
    centre = overall.mark_point(filled=True, shape="diamond", size=150, color=INK, opacity=1).encode(
        x=alt.X("f1:Q", title=title), tooltip=tips
    )
    return finish(
        mark_at(0.0, alt.Scale()) + single + wide + narrow + centre,
        units,
        height=44 * len(names) + 10,
        width=WIDTH - 130,
    )


def _clip(gain: float) -> float:
    return float(np.clip(gain, -1.0, 1.0))


def context_scores(target: TargetSummary, w: Words) -> Spec:
    """Error of the chosen model on every held-out context, two others beside it."""
    chosen = best_model(target)
    order = [unit for unit, _ in captions.per_context(target, chosen)][: captions.DRAWN_CONTEXTS]
    models = [m for m in dict.fromkeys((chosen, "lightgbm", "linear", "constant")) if m in target.models]
    models = [m for m in models[:3] if target.is_regression or m != "constant"]
    rows = [
        {"f0": unit, "f1": w.label("model", model), "f2": value}
        for model in reversed(models)
        for unit, value in captions.per_context(target, model)
        if unit in order
    ]
    names = [w.label("model", model) for model in models]
    colour, shape = colours_and_shapes(names)
    title = (
        w("chart.axis_error", unit=unit_suffix(target.target.unit, w))
        if target.is_regression
        else w.label("metric", "auc")
    )
    y = alt.Y("f0:N", sort=order, title=target.headline_column, axis=alt.Axis(ticks=False, grid=True))
    chart = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=70, opacity=0.9)
        .encode(
            y=y,
            x=alt.X(
                "f2:Q",
                title=title,
                scale=alt.Scale(zero=target.is_regression),
                axis=alt.Axis(tickCount=8),
            ),
            color=alt.Color("f1:N", scale=colour, sort=names),
            shape=alt.Shape("f1:N", scale=shape, sort=names),
            tooltip=[
                alt.Tooltip("f0:N", title=w("chart.context")),
                alt.Tooltip("f1:N", title=w("chart.model")),
                alt.Tooltip("f2:Q", title=title, format=".3~g"),
            ],
        )
    )
    return finish(chart, rows, height=22 * len(order) + 10)
