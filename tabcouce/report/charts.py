"""Vega-Lite specs of the report's charts; the only module that imports altair.

Every field has a neutral name (f0, f1, ...): a dot, bracket or script in a column name means
something to Vega-Lite and to the page. The user's names appear only as titles and cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from tabcouce.report import captions
from tabcouce.report.captions import unit_suffix
from tabcouce.report.catalogue import Words
from tabcouce.report.summary import Curve, Points, TargetSummary
from tabcouce.report.verdict_text import CHANCE, best_model

FONT = 'system-ui, "Yu Gothic UI", Meiryo, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", sans-serif'
INK, MUTED, LINE = "#1d2430", "#5b6472", "#d9dee5"
BLUE, GREY = "#0072B2", "#8a929e"
PALETTE = [BLUE, "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
"""Okabe and Ito (2008): told apart with every common colour blindness."""
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
WIDTH = 700
FACTORS = 15
CHOICES = 200
Spec = dict[str, Any]


def _finish(chart: alt.LayerChart | alt.Chart, height: float, width: float = WIDTH) -> Spec:
    """Size and style; without the schema address, so that the page names no outside place."""
    styled = (
        chart.properties(width=width, height=height)
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED,
            titleColor=INK,
            gridColor="#eceff3",
            domainColor=LINE,
            tickColor=LINE,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelLimit=220,
            labelPadding=8,
            titleLimit=width,
        )
        .configure_legend(
            orient="top", title=None, labelFontSize=12, labelColor=INK, labelLimit=260, columns=4
        )
    )
    spec: Spec = styled.to_dict()
    spec.pop("$schema", None)
    return spec


def _data(rows: list[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=rows)


def _scale(names: Sequence[str], *, rest: bool = False) -> tuple[alt.Scale, alt.Scale]:
    """Colour and shape per name; with `rest`, the last name is the grey remainder."""
    colours = [PALETTE[k % len(PALETTE)] for k in range(len(names))]
    shapes = [SHAPES[k % len(SHAPES)] for k in range(len(names))]
    if rest:
        colours[-1], shapes[-1] = GREY, "circle"
    return alt.Scale(domain=list(names), range=colours), alt.Scale(domain=list(names), range=shapes)


def honesty_strip(target: TargetSummary, w: Words) -> Spec:
    """Each model's score under every split, with its interval."""
    edge = captions.SCORE_EDGE if target.metric == "r2" else 0.0
    rows: list[dict[str, Any]] = []
    splits = [captions.short_split(proof.key, w) for proof in target.splits]
    for proof, name in zip(target.splits, splits, strict=True):
        for model in target.models:
            found = target.score(proof.key, model, target.metric)
            if found is None or found.value is None:
                continue
            low, high = (found.value if end is None else end for end in (found.low, found.high))
            rows.append(
                {
                    "f0": w.label("model", model),
                    "f1": name,
                    "f2": max(found.value, edge),
                    "f3": max(low, edge),
                    "f4": max(high, edge),
                    "f5": found.value,
                    "f6": found.low,
                    "f7": found.high,
                }
            )
    models = [w.label("model", model) for model in target.models]
    colour, shape = _scale(splits)
    metric = w.label("metric", target.metric)
    tips = [
        alt.Tooltip("f0:N", title=w("chart.model")),
        alt.Tooltip("f1:N", title=w("chart.split")),
        alt.Tooltip("f5:Q", title=metric, format=".3f"),
        alt.Tooltip("f6:Q", title=w("chart.low"), format=".3f"),
        alt.Tooltip("f7:Q", title=w("chart.high"), format=".3f"),
    ]
    place = alt.Chart(_data(rows)).encode(
        y=alt.Y("f0:N", sort=models, title=None, axis=alt.Axis(grid=False, ticks=False)),
        yOffset=alt.YOffset("f1:N", sort=splits, scale=alt.Scale(paddingOuter=0.6)),
        tooltip=tips,
    )
    lowest = min([row["f3"] for row in rows] + [CHANCE.get(target.metric, 0.0)])
    domain = alt.Scale(domain=[float(np.floor(lowest * 10) / 10) - 0.04, 1.02], nice=False)
    ticks = alt.Axis(tickCount=8, format=".1f")
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
    chance = _mark_at(CHANCE.get(target.metric, 0.0), domain)
    return _finish(chance + spans + marks, height=len(models) * (14 * len(splits) + 14))


