"""Style and small parts that every chart shares; altair enters the report through this package only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from tabcouce.report.catalogue import Words
from tabcouce.report.naming import unit_suffix
from tabcouce.report.row_address import row_title
from tabcouce.report.summary import TargetSummary

FONT = 'system-ui, "Yu Gothic UI", Meiryo, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", sans-serif'
INK, MUTED, LINE = "#1d2430", "#5b6472", "#d9dee5"
BLUE, GREY = "#0072B2", "#8a929e"
PALETTE = [BLUE, "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
"""Okabe and Ito (2008): told apart with every common colour blindness."""
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
WIDTH = 700
Spec = dict[str, Any]
LOT = "lot"
"""Parameter of every chart that draws rows: the context chosen on the page, '' for all."""
ROWS = alt.NamedData(name="rows")
"""Many rows join the finished spec: Altair would copy and check each of them several times."""


def finish(
    chart: alt.LayerChart | alt.Chart | alt.ConcatChart,
    rows: list[dict[str, Any]],
    *,
    height: float,
    width: float = WIDTH,
) -> Spec:
    """Size, style and the rows; without the schema address, so that the page names no outside place.

    rows  what `ROWS` stands for in the chart; the panels of a concat chart bring their own size
    """
    sized = chart if isinstance(chart, alt.ConcatChart) else chart.properties(width=width, height=height)
    styled = (
        sized.configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_scale(invalid=alt.ScaleInvalidDataConfig(color=alt.value(GREY)))
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
    # Every chart is checked in the tests; the check costs the reader as much time as the drawing.
    spec: Spec = styled.to_dict(validate=False)
    spec.pop("$schema", None)
    spec["datasets"] = {ROWS.name: rows}
    return spec


def lot_picker() -> alt.VariableParameter:
    """The page sets it in all charts of a target at once, from one list of contexts."""
    return alt.param(name=LOT, value="")


def lot_opacity(field: str, shown: float, faded: float) -> Any:
    """Rows of other contexts fade when one is chosen; field holds the context."""
    return alt.condition(f"{LOT} == '' || datum.{field} == {LOT}", alt.value(shown), alt.value(faded))


def zoom(name: str = "zoom") -> alt.Parameter:
    """Shift and wheel zoom, dragging moves, a double click goes back; the plain wheel scrolls the page."""
    mouse = "[pointerdown[event.pointerType !== 'touch'], window:pointerup] > window:pointermove!"
    return alt.selection_interval(name=name, bind="scales", zoom="wheel![event.shiftKey]", translate=mouse)


def row_tips(target: TargetSummary, w: Words, *, row: str, context: str) -> list[alt.Tooltip]:
    """Hover entries of a row: its address, under the file and sheet it lies in, and its context."""
    return [
        alt.Tooltip(f"{row}:N", title=row_title(target, w)),
        alt.Tooltip(f"{context}:N", title=w("chart.context")),
    ]


def outcome_unit(target: TargetSummary, w: Words) -> str:
    """Unit of predictions and contributions, for titles of axes; classes have none."""
    return unit_suffix(target.target.unit if target.is_regression else None, w)


def inline(rows: list[dict[str, Any]]) -> alt.Data:
    """A few rows that stand in the spec; as a tuple, since Altair copies lists with every layer they join."""
    return alt.Data(values=tuple(rows))


def colours_and_shapes(names: Sequence[str], *, rest: bool = False) -> tuple[alt.Scale, alt.Scale]:
    """Colour and shape per name; with `rest`, the last name is the grey remainder."""
    colours = [PALETTE[k % len(PALETTE)] for k in range(len(names))]
    shapes = [SHAPES[k % len(SHAPES)] for k in range(len(names))]
    if rest:
        colours[-1], shapes[-1] = GREY, "circle"
    return alt.Scale(domain=list(names), range=colours), alt.Scale(domain=list(names), range=shapes)


def mark_at(at: float, scale: alt.Scale) -> alt.Chart:
    """A dashed line; its scale must be the other layers', or Vega-Lite joins in a zero."""
    place = alt.X("f9:Q", scale=scale)
    return alt.Chart(inline([{"f9": at}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=place)
