"""What a factor seems to do alone and what is left of it: an arrow from the naive to the adjusted effect."""

from __future__ import annotations

import altair as alt

from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import BLUE, GREY, INK, ROWS, Spec, finish, inline, outcome_unit
from tabcouce.report.effect_arrows import EffectArrow
from tabcouce.report.summary import TargetSummary

ROOM = 0.3
"""Share of the effects' range beyond which an interval is cut: one factor that can hardly be told
from the context must not squash all the others."""
HEADS = ["left", "right"]


def effect_arrows(target: TargetSummary, arrows: tuple[EffectArrow, ...], w: Words) -> Spec:
    """Hollow where seen alone, the arrow's head where contexts and other inputs are held fixed."""
    ends = [0.0, *(one.alone for one in arrows), *(one.adjusted for one in arrows)]
    room = ROOM * (max(ends) - min(ends))
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False)
    rows = [
        {
            "f0": one.name,
            "f1": one.alone,
            "f2": one.adjusted,
            "f3": one.low,
            "f4": one.high,
            "f5": one.step,
            "f6": HEADS[one.adjusted >= one.alone],
            "f7": one.clear,
        }
        for one in arrows
    ]
    title = w("arrows.axis", unit=outcome_unit(target, w))
    axis = alt.Axis(tickCount=8)
    tips = [
        alt.Tooltip("f0:N", title=w("table.factor")),
        alt.Tooltip("f5:N", title=w("table.step")),
        alt.Tooltip("f1:Q", title=w("table.slope_alone"), format="+.3~g"),
        alt.Tooltip("f2:Q", title=w("table.slope_adjusted"), format="+.3~g"),
        alt.Tooltip("f3:Q", title=w("chart.low"), format="+.3~g"),
        alt.Tooltip("f4:Q", title=w("chart.high"), format="+.3~g"),
    ]
    names = [one.name for one in arrows]
    place = alt.Chart(ROWS).encode(
        y=alt.Y("f0:N", sort=names, title=None, axis=alt.Axis(grid=False, ticks=False, labelLimit=320)),
        tooltip=tips,
    )
    at_alone, at_adjusted = (alt.X(f"{f}:Q", title=title, scale=scale, axis=axis) for f in ("f1", "f2"))
    colour = alt.condition("datum.f7", alt.value(BLUE), alt.value(GREY))
    interval = place.mark_rule(strokeWidth=7, opacity=0.3, clip=True).encode(
        x=alt.X("f3:Q", title=title, scale=scale, axis=axis), x2="f4:Q", color=colour
    )
    shaft = place.mark_rule(strokeWidth=1.5, color=INK, clip=True).encode(x=at_alone, x2="f2:Q")
    alone = place.mark_point(filled=True, fill="#ffffff", stroke=INK, size=46, opacity=1, clip=True).encode(
        x=at_alone
    )
    heads = alt.Scale(domain=HEADS, range=[f"triangle-{head}" for head in HEADS])
    head = place.mark_point(filled=True, size=90, opacity=1, clip=True).encode(
        x=at_adjusted, color=colour, shape=alt.Shape("f6:N", scale=heads, legend=None)
    )
    zero = alt.Chart(inline([{"f2": 0.0}])).mark_rule(color=INK).encode(x=at_adjusted)
    return finish(zero + interval + shaft + alone + head, rows, height=26 * len(names) + 6)
