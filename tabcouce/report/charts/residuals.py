"""Charts of residuals: by held-out context, and along time."""

from __future__ import annotations

import altair as alt

from tabcouce.report.captions import unit_suffix
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import BLUE, GREY, INK, ROWS, Spec, finish, inline
from tabcouce.report.residual_text import MOST_CONTEXTS, Residuals, context_means, stretch_means
from tabcouce.report.summary import TargetSummary


def residuals_by_context(target: TargetSummary, found: Residuals, w: Words) -> Spec:
    """One row of marks per context, its mean as a tick; the mean furthest from zero on top."""
    means = dict(list(context_means(found).items())[:MOST_CONTEXTS])
    rows = [
        {"f0": float(f"{value:.4g}"), "f1": context, "f2": int(row)}
        for value, context, row in zip(found.value, found.context, found.row, strict=True)
        if context in means
    ]
    title = w("residual.axis", unit=unit_suffix(target.target.unit, w))
    x = alt.X("f0:Q", title=title, axis=alt.Axis(tickCount=8))
    y = alt.Y("f1:N", sort=list(means), title=None, axis=alt.Axis(ticks=False, labelLimit=220))
    cloud = alt.Chart(ROWS).mark_point(filled=True, size=16, opacity=0.35, color=BLUE)
    cloud = cloud.encode(x=x, y=y, tooltip=_tips(title, w))
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
        {"f0": float(f"{value:.4g}"), "f1": context, "f2": int(row), "f3": int(place)}
        for value, context, row, place in zip(
            found.value, found.context, found.row, found.position, strict=True
        )
    ]
    title = w("residual.axis_centred", unit=unit_suffix(target.target.unit, w))
    end = len(rows) - 1
    x = alt.X("f3:Q", title=w("residual.order"), scale=alt.Scale(domain=[0, end], nice=False))
    y = alt.Y("f0:Q", title=title, axis=alt.Axis(tickCount=6))
    cloud = alt.Chart(ROWS).mark_point(filled=True, size=16, opacity=0.35, color=BLUE)
    cloud = cloud.encode(x=x, y=y, tooltip=_tips(title, w))
    middle, mean = stretch_means(found)
    steps = [{"f3": float(a), "f0": float(b)} for a, b in zip(middle, mean, strict=True)]
    line = alt.Chart(inline(steps)).mark_line(color="#D55E00", strokeWidth=2.5).encode(x=x, y=y)
    return finish(_zero(vertical=False) + cloud + line, rows, height=230)


def _tips(title: str, w: Words) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("f2:Q", title=w("chart.row"), format="d"),
        alt.Tooltip("f1:N", title=w("chart.context")),
        alt.Tooltip("f0:Q", title=title, format="+.4~g"),
    ]


def _zero(*, vertical: bool) -> alt.Chart:
    rule = alt.Chart(inline([{"f0": 0.0}])).mark_rule(color=INK if vertical else GREY, strokeWidth=1)
    return rule.encode(x="f0:Q") if vertical else rule.encode(y="f0:Q")
