"""Charts of what a factor does: accumulated effect with its contexts, and the what-if panels."""

from __future__ import annotations

from typing import Any

import altair as alt

from tabcouce.report import factor_captions
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import (
    BLUE,
    GREY,
    INK,
    PALETTE,
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
from tabcouce.report.summary import Curve, EvidenceView, Shape, TargetSummary, WhatIfView

PANELS_IN_A_ROW = 3
ORANGE = "#D55E00"


def shape_curve(target: TargetSummary, curve: Curve, shape: Shape, w: Words) -> Spec:
    """Accumulated effect, thin lines per context, rug of the rows, unsupported parts shaded."""
    low, high = (
        factor_captions.drawn_range(curve.values) if curve.values else (shape.edges[0], shape.edges[-1])
    )

    def clipped(value: float) -> float:
        return min(max(value, low), high)

    heights = [y for line in (shape.effect, *shape.lines.values()) for y in line if y is not None]
    x = alt.X(
        "f0:Q",
        title=named(curve.name, curve.unit),
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y(
        "f1:Q",
        title=w("chart.axis_effect", unit=_answer_unit(target, w)),
        scale=alt.Scale(domain=[min(heights), max(heights)], nice=True),
        axis=alt.Axis(tickCount=5),
    )
    shaded = [
        {"f0": clipped(shape.edges[k]), "f2": clipped(shape.edges[k + 1])}
        for k, known in enumerate(shape.supported)
        if not known
    ]
    shade = alt.Chart(inline(shaded)).mark_rect(color=GREY, opacity=0.18).encode(x=x, x2="f2:Q")
    rows = [
        {"f0": clipped(at), "f1": height, "f3": context}
        for context, line in shape.lines.items()
        for at, height in zip(shape.edges, line, strict=True)
        if height is not None
    ]
    thin = (
        alt.Chart(ROWS)
        .mark_line(color=GREY, strokeWidth=1)
        .encode(
            x=x,
            y=y,
            detail="f3:N",
            tooltip=alt.Tooltip("f3:N", title=w("chart.context")),
            opacity=lot_opacity("f3", 0.55, 0.06),
        )
        .add_params(lot_picker())
    )
    steps = [{"f0": clipped(at), "f1": height} for at, height in zip(shape.edges, shape.effect, strict=True)]
    whole = alt.Chart(inline(steps)).mark_line(color=ORANGE, strokeWidth=2.5).encode(x=x, y=y)
    ticks = [
        {"f0": clipped(value), "f3": context, "f4": row_text(target, row), "f5": value}
        for value, context, row in zip(curve.values, curve.context, curve.rows, strict=True)
    ]
    rug = (
        alt.Chart(inline(ticks))
        .mark_tick(color=INK, height=7, thickness=1)
        .encode(
            x=x,
            y=alt.YValue("height"),
            tooltip=[
                *row_tips(target, w, row="f4", context="f3"),
                alt.Tooltip("f5:Q", title=named(curve.name, curve.unit), format=".4~g"),
            ],
            opacity=lot_opacity("f3", 0.25, 0.03),
        )
    )
    return finish(alt.layer(shade, thin, whole, rug), rows, height=190, width=270)


def what_if_panels(target: TargetSummary, view: WhatIfView, w: Words) -> Spec:
    """Prediction and interval as one factor moves from the most typical row.

    The sliders of the page (`profile.js`) put other rows in place of these.
    """
    half = view.half_width or 0.0
    ends = [value for panel in view.panels for line in panel.prediction for value in line]
    domain = [min(ends) - half, max(ends) + half]
    # A row of three and one panel alone looks torn.
    columns = 2 if len(view.panels) == 4 else PANELS_IN_A_ROW
    panels = [_panel(target, view, k, domain, w, first=k % columns == 0) for k in range(len(view.panels))]
    rows = [row for k in range(len(view.panels)) for row in _grid(view, k, half)]
    chart = alt.concat(*panels, columns=columns, spacing=14)
    return finish(chart, rows, height=0)


def _grid(view: WhatIfView, k: int, half: float) -> list[dict[str, Any]]:
    """The line of one panel from the first starting row, then the row itself; as `profileRows` makes them."""
    panel, own = view.panels[k], view.prediction[0]
    reach = (panel.values[1] - panel.values[0]) / 2
    line = [
        {
            "f0": value,
            "f1": prediction,
            "f3": prediction - half,
            "f4": prediction + half,
            "f5": int(outside),
            "f6": k,
            "f7": value - reach,
            "f8": value + reach,
            "f9": 0,
        }
        for value, prediction, outside in zip(
            panel.values, panel.prediction[0], panel.outside[0], strict=True
        )
    ]
    return [
        *line,
        {"f0": panel.start[0], "f1": own, "f3": own - half, "f4": own + half, "f5": 0, "f6": k, "f9": 1},
    ]


def _panel(
    target: TargetSummary, view: WhatIfView, k: int, domain: list[float], w: Words, *, first: bool
) -> alt.LayerChart:
    """first: it begins a row, and its axis has the title."""
    panel = view.panels[k]
    name = named(panel.name, panel.unit)
    if target.is_regression:
        answer = w("chart.axis_predicted", unit=_answer_unit(target, w))
    else:
        answer = w("chart.axis_probability", positive=target.target.positive)
    width = alt.Scale(domain=[panel.values[0], panel.values[-1]], nice=False)
    height = alt.Scale(domain=domain, nice=True)
    x = alt.X(
        "f0:Q",
        title=name,
        scale=width,
        axis=alt.Axis(tickCount=4, labelLimit=80),
    )
    y = alt.Y(
        "f1:Q",
        title=answer if first else None,
        scale=height,
        axis=alt.Axis(tickCount=5),
    )
    mine = alt.Chart(ROWS).transform_filter(f"datum.f6 == {k} && datum.f9 == 0")
    tips = [
        alt.Tooltip("f0:Q", title=name, format=".4~g"),
        alt.Tooltip("f1:Q", title=answer, format=".4~g"),
    ]
    if view.half_width is not None:
        tips += [
            alt.Tooltip("f3:Q", title=w("book.low"), format=".4~g"),
            alt.Tooltip("f4:Q", title=w("book.high"), format=".4~g"),
        ]
    shade = (
        mine.transform_filter("datum.f5 == 1")
        .mark_rect(color=GREY, opacity=0.2)
        .encode(x=alt.X("f7:Q", scale=width, title=name), x2="f8:Q")
    )
    layers: list[alt.Chart] = [shade]
    if view.half_width is not None:
        layers.append(
            mine.mark_area(color=BLUE, opacity=0.13).encode(
                x=x, y=alt.Y("f3:Q", title=answer if first else None, scale=height), y2="f4:Q"
            )
        )
    line = mine.mark_line(color=BLUE, strokeWidth=2).encode(x=x, y=y)
    marks = mine.mark_point(filled=True, size=60, opacity=0.01, color=BLUE).encode(x=x, y=y, tooltip=tips)
    here = alt.Chart(ROWS).transform_filter(f"datum.f6 == {k} && datum.f9 == 1")
    rule = here.mark_rule(color=ORANGE, strokeDash=[4, 3]).encode(x=x)
    point = here.mark_point(filled=True, size=55, color=ORANGE).encode(x=x, y=y, tooltip=tips)
    return alt.layer(*layers, line, rule, marks, point).properties(width=190, height=150)


def _answer_unit(target: TargetSummary, w: Words) -> str:
    return outcome_unit(target, w)


def evidence_lines(view: EvidenceView, w: Words) -> Spec:
    """Share of the evidence of each leading column along training; the proxies together, dashed."""
    lines = dict(view.lines)
    together = w("chart.evidence_together")
    if view.proxies:
        lines[together] = view.proxy_share
    rows = [
        {"f0": at, "f1": share, "f2": name, "f3": name == together and bool(view.proxies)}
        for name, line in lines.items()
        for at, share in zip(view.progress, line, strict=True)
    ]
    drawn = (
        alt.Chart(ROWS)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("f0:Q", title=w("chart.axis_training"), axis=alt.Axis(format="%", tickCount=5)),
            y=alt.Y("f1:Q", title=w("chart.axis_evidence"), axis=alt.Axis(format="%", tickCount=5)),
            color=alt.Color("f2:N", sort=list(lines), scale=alt.Scale(range=PALETTE)),
            strokeDash=alt.StrokeDash("f3:N", legend=None, scale=alt.Scale(range=[[1, 0], [6, 4]])),
            tooltip=[
                alt.Tooltip("f2:N", title=w("table.factor")),
                alt.Tooltip("f1:Q", title=w("chart.axis_evidence"), format=".0%"),
            ],
        )
    )
    return finish(drawn, rows, height=240)
