"""One sentence per chart of factors, generated from the numbers drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tabcouce.explanation.factor import Factor
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, signed, significant, with_unit
from tabcouce.report.naming import sentences, unit_suffix
from tabcouce.report.summary import Curve, EvidenceView, Shape, TargetSummary, WhatIfView

STRONG_PAIR = 0.2
"""Share of a joint move that does not add up, from which a pair is named."""
LEADS = 0.1
"""Strength, as a share of the first factor's, below which a factor is not among those that lead."""
LEVELS = 8
"""Levels of a category that a chart has room for."""
OUTER = 1.5
"""Axes reach this many times the 5 to 95 % range beyond it, if values lie there."""


def leading(factors: Sequence[Factor]) -> list[Factor]:
    """Of factors from strongest to weakest, up to three that are not far behind the first."""
    least = LEADS * factors[0].strength if factors else 0.0
    return [factor for factor in factors[:3] if factor.strength >= least]


def importance(target: TargetSummary, model: str, w: Words) -> str:
    factors = target.factors_of(model)
    strong = [factor for factor in factors if factor.strength > 0]
    top, supported = leading(strong) if strong else factors[:3], bool(strong)
    return w(
        "chart.importance_say" if supported else "chart.importance_unsupported",
        names=w.listing([factor.name for factor in top]),
        percent=percent(sum(factor.share for factor in top)),
    )


def drawn_range(values: tuple[float, ...]) -> tuple[float, float]:
    """Where a factor's axis ends: one glitched cell near 1e33 must not squash all the others."""
    if not values:
        return 0.0, 0.0
    inner_low, inner_high = np.quantile(values, [0.05, 0.95])
    reach = OUTER * (inner_high - inner_low)
    if reach == 0:
        return min(values), max(values)
    return max(min(values), float(inner_low - reach)), min(max(values), float(inner_high + reach))


def direction_word(factor: Factor, w: Words) -> str:
    """'increases' and so on; a category has levels, not a direction."""
    shown = factor.shown_direction
    by_level = factor.correlation is None and shown == "mixed"
    return w.label("direction", "by_level" if by_level else shown)


def shown_levels(drawn: Curve, w: Words) -> tuple[str, ...]:
    """Level of each row of a category; all but the most frequent ones are 'others'."""
    common = [level for level, _ in Counter(drawn.levels).most_common(LEVELS)]
    rest = w("chart.other")
    return tuple(level if level in common else rest for level in drawn.levels)


def level_means(drawn: Curve, w: Words) -> dict[str, float]:
    """Mean contribution of each shown level, the highest first."""
    levels = np.array(shown_levels(drawn, w), object)
    contribution = np.array(drawn.contribution)
    mean = {level: float(contribution[levels == level].mean()) for level in dict.fromkeys(levels)}
    return dict(sorted(mean.items(), key=lambda pair: -pair[1]))


def curve(drawn: Curve, direction: str, unit: str | None, w: Words) -> str:
    """Direction, how far the contribution goes, and what lies beyond the axis."""
    word = w.label("direction", direction)
    if drawn.levels:
        mean = level_means(drawn, w)
        highest, lowest = next(iter(mean)), next(reversed(mean))
        return w(
            "chart.curve_say_levels",
            lowest=lowest,
            low=significant(mean[lowest], 2),
            highest=highest,
            high=with_unit(significant(mean[highest], 2), unit),
        )
    if not drawn.mean:
        return w("chart.curve_say_flat", direction=word)
    if drawn.shape is not None:
        return _shape_say(drawn, drawn.shape, word, unit, w)
    low, high = drawn_range(drawn.values)
    beyond = sum(not low <= value <= high for value in drawn.values)
    say = w(
        "chart.curve_say",
        direction=word,
        low=significant(min(drawn.mean), 2),
        high=with_unit(significant(max(drawn.mean), 2), unit),
    )
    return sentences(w, say, w("chart.curve_beyond", n=beyond) if beyond else "")


