"""Charts of factors: importance, and value against contribution."""

from __future__ import annotations

import altair as alt

from tabcouce.report import factor_captions
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import (
    BLUE,
    INK,
    ROWS,
    Spec,
    finish,
    inline,
    lot_opacity,
    lot_picker,
    outcome_unit,
    row_tips,
)
from tabcouce.report.naming import named
from tabcouce.report.row_address import row_text
from tabcouce.report.summary import Curve, TargetSummary

FACTORS = 15


def importance_bars(target: TargetSummary, model: str, w: Words) -> Spec:
    """Strength of each factor as a bar; the model's mean contribution and its spread over folds."""
    unit = outcome_unit(target, w)
    factors = target.factors_of(model)[:FACTORS]
    rows = [
        {
            "f0": factor.name,
            "f1": factor.importance,
            "f2": max(factor.importance - factor.spread, 0.0),
            "f3": factor.importance + factor.spread,
            "f4": factor_captions.direction_word(factor, w),
            "f5": factor.strength,
        }
        for factor in factors
    ]
    names = [factor.name for factor in factors]
    title = w("chart.axis_strength", unit=unit)
    place = alt.Chart(ROWS).encode(
        y=alt.Y("f0:N", sort=names, title=None, axis=alt.Axis(grid=False, ticks=False, labelLimit=320)),
        tooltip=[
            alt.Tooltip("f0:N", title=w("table.factor")),
            alt.Tooltip("f5:Q", title=w("table.strength", unit=unit), format=".3~g"),
            alt.Tooltip("f1:Q", title=w("table.importance", unit=unit), format=".3~g"),
            alt.Tooltip("f4:N", title=w("table.direction")),
        ],
    )
    axis = alt.Axis(tickCount=8)
    bars = place.mark_bar(color=BLUE, height=12, cornerRadiusEnd=2).encode(
        x=alt.X("f5:Q", title=title, axis=axis)
    )
    points = place.mark_point(color=INK, filled=True, size=36, opacity=1).encode(
        x=alt.X("f1:Q", title=title, axis=axis)
    )
    spans = place.mark_rule(color=INK, strokeWidth=1.4).encode(
        x=alt.X("f2:Q", title=title, axis=axis), x2="f3:Q"
    )
    return finish(bars + spans + points, rows, height=24 * len(names) + 6)


def factor_curve(target: TargetSummary, curve: Curve, w: Words) -> Spec:
    """Value against contribution of one factor; a category as one row of marks per level."""
    if curve.levels:
        return _levels(target, curve, w)
    unit = outcome_unit(target, w)
    title = w("chart.axis_contribution", unit=unit)
    low, high = factor_captions.drawn_range(curve.values)
    rows = [
        {
            "f0": min(max(value, low), high),
            "f1": y,
            "f2": context,
            "f4": row_text(target, row),
            "f5": value,
        }
        for value, y, context, row in zip(
            curve.values, curve.contribution, curve.context, curve.rows, strict=True
        )
    ]
    name = named(curve.name, curve.unit)
    tips = [
        *row_tips(target, w, row="f4", context="f2"),
        alt.Tooltip("f5:Q", title=name, format=".4~g"),
        alt.Tooltip("f1:Q", title=title, format="+.3~g"),
    ]
    y = alt.Y("f1:Q", title=title, axis=alt.Axis(tickCount=5), scale=alt.Scale(padding=8))
    x = alt.X("f0:Q", title=name, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    cloud = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=18, color=BLUE)
        .encode(x=x, y=y, tooltip=tips, opacity=lot_opacity("f2", 0.35, 0.02))
        .add_params(lot_picker())
    )
    steps = [{"f0": min(max(a, low), high), "f1": b} for a, b in zip(curve.middle, curve.mean, strict=True)]
    trend = alt.Chart(inline(steps)).mark_line(color="#D55E00", strokeWidth=2.5).encode(x=x, y=y)
    return finish(cloud + trend if steps else alt.layer(cloud), rows, height=190, width=270)


def _levels(target: TargetSummary, curve: Curve, w: Words) -> Spec:
    """Contributions per level, the level with the highest mean on top."""
    unit = outcome_unit(target, w)
    title = w("chart.axis_contribution", unit=unit)
    shown = factor_captions.shown_levels(curve, w)
    rows = [
        {"f0": level, "f1": contribution, "f2": context, "f4": row_text(target, row), "f5": text}
        for level, contribution, context, row, text in zip(
            shown, curve.contribution, curve.context, curve.rows, curve.levels, strict=True
        )
    ]
    mean = factor_captions.level_means(curve, w)
    axis = alt.Axis(ticks=False, labelLimit=110)
    y = alt.Y("f0:N", sort=list(mean), title=None, axis=axis)
    x = alt.X("f1:Q", title=title, axis=alt.Axis(tickCount=5))
    cloud = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=18, color=BLUE)
        .encode(
            x=x,
            y=y,
            opacity=lot_opacity("f2", 0.35, 0.02),
            tooltip=[
                *row_tips(target, w, row="f4", context="f2"),
                alt.Tooltip("f5:N", title=curve.name),
                alt.Tooltip("f1:Q", title=title, format="+.3~g"),
            ],
        )
        .add_params(lot_picker())
    )
    centre = (
        alt.Chart(inline([{"f0": level, "f1": value} for level, value in mean.items()]))
        .mark_tick(color="#D55E00", thickness=3, size=14)
        .encode(x=x, y=y)
    )
    return finish(cloud + centre, rows, height=max(22 * len(mean), 66), width=220)
