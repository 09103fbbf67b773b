"""Chance to have reached the goal after each run: the replayed search against random order."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from tabcouce.advice.replay import chance_random
from tabcouce.advice.savings import GoalReplay, Savings
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import GREY, PALETTE, ROWS, Spec, finish


def savings_curve(found: Savings, w: Words) -> Spec:
    """A step line per goal and a dashed one of random order, over the runs made."""
    rows: list[dict[str, Any]] = []
    names = []
    for each in found.replays:
        goal = w.label("savings_goal", "specification" if each.specification else each.aim)
        search, chance = w("savings.search", goal=goal), w("savings.random", goal=goal)
        names += [search, chance]
        for run, share, by_chance in zip(*reached(each), strict=True):
            rows.append({"f0": int(run), "f1": round(float(share), 4), "f2": search})
            rows.append({"f0": int(run), "f1": round(float(by_chance), 4), "f2": chance})
    shades = [colour for k in range(len(found.replays)) for colour in (PALETTE[k], GREY)]
    dashes = [[1, 0], [5, 3], [1, 0], [2, 2]][: len(names)]
    legend = alt.Legend(labelLimit=420)  # a goal is told in words
    line = alt.Chart(ROWS).mark_line(interpolate="step-after", strokeWidth=2.5)
    chart = line.encode(
        x=alt.X("f0:Q", title=w("savings.axis_runs")),
        y=alt.Y(
            "f1:Q", title=w("savings.axis_share"), axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
        ),
        color=alt.Color("f2:N", scale=alt.Scale(domain=names, range=shades), legend=legend),
        strokeDash=alt.StrokeDash("f2:N", scale=alt.Scale(domain=names, range=dashes), legend=legend),
        tooltip=[
            alt.Tooltip("f2:N", title=" "),
            alt.Tooltip("f0:Q", title=w("savings.axis_runs")),
            alt.Tooltip("f1:Q", title=w("savings.axis_share"), format=".0%"),
        ],
    )
    return finish(chart, rows, height=240)


def reached(each: GoalReplay) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(r,) runs, share of the campaigns that reached the goal by then, and the chance of random order."""
    again = each.replay
    runs = np.arange(1, again.start + again.limit + 1)
    ended = np.array([t if hit else np.inf for t, hit in zip(again.trials, again.reached, strict=True)])
    share = (ended[None] <= runs[:, None]).mean(axis=1)
    return runs, share, chance_random(again.n, again.good, again.start, len(runs))