def _shape_say(drawn: Curve, shape: Shape, word: str, unit: str | None, w: Words) -> str:
    """How far the curve goes, and where only one context bears it out."""
    span = max(shape.effect) - min(shape.effect)
    say = w(
        "chart.shape_say",
        direction=word if span > 0 else w.label("direction", "none"),  # a flat line goes nowhere
        span=with_unit(significant(span, 2), unit),
        contexts=len(shape.lines),
    )
    low, high = drawn_range(drawn.values) if drawn.values else (shape.edges[0], shape.edges[-1])
    beyond = sum(not low <= value <= high for value in drawn.values)
    return sentences(
        w,
        say,
        "" if all(shape.supported) else w("chart.shape_unsupported"),
        w("chart.curve_beyond", n=beyond) if beyond else "",
    )


def curves(target: TargetSummary, w: Words) -> str:
    cut = any(len(drawn.rows) < drawn.total for drawn in target.curves)
    unit = target.target.unit if target.is_regression else None
    limit = max((len(drawn.rows) for drawn in target.curves), default=0)
    shown = w("chart.curve_shown", limit=limit) if cut else ""
    if any(drawn.shape is not None for drawn in target.curves):
        return w("chart.shapes_say", unit=unit_suffix(unit, w), shown=shown).strip()
    return w("chart.curves_say", unit=unit_suffix(unit, w), shown=shown).strip()


def what_if(target: TargetSummary, view: WhatIfView, w: Words) -> str:
    """Which factor moves the typical row furthest, and where the panels must not be believed."""
    model = w.label("model_in", target.explained_model or "")
    furthest = max(view.panels, key=lambda panel: max(panel.prediction[0]) - min(panel.prediction[0]))
    ends = furthest.prediction[0]
    unit = target.target.unit if target.is_regression else None
    band = "" if view.half_width is None else w("chart.what_if_band")
    return sentences(
        w,
        w(
            "chart.what_if_say",
            model=model,
            name=furthest.name,
            low=significant(min(ends)),
            high=with_unit(significant(max(ends)), unit),
        ),
        band,
        w("chart.what_if_outside"),
    )


def swarm(target: TargetSummary, w: Words) -> str:
    """The factor whose contributions reach furthest, between which ends, and which way it works."""
    middle = {curve.name: np.quantile(curve.contribution, (0.05, 0.95)) for curve in target.curves}
    name = max(middle, key=lambda each: float(np.ptp(middle[each])))
    direction = next((f.direction for f in target.factors if f.name == name), "mixed")
    unit = target.target.unit if target.is_regression else None
    low, high = (signed(significant(float(end), 2)) for end in middle[name])
    told = {"increases": w("swarm.rises"), "decreases": w("swarm.falls")}.get(direction, "")
    return w("swarm.say", name=name, low=low, high=with_unit(high, unit), direction=told)


def evidence(view: EvidenceView, w: Words) -> str:
    """What the encoder leaned on by the end, the proxies' part, and what stays open."""
    leading = max(view.lines, key=lambda name: view.lines[name][-1], default="")
    proxies = ""
    if view.proxies:
        proxies = w(
            "chart.evidence_proxies",
            names=w.listing(list(view.proxies)),
            percent=percent(view.proxy_share[-1]),
            most=percent(max(view.proxy_share)),
        )
    return sentences(
        w,
        w("chart.evidence_say", name=leading, percent=percent(view.lines[leading][-1]) if leading else "0"),
        proxies,
        w("chart.evidence_open", shared=percent(view.shared), gap=percent(view.gap)),
    )


def together(target: TargetSummary, w: Words) -> str:
    """Columns that move together and the strongest pair, in sentences; '' without any."""
    groups = [
        w("page.group", names=w.listing([w("list.quoted", name=name) for name in group.columns], 6))
        for group in target.groups[:3]
    ]
    strong = [pair for pair in target.pairs if pair.share >= STRONG_PAIR][:3]
    pairs = [w("page.pair", first=p.first, second=p.second, percent=percent(p.share)) for p in strong]
    return sentences(
        w,
        *groups,
        *pairs,
        w("page.pairs_none") if target.pairs and not strong else "",
    )
