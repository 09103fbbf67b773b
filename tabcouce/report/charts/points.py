"""Charts of held-out predictions, one mark per row; hover shows the row's address in the file."""

from __future__ import annotations

from typing import Any

import altair as alt

from tabcouce.report import captions
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import (
    GREY,
    ROWS,
    Spec,
    colours_and_shapes,
    finish,
    inline,
    lot_opacity,
    lot_picker,
    row_tips,
    zoom,
)
from tabcouce.report.naming import context_name, unit_suffix
from tabcouce.report.row_address import row_text
from tabcouce.report.summary import Points, TargetSummary


def has_points(target: TargetSummary, model: str) -> bool:
    """Whether there is any held-out prediction of the model to draw."""
    drawn = target.points
    return drawn is not None and any(p is not None for p in drawn.predicted.get(model, ()))


def observed_against_predicted(target: TargetSummary, drawn: Points, model: str, w: Words) -> Spec:
    """Held-out rows on the headline split; the contexts with the largest errors in colour."""
    coloured = captions.largest_errors(drawn, model, limit=captions.COLOURED_CONTEXTS)
    rest = len(set(drawn.context)) > len(coloured)
    names = [context_name(target, one) for one in coloured] + ([w("chart.other")] if rest else [])
    rows: list[dict[str, Any]] = [
        {
            "f0": x,
            "f1": y,
            "f2": context,
            "f3": context_name(target, context) if context in coloured else names[-1],
            "f4": row_text(target, row),
        }
        for x, y, context, row in zip(
            drawn.predicted[model], drawn.observed, drawn.context, drawn.rows, strict=True
        )
        if x is not None
    ]
    unit = unit_suffix(target.target.unit, w)
    ends = [value for row in rows for value in (row["f0"], row["f1"])]
    room = 0.02 * (max(ends) - min(ends))  # no mark is cut by the frame
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], zero=False, nice=True)
    axis = alt.Axis(tickCount=8)
    x = alt.X("f0:Q", title=w("chart.axis_predicted", unit=unit), scale=scale, axis=axis)
    y = alt.Y("f1:Q", title=w("chart.axis_observed", unit=unit), scale=scale, axis=axis)
    colour, shape = colours_and_shapes(names, rest=rest)
    line = (
        alt.Chart(inline([{"f0": v, "f1": v} for v in (min(ends), max(ends))]))
        .mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1.2, clip=True)
        .encode(x=x, y=y)
    )
    marks = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=34, clip=True)
        .encode(
            x=x,
            y=y,
            color=alt.Color("f3:N", scale=colour, sort=names),
            shape=alt.Shape("f3:N", scale=shape, sort=names),
            opacity=lot_opacity("f2", 0.75, 0.04),
            tooltip=[
                *row_tips(target, w, row="f4", context="f2"),
                alt.Tooltip("f1:Q", title=w("chart.axis_observed", unit=unit), format=".4~g"),
                alt.Tooltip("f0:Q", title=w("chart.axis_predicted", unit=unit), format=".4~g"),
            ],
        )
        .add_params(lot_picker(), zoom())
    )
    return finish(line + marks, rows, height=430, width=560)


def class_probabilities(target: TargetSummary, drawn: Points, model: str, w: Words) -> Spec:
    """Held-out probabilities by observed class; spread in height only to part the marks."""
    classes = list(target.target.classes)
    rows = [
        {"f0": p, "f1": classes[int(k)], "f2": context, "f3": (j * 0.618034) % 1, "f4": row_text(target, row)}
        for j, (p, k, context, row) in enumerate(
            zip(drawn.predicted[model], drawn.observed, drawn.context, drawn.rows, strict=True)
        )
        if p is not None
    ]
    title = (
        w("chart.axis_probability", positive=target.target.positive)
        if len(classes) == 2
        else w("chart.axis_probability_own")
    )
    colour, shape = colours_and_shapes(classes)
    chart = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=28)
        .encode(
            x=alt.X("f0:Q", title=title, scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("f1:N", sort=classes, title=w("chart.axis_class")),
            yOffset=alt.YOffset("f3:Q", scale=alt.Scale(domain=[-0.2, 1.2])),
            color=alt.Color("f1:N", scale=colour, sort=classes, legend=None),
            shape=alt.Shape("f1:N", scale=shape, sort=classes, legend=None),
            opacity=lot_opacity("f2", 0.6, 0.03),
            tooltip=[
                *row_tips(target, w, row="f4", context="f2"),
                alt.Tooltip("f1:N", title=w("chart.axis_class")),
                alt.Tooltip("f0:Q", title=title, format=".3f"),
            ],
        )
        .add_params(lot_picker())
    )
    return finish(chart, rows, height=95 * len(classes))
