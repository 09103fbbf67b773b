"""Control chart of the abnormality: context by context in time order, under one fixed limit."""

from __future__ import annotations

import altair as alt

from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import GREY, PALETTE, ROWS, Spec, finish, inline, row_tips
from tabcouce.report.naming import natural_order
from tabcouce.report.row_address import row_text
from tabcouce.report.summary import TargetSummary

STAGES = 40
"""Contexts drawn side by side; the rest are in the table."""
SCORE_REACH = 6.0
"""Quantile ranges beyond which a score is drawn at the edge, so that one glitch hides nothing."""
COLOURS = [PALETTE[0], PALETTE[1], GREY]
SHAPES = ["circle", "triangle-up", "diamond"]


def kinds(alarms: AlarmSummary, w: Words) -> list[str]:
    """Names of the kinds of rows that are drawn: normal, abnormal, and what came after an approved period."""
    if alarms.approved is None:
        return [w("alarm.normal" if alarms.labelled else "alarm.taken_normal"), w("alarm.abnormal")]
    return [w("alarm.approved_row"), w("alarm.abnormal"), w("alarm.later_row")]


def _kind(alarms: AlarmSummary) -> list[int]:
    """Position in `kinds` of each drawn row."""
    points = alarms.points
    if alarms.approved is None:
        return [int(ill) for ill in points.abnormal]
    return [
        1 if ill else 0 if fine else 2 for ill, fine in zip(points.abnormal, points.approved, strict=True)
    ]


def control_chart(target: TargetSummary, alarms: AlarmSummary, w: Words) -> Spec:
    """Scores of held-out rows as stages, one for each context, with the limit as a line."""
    stages = sorted(set(alarms.points.context), key=natural_order)[:STAGES]
    points = alarms.points
    names = kinds(alarms, w)
    ranked = sorted(points.score)
    low, high = ranked[len(ranked) // 20], ranked[-max(len(ranked) // 20, 1)]
    reach = SCORE_REACH * max(high - low, 1e-9)
    drawn = sorted(
        (
            p
            for p in zip(
                points.context,
                points.place,
                points.score,
                _kind(alarms),
                points.rows,
                strict=True,
            )
            if p[0] in stages
        ),
        key=lambda p: (stages.index(p[0]), p[1]),
    )
    rows = [
        {
            "f0": k,
            "f1": min(max(score, low - reach), high + reach),
            "f2": context,
            "f3": names[kind],
            "f4": row_text(target, row),
            "f5": place,
        }
        for k, (context, place, score, kind, row) in enumerate(drawn)
    ]
    there = sorted({p[3] for p in drawn})  # the legend names no kind that has no row
    told, colours, shapes = ([of[kind] for kind in there] for of in (names, COLOURS, SHAPES))
    firsts: dict[str, int] = {}
    for row in rows:
        firsts.setdefault(str(row["f2"]), int(str(row["f0"])))
    x = alt.X("f0:Q", title=w("alarm.axis_time"), axis=alt.Axis(labels=False, ticks=False, grid=False))
    y = alt.Y("f1:Q", title=w("alarm.axis_score"), scale=alt.Scale(zero=False))
    marks = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=16, opacity=0.7)
        .encode(
            x=x,
            y=y,
            color=alt.Color("f3:N", scale=alt.Scale(domain=told, range=colours), sort=told),
            shape=alt.Shape("f3:N", scale=alt.Scale(domain=told, range=shapes), sort=told),
            tooltip=[
                *row_tips(target, w, row="f4", context="f2"),
                alt.Tooltip("f5:Q", title=w("alarm.place"), format="d"),
                alt.Tooltip("f1:Q", title=w("alarm.axis_score"), format=".3~f"),
                alt.Tooltip("f3:N", title=w("alarm.label")),
            ],
        )
    )
    limit = (
        alt.Chart(inline([{"f9": alarms.limit.limit}]))
        .mark_rule(color=PALETTE[1], strokeWidth=1.6)
        .encode(y=alt.Y("f9:Q", title=w("alarm.axis_score"), scale=alt.Scale(zero=False)))
    )
    bounds = (
        alt.Chart(inline([{"f8": at} for at in list(firsts.values())[1:]]))
        .mark_rule(color=GREY, strokeDash=[2, 4], opacity=0.6)
        .encode(x=alt.X("f8:Q", title=w("alarm.axis_time")))
    )
    return finish(marks + bounds + limit, rows, height=300)
