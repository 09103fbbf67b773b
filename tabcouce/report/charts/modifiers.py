"""Effect of one step of a factor within each level of a context: a forest plot per factor."""

from __future__ import annotations

import altair as alt

from tabcouce.explanation.factor import ContextSlope
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import BLUE, GREY, ROWS, Spec, finish, inline
from tabcouce.report.modifier_text import Modified, told
from tabcouce.report.naming import natural_order, unit_suffix
from tabcouce.report.summary import TargetSummary

ROW = 20
LEVELS = 20
"""Levels drawn per factor, those with the most rows."""


def modifier_forest(target: TargetSummary, shown: tuple[Modified, ...], w: Words) -> Spec:
    """Slope and 95 % interval per level; the dashed line is the effect over all contexts."""
    rows = []
    for k, each in enumerate(shown):
        most = sorted(_levels(target, each), key=lambda one: -one.rows)[:LEVELS]
        for one in most:
            low, mid, high = (each.effect.step * v for v in (one.low, one.slope, one.high))
            rows.append({"f0": one.context, "f1": mid, "f2": low, "f3": high, "f4": one.rows, "f5": k})
    panels = [_panel(target, each, k, w) for k, each in enumerate(shown)]
    return finish(alt.concat(*panels, columns=len(panels), spacing=24), rows, height=0)


def _levels(target: TargetSummary, each: Modified) -> tuple[ContextSlope, ...]:
    return told(each.modifier.slopes, each.effect.step, target.target.spread)


def _panel(target: TargetSummary, each: Modified, k: int, w: Words) -> alt.LayerChart:
    unit = unit_suffix(target.target.unit, w)
    title = w("modifier.axis", unit=unit)
    axis = alt.Axis(tickCount=5)
    mine = alt.Chart(ROWS).transform_filter(f"datum.f5 == {k}")
    levels = sorted((one.context for one in _levels(target, each)), key=natural_order)
    y = alt.Y(
        "f0:N", sort=levels, title=each.modifier.column, axis=alt.Axis(ticks=False, grid=True, labelLimit=120)
    )
    tips = [
        alt.Tooltip("f0:N", title=each.modifier.column),
        alt.Tooltip("f1:Q", title=title, format="+.3~g"),
        alt.Tooltip("f2:Q", title=w("chart.low"), format="+.3~g"),
        alt.Tooltip("f3:Q", title=w("chart.high"), format="+.3~g"),
        alt.Tooltip("f4:Q", title=w("table.n"), format="d"),
    ]
    spans = mine.mark_rule(color=BLUE, strokeWidth=2).encode(
        y=y, x=alt.X("f2:Q", title=title, axis=axis), x2="f3:Q"
    )
    points = mine.mark_point(filled=True, size=70, color=BLUE, opacity=1).encode(
        y=y, x=alt.X("f1:Q", title=title, axis=axis), tooltip=tips
    )
    over_all = [{"f1": each.effect.slope * each.effect.step}]
    rule = alt.Chart(inline(over_all)).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="f1:Q")
    made: alt.LayerChart = alt.layer(rule, spans, points, title=each.factor.name)
    return made.properties(width=180, height=ROW * min(len(levels), LEVELS) + 20)
