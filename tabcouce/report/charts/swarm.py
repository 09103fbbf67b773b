"""Every explained row's contribution by factor, coloured by how high the factor was (beeswarm)."""

from __future__ import annotations

import altair as alt
import numpy as np
import numpy.typing as npt

from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import (
    GREY,
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
from tabcouce.report.row_address import row_text
from tabcouce.report.summary import Curve, TargetSummary

MARKS = 160
"""Rows per factor: the picture is as dense with more, and the page heavier."""
BINS = 40
ROW_HEIGHT = 46


def contribution_swarm(target: TargetSummary, w: Words) -> Spec:
    """One row of marks per factor of `target.curves`, the most important on top."""
    unit = outcome_unit(target, w)
    title = w("chart.axis_contribution", unit=unit)
    rows = [row for curve in target.curves for row in _marks(target, curve)]
    names = [curve.name for curve in target.curves]
    colour = alt.Scale(domain=[0, 1], range=["#0072B2", "#d9d4c7", "#D55E00"], interpolate="lab")
    marks = (
        alt.Chart(ROWS)
        .mark_circle(size=16, invalid="show")  # a category has no rank: else its marks are left out
        .encode(
            x=alt.X("f0:Q", title=title, axis=alt.Axis(tickCount=8)),
            y=alt.Y("f1:N", sort=names, title=None, axis=alt.Axis(grid=False, ticks=False, labelLimit=260)),
            yOffset=alt.YOffset("f2:Q", scale=alt.Scale(domain=[-1, 1])),
            color=alt.condition(
                "isValid(datum.f3)",
                alt.Color(
                    "f3:Q",
                    scale=colour,
                    legend=alt.Legend(
                        title=w("swarm.legend"),
                        orient="top",
                        format=".0%",
                        gradientLength=160,
                        tickCount=2,
                        titleLimit=400,
                    ),
                ),
                alt.value(GREY),
            ),
            tooltip=[
                *row_tips(target, w, row="f4", context="f5"),
                alt.Tooltip("f1:N", title=w("table.factor")),
                alt.Tooltip("f6:N", title=w("swarm.value")),
                alt.Tooltip("f0:Q", title=title, format="+.3~g"),
            ],
            opacity=lot_opacity("f5", 0.85, 0.03),
        )
        .add_params(lot_picker())
    )
    zero = alt.Chart(inline([{"f0": 0.0}])).mark_rule(color=INK, strokeWidth=1).encode(x="f0:Q")
    return finish(zero + marks, rows, height=ROW_HEIGHT * len(names))


def _marks(target: TargetSummary, curve: Curve) -> list[dict[str, object]]:
    """Rows spread evenly over the explained ones; categories have no rank and stay grey."""
    n = len(curve.contribution)
    kept = np.unique(np.linspace(0, n - 1, min(n, MARKS)).round().astype(int)) if n else np.zeros(0, int)
    contribution = np.array(curve.contribution)[kept]
    ranks = _ranks(np.array(curve.values)) if curve.values else None
    shown = curve.values or curve.levels
    return [
        {
            "f0": float(x),
            "f1": curve.name,
            "f2": float(round(offset, 3)),
            "f3": None if ranks is None else float(round(ranks[k], 3)),
            "f4": row_text(target, curve.rows[k]),
            "f5": curve.context[k],
            "f6": f"{shown[k]:.4g}" if isinstance(shown[k], float) else str(shown[k]),
        }
        for k, x, offset in zip(kept, contribution, spread(contribution), strict=True)
    ]


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 for the lowest value to 1 for the highest; ties share their middle."""
    ordered = np.sort(values)
    place = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right") - 1) / 2
    return np.asarray(place / max(len(values) - 1, 1))


def spread(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) offsets in -1..1: marks of one narrow slice of x are laid out beside each other."""
    if len(x) == 0 or np.ptp(x) == 0:
        return np.zeros(len(x))
    slices = np.minimum(((x - x.min()) / np.ptp(x) * BINS).astype(int), BINS - 1)
    offset = np.zeros(len(x))
    for k in np.unique(slices):
        mine = np.flatnonzero(slices == k)
        # 0, +1, -1, +2, -2, ...: the swarm grows from its axis.
        step = np.arange(len(mine))
        offset[mine] = (step + 1) // 2 * np.where(step % 2 == 1, 1.0, -1.0)
    return offset / max(float(np.abs(offset).max()), 4.0)
