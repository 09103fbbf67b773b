"""Sliders that move several factors at once: labels for the template, numbers for the page's script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import significant, with_unit
from tabcouce.report.naming import context_name, named
from tabcouce.report.summary import TargetSummary, WhatIfView


@dataclass(frozen=True)
class ProfileView:
    """starts, factors: texts of the list and of the sliders; document: what the script reads."""

    starts: tuple[str, ...]
    factors: tuple[str, ...]
    joint: str
    document: dict[str, Any]


def profile_view(target: TargetSummary, w: Words) -> ProfileView | None:
    """None where there is no what-if chart to move."""
    view = target.what_if
    if view is None or target.verdict.outcome == "do_not_predict":
        return None
    joint = view.joint
    unit = target.target.unit if target.is_regression else None
    told = ""
    if joint is not None and joint.error is not None:
        told = w("profile.joint", error=with_unit(significant(joint.error), unit))
    if target.is_regression:
        say = w("profile.reading" if view.half_width is None else "profile.reading_band")
    else:
        say = w("profile.reading_classes", positive=target.target.positive)
    return ProfileView(
        starts=tuple(start_name(target, view, r, w) for r in range(len(view.rows))),
        factors=tuple(named(panel.name, panel.unit) for panel in view.panels),
        joint=told,
        document={
            "prediction": view.prediction,
            "half": view.half_width,
            "factors": [
                {
                    "values": panel.values,
                    "start": panel.start,
                    "lines": panel.prediction,
                    "outside": ["".join("01"[flag] for flag in line) for line in panel.outside],
                }
                for panel in view.panels
            ],
            "every": 1 if joint is None else joint.every,
            "pairs": []
            if joint is None
            else [
                {"first": p.first, "second": p.second, "squares": p.prediction, "outside": p.outside}
                for p in joint.pairs
            ],
            "say": {"reading": say, "outside": w("profile.outside"), "unit": f" {unit}" if unit else ""},
        },
    )


def start_name(target: TargetSummary, view: WhatIfView, r: int, w: Words) -> str:
    """'row 214, M03': a starting row as it is chosen from the list."""
    key = "chart.what_if_typical" if r == 0 else "chart.what_if_row"
    return w(key, row=view.rows[r], context=context_name(target, view.context[r]))
