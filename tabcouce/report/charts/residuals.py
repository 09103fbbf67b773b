"""Charts of residuals: by held-out context, and along time."""

from __future__ import annotations

import altair as alt

from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import (
    BLUE,
    GREY,
    INK,
    ROWS,
    Spec,
    finish,
    inline,
    lot_opacity,
    lot_picker,
    row_tips,
    zoom,
)
from tabcouce.report.naming import unit_suffix
from tabcouce.report.residual_text import MOST_CONTEXTS, Residuals, context_means, stretch_means
from tabcouce.report.row_address import row_text
from tabcouce.report.summary import TargetSummary

ROOM = 6
"""Pixels between the outermost marks and the frame, so that none is cut."""


def residuals_by_context(target: TargetSummary, found: Residuals, w: Words) -> Spec:
    """One row of marks per context, its mean as a tick; the mean furthest from zero on top."""
    means = dict(list(context_means(found).items())[:MOST_CONTEXTS])
    rows = [
        {"f0": float(f"{value:.4g}"), "f1": context, "f2": row_text(target, int(row))}
        for value, context, row in zip(found.value, found.context, found.row, strict=True)
        if context in means
    ]
    title = w("residual.axis", unit=unit_suffix(target.target.unit, w))
    x = alt.X("f0:Q", title=title, axis=alt.Axis(tickCount=8))
    y = alt.Y(
        "f1:N", sort=list(means), title=target.headline_column, axis=alt.Axis(ticks=False, labelLimit=220)
    )
    cloud = _cloud(x, y, target, title, w)
    centre = alt.Chart(inline([{"f0": mean, "f1": name} for name, mean in means.items()]))
    ticks = centre.mark_tick(color="#D55E00", thickness=3, size=14).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("f1:N", title=w("chart.context")),
            alt.Tooltip("f0:Q", title=w("residual.mean"), format="+.3~g"),
        ],
    )
    return finish(_zero(vertical=True) + cloud + ticks, rows, height=max(20 * len(means), 60))


def residuals_along_time(target: TargetSummary, found: Residuals, w: Words) -> Spec:
    """Every residual in its order, and the mean of equal stretches; `found` is centred."""
    rows = [
        {"f0": float(f"{value:.4g}"), "f1": context, "f2": row_text(target, int(row)), "f3": int(place)}
        for value, context, row, place in zip(
            found.value, found.context, found.row, found.position, strict=True
        )
    ]
    title = w("residual.axis_centred", unit=unit_suffix(target.target.unit, w))
    end = len(rows) - 1
    x = alt.X("f3:Q", title=w("residual.order"), scale=alt.Scale(domain=[0, end], nice=False, padding=ROOM))
    y = alt.Y("f0:Q", title=title, axis=alt.Axis(tickCount=6), scale=alt.Scale(padding=ROOM))
    cloud = _cloud(x, y, target, title, w).add_params(zoom())
    middle, mean = stretch_means(found)
    steps = [{"f3": float(a), "f0": float(b)} for a, b in zip(middle, mean, strict=True)]
    line = alt.Chart(inline(steps)).mark_line(color="#D55E00", strokeWidth=2.5, clip=True).encode(x=x, y=y)
    return finish(_zero(vertical=False) + cloud + line, rows, height=230)


def _cloud(x: alt.X, y: alt.Y, target: TargetSummary, title: str, w: Words) -> alt.Chart:
    tips = [
        *row_tips(target, w, row="f2", context="f1"),
        alt.Tooltip("f0:Q", title=title, format="+.4~g"),
    ]
    marks = alt.Chart(ROWS).mark_point(filled=True, size=16, color=BLUE, clip=True)
    drawn = marks.encode(x=x, y=y, tooltip=tips, opacity=lot_opacity("f1", 0.35, 0.02))
    return drawn.add_params(lot_picker())


def _zero(*, vertical: bool) -> alt.Chart:
    rule = alt.Chart(inline([{"f0": 0.0}])).mark_rule(color=INK if vertical else GREY, strokeWidth=1)
    return rule.encode(x="f0:Q") if vertical else rule.encode(y="f0:Q")