def _mark_at(at: float, scale: alt.Scale) -> alt.Chart:
    """A dashed line; its scale must be the other layers', or Vega-Lite joins in a zero."""
    place = alt.X("f9:Q", scale=scale)
    return alt.Chart(_data([{"f9": at}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=place)


def difference_forest(target: TargetSummary, w: Words) -> Spec:
    """Pooled gain with both intervals per comparison, and every held-out context behind it."""
    pooled, units, names = [], [], []
    for difference in target.verdict.differences:
        name = captions.comparison(difference, w)
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
        alt.Chart(_data(units))
        .mark_point(filled=False, size=34, strokeWidth=1.2, color=GREY, opacity=0.8)
        .encode(
            y=y, x=alt.X("f1:Q", title=title), tooltip=[alt.Tooltip("f7:N", title=w("chart.context")), gain]
        )
    )
    overall = alt.Chart(_data(pooled)).encode(y=y)
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
    return _finish(
        _mark_at(0.0, alt.Scale()) + single + wide + narrow + centre,
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
    colour, shape = _scale(names)
    title = (
        w("chart.axis_error", unit=unit_suffix(target.target.unit, w))
        if target.is_regression
        else w.label("metric", "auc")
    )
    y = alt.Y("f0:N", sort=order, title=None, axis=alt.Axis(ticks=False, grid=True))
    chart = (
        alt.Chart(_data(rows))
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
    return _finish(chart, height=22 * len(order) + 10)


def _picker(contexts: Sequence[str], w: Words) -> alt.Parameter:
    """A list below the chart from which one context is chosen; all are shown at first."""
    names = sorted(set(contexts))[:CHOICES]
    choice = alt.binding_select(
        options=[None, *names], labels=[w("chart.all"), *names], name=w("chart.choose")
    )
    return alt.selection_point(name="pick", fields=["f2"], bind=choice)


def observed_against_predicted(target: TargetSummary, drawn: Points, model: str, w: Words) -> Spec:
    """Held-out rows on the headline split; the contexts with the largest errors in colour."""
    coloured = captions.largest_errors(drawn, model, limit=captions.COLOURED_CONTEXTS)
    rest = len(set(drawn.context)) > len(coloured)
    names = coloured + ([w("chart.other")] if rest else [])
    rows: list[dict[str, Any]] = [
        {"f0": x, "f1": y, "f2": context, "f3": context if context in coloured else names[-1], "f4": row}
        for x, y, context, row in zip(
            drawn.predicted[model], drawn.observed, drawn.context, drawn.rows, strict=True
        )
        if x is not None
    ]
    unit = unit_suffix(target.target.unit, w)
    ends = [value for row in rows for value in (row["f0"], row["f1"])]
    scale = alt.Scale(domain=[min(ends), max(ends)], zero=False, nice=True)
    axis = alt.Axis(tickCount=8)
    x = alt.X("f0:Q", title=w("chart.axis_predicted", unit=unit), scale=scale, axis=axis)
    y = alt.Y("f1:Q", title=w("chart.axis_observed", unit=unit), scale=scale, axis=axis)
    colour, shape = _scale(names, rest=rest)
    pick = _picker(drawn.context, w)
    line = (
        alt.Chart(_data([{"f0": v, "f1": v} for v in (min(ends), max(ends))]))
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1.2)
        .encode(x=x, y=y)
    )
    marks = (
        alt.Chart(_data(rows))
        .mark_point(filled=True, size=34)
        .encode(
            x=x,
            y=y,
            color=alt.Color("f3:N", scale=colour, sort=names),
            shape=alt.Shape("f3:N", scale=shape, sort=names),
            opacity=alt.condition(pick, alt.value(0.75), alt.value(0.04)),
            tooltip=[
                alt.Tooltip("f4:Q", title=w("chart.row"), format="d"),
                alt.Tooltip("f2:N", title=w("chart.context")),
                alt.Tooltip("f1:Q", title=w("chart.axis_observed", unit=unit), format=".4~g"),
                alt.Tooltip("f0:Q", title=w("chart.axis_predicted", unit=unit), format=".4~g"),
            ],
        )
        .add_params(pick)
    )
    return _finish(line + marks, height=430, width=560)


def class_probabilities(target: TargetSummary, drawn: Points, model: str, w: Words) -> Spec:
    """Held-out probabilities by observed class; spread in height only to part the marks."""
    classes = list(target.target.classes)
    rows = [
        {"f0": p, "f1": classes[int(k)], "f2": context, "f3": (j * 0.618034) % 1, "f4": row}
        for j, (p, k, context, row) in enumerate(
            zip(drawn.predicted[model], drawn.observed, drawn.context, drawn.rows, strict=True)
        )
        if p is not None
    ]
    title = (
        w("chart.axis_probability", positive=classes[1])
        if len(classes) == 2
        else w("chart.axis_probability_own")
    )
    colour, shape = _scale(classes)
    pick = _picker(drawn.context, w)
    chart = (
        alt.Chart(_data(rows))
        .mark_point(filled=True, size=28)
        .encode(
            x=alt.X("f0:Q", title=title, scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("f1:N", sort=classes, title=w("chart.axis_class")),
            yOffset=alt.YOffset("f3:Q", scale=alt.Scale(domain=[-0.2, 1.2])),
            color=alt.Color("f1:N", scale=colour, sort=classes, legend=None),
            shape=alt.Shape("f1:N", scale=shape, sort=classes, legend=None),
            opacity=alt.condition(pick, alt.value(0.6), alt.value(0.03)),
            tooltip=[
                alt.Tooltip("f4:Q", title=w("chart.row"), format="d"),
                alt.Tooltip("f2:N", title=w("chart.context")),
                alt.Tooltip("f1:N", title=w("chart.axis_class")),
                alt.Tooltip("f0:Q", title=title, format=".3f"),
            ],
        )
        .add_params(pick)
    )
    return _finish(chart, height=95 * len(classes))


def importance_bars(target: TargetSummary, model: str, w: Words) -> Spec:
    """Mean absolute contribution of each factor and its spread over the folds."""
    unit = unit_suffix(target.target.unit if target.is_regression else None, w)
    factors = target.factors_of(model)[:FACTORS]
    rows = [
        {
            "f0": factor.name,
            "f1": factor.importance,
            "f2": max(factor.importance - factor.spread, 0.0),
            "f3": factor.importance + factor.spread,
            "f4": w.label("direction", factor.direction),
        }
        for factor in factors
    ]
    names = [factor.name for factor in factors]
    title = w("chart.axis_importance", unit=unit)
    place = alt.Chart(_data(rows)).encode(
        y=alt.Y("f0:N", sort=names, title=None, axis=alt.Axis(grid=False, ticks=False)),
        tooltip=[
            alt.Tooltip("f0:N", title=w("table.factor")),
            alt.Tooltip("f1:Q", title=title, format=".3~g"),
            alt.Tooltip("f4:N", title=w("table.direction")),
        ],
    )
    bars = place.mark_bar(color=BLUE, height=12, cornerRadiusEnd=2).encode(x=alt.X("f1:Q", title=title))
    spans = place.mark_rule(color=INK, strokeWidth=1.4).encode(x=alt.X("f2:Q", title=title), x2="f3:Q")
    return _finish(bars + spans, height=24 * len(names) + 6)


def factor_curve(target: TargetSummary, curve: Curve, w: Words) -> Spec:
    """Value against contribution of one factor."""
    unit = unit_suffix(target.target.unit if target.is_regression else None, w)
    title = w("chart.axis_contribution", unit=unit)
    cells = curve.values or curve.levels
    rows = [
        {"f0": value, "f1": y, "f2": context, "f4": row}
        for value, y, context, row in zip(cells, curve.contribution, curve.context, curve.rows, strict=True)
    ]
    name = curve.name if curve.unit is None or curve.unit in curve.name else f"{curve.name}, {curve.unit}"
    kind = "Q" if curve.values else "N"
    tips = [
        alt.Tooltip("f4:Q", title=w("chart.row"), format="d"),
        alt.Tooltip("f2:N", title=w("chart.context")),
        alt.Tooltip(f"f0:{kind}", title=name, **({"format": ".4~g"} if kind == "Q" else {})),
        alt.Tooltip("f1:Q", title=title, format="+.3~g"),
    ]
    y = alt.Y("f1:Q", title=title, axis=alt.Axis(tickCount=5), scale=alt.Scale(padding=8))
    x = (
        alt.X("f0:Q", title=name, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
        if curve.values
        else alt.X("f0:N", title=name, axis=alt.Axis(labelAngle=0, labelLimit=90))
    )
    cloud = (
        alt.Chart(_data(rows))
        .mark_point(filled=True, size=18, opacity=0.35, color=BLUE)
        .encode(x=x, y=y, tooltip=tips)
    )
    steps = [{"f0": a, "f1": b} for a, b in zip(curve.middle, curve.mean, strict=True)]
    trend = alt.Chart(_data(steps)).mark_line(color="#D55E00", strokeWidth=2.5).encode(x=x, y=y)
    return _finish(cloud + trend if steps else alt.layer(cloud), height=190, width=270)


def has_points(target: TargetSummary, model: str) -> bool:
    """Whether there is any held-out prediction of the model to draw."""
    drawn = target.points
    return drawn is not None and any(p is not None for p in drawn.predicted.get(model, ()))
