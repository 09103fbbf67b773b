"""Map of the embedding: the same rows by what came out, and by where they were made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import altair as alt

from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import (
    ROWS,
    Spec,
    colours_and_shapes,
    finish,
    lot_opacity,
    lot_picker,
    outcome_unit,
    row_tips,
    zoom,
)
from tabcouce.report.embedding_map import EmbeddingMap
from tabcouce.report.map_text import apart
from tabcouce.report.naming import unit_beside
from tabcouce.report.row_address import row_text
from tabcouce.report.summary import TargetSummary

SIDE = 310
SHORT = 10
"""Letters of a name of which three fit beside each other."""


def embedding_panels(target: TargetSummary, view: EmbeddingMap, w: Words) -> Spec:
    """Two panels with the same places; zooming one moves both."""
    coloured = apart(view)
    rest = len(set(view.context)) > len(coloured)
    names = coloured + ([w("chart.other")] if rest else [])
    classes = list(target.target.classes)
    rows: list[dict[str, Any]] = [
        {
            "f0": x,
            "f1": y,
            "f2": context,
            "f3": context if context in coloured else names[-1],
            "f4": row_text(target, row),
            "f5": classes[int(value)] if classes else value,
        }
        for x, y, context, row, value in zip(
            view.across, view.up, view.context, view.rows, view.observed, strict=True
        )
    ]
    if classes:  # a rare class on top of a frequent one
        count = Counter(row["f5"] for row in rows)
        rows.sort(key=lambda row: -count[row["f5"]])
    unit = outcome_unit(target, w)
    outcome = (
        f"{target.target.name}{unit}"
        if unit_beside(target.target.name, target.target.unit)
        else (target.target.name)
    )
    colour, shape = colours_and_shapes(names, rest=rest)
    tips = [
        *row_tips(target, w, row="f4", context="f2"),
        alt.Tooltip("f5:N" if classes else "f5:Q", title=outcome, format="" if classes else ".4~g"),
    ]
    marks = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=26, clip=True)
        .encode(
            x=alt.X("f0:Q", title=w("map.across"), axis=_axis()),
            y=alt.Y("f1:Q", title=w("map.up"), axis=_axis()),
            opacity=lot_opacity("f2", 0.8, 0.04),
            tooltip=tips,
        )
        .properties(width=SIDE, height=SIDE)
    )
    by_outcome = marks.encode(color=_outcome_colour(classes, outcome)).add_params(zoom())
    by_context = marks.encode(
        color=alt.Color("f3:N", scale=colour, sort=names, legend=_legend(w("map.by_context"), names)),
        shape=alt.Shape("f3:N", scale=shape, sort=names, legend=_legend(w("map.by_context"), names)),
    )
    both = (
        alt.concat(by_outcome, by_context, columns=2, spacing=40)
        .resolve_scale(color="independent", shape="independent")
        .add_params(lot_picker())
    )
    return finish(both, rows, height=0)


def _axis() -> alt.Axis:
    """Components have no unit and no zero worth reading."""
    return alt.Axis(labels=False, ticks=False, tickCount=5)


def _legend(title: str, names: list[str]) -> alt.Legend:
    """Longer names get half of the panel or all of it each: names that differ at the end stay apart."""
    longest = max(map(len, names))
    columns = 3 if longest <= SHORT else 2 if longest <= 2 * SHORT else 1
    room = SIDE // columns - 24
    return alt.Legend(orient="top", title=title, columns=columns, labelLimit=room, titleLimit=SIDE)


def _outcome_colour(classes: list[str], title: str) -> alt.Color:
    if classes:
        scale, _ = colours_and_shapes(classes)
        return alt.Color("f5:N", scale=scale, sort=classes, legend=_legend(title, classes))
    return alt.Color(
        "f5:Q",
        scale=alt.Scale(range=["#0072B2", "#d9d4c7", "#D55E00"], interpolate="lab"),
        legend=alt.Legend(
            orient="top", title=title, gradientLength=200, tickCount=4, titleLimit=SIDE, gradientThickness=12
        ),
    )
