"""Chart of the error on a new context against the number of its rows whose target is known."""

from __future__ import annotations

import altair as alt

from tabcouce.evaluation.shots_curve import ShotsCurve
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import ROWS, Spec, colours_and_shapes, finish
from tabcouce.report.naming import unit_suffix
from tabcouce.report.summary import TargetSummary


def shots_lines(target: TargetSummary, curve: ShotsCurve, w: Words) -> Spec:
    """A line and points per model; the interval over contexts on hover."""
    names = [w.label("model", each.model) for each in curve.curves]
    rows = [
        {"f0": k, "f1": each.error[j], "f2": name, "f3": each.low[j], "f4": each.high[j]}
        for each, name in zip(curve.curves, names, strict=True)
        for j, k in enumerate(curve.shots)
    ]
    colours, shapes = colours_and_shapes(names)
    unit = unit_suffix(target.target.unit, w) if target.is_regression else ""
    error = w.label("metric", curve.metric) + unit
    x = alt.X(
        "f0:Q",
        title=w("chart.shots_axis"),
        scale=alt.Scale(type="sqrt", nice=False),
        axis=alt.Axis(values=list(curve.shots), grid=False),
    )
    y = alt.Y("f1:Q", title=error, scale=alt.Scale(zero=False))
    colour = alt.Color("f2:N", scale=colours)
    tips = [
        alt.Tooltip("f2:N", title=w("table.model")),
        alt.Tooltip("f0:Q", title=w("chart.shots_axis")),
        alt.Tooltip("f1:Q", title=error, format=".3~g"),
        alt.Tooltip("f3:Q", title=w("book.low"), format=".3~g"),
        alt.Tooltip("f4:Q", title=w("book.high"), format=".3~g"),
    ]
    base = alt.Chart(ROWS)
    line = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour)
    points = base.mark_point(filled=True, size=60).encode(
        x=x, y=y, color=colour, shape=alt.Shape("f2:N", scale=shapes), tooltip=tips
    )
    return finish(alt.layer(line, points), rows, height=240)
