"""Charts of one target, each with the sentence that says what to see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tabcouce.report import captions, charts, factor_captions
from tabcouce.report.advice_table import shots_sentence
from tabcouce.report.catalogue import Words
from tabcouce.report.charts.style import LOT
from tabcouce.report.effect_arrows import arrows, arrows_say
from tabcouce.report.map_text import map_say
from tabcouce.report.modifier_text import modified, modifier_say
from tabcouce.report.residual_text import along_time_say, by_context_say, centred, residuals
from tabcouce.report.savings_text import savings_say
from tabcouce.report.static_chart import DRAWN, drawable, drawing
from tabcouce.report.summary import Curve, Points, TargetSummary
from tabcouce.report.verdict_text import best_model


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that says what to see; drawing is for readers without scripts."""

    key: str
    title: str
    say: str
    alt: str
    spec: dict[str, Any]
    drawing: Markup | None = None

    @property
    def has_lots(self) -> bool:
        """Whether one context can be chosen in it."""
        return any(param.get("name") == LOT for param in self.spec.get("params", ()))


def figures(target: TargetSummary, key: str, w: Words) -> dict[str, Figure]:
    """Charts by name; one that has nothing to draw is left out."""
    model = best_model(target)
    found: dict[str, Figure] = {}

    def add(name: str, title: str, say: str, spec: dict[str, Any]) -> None:
        alt = w("chart.alt", title=title, say=say)
        spec = drawable(spec)
        drawn = drawing(spec, f"{key}-{name}-clip") if key == "t1" and name in DRAWN else None
        found[name] = Figure(f"{key}-{name}", title, say, alt, spec, drawn)

    if any(target.score(proof.key, m, target.metric) for proof in target.splits for m in target.models):
        add("honesty", w("chart.honesty"), captions.honesty(target, w), charts.honesty_strip(target, w))
    if target.verdict.differences:
        say = captions.differences(target, w)
        title = w("chart.differences_blocks" if target.by_blocks else "chart.differences")
        add("differences", title, say, charts.difference_forest(target, w))
    if not target.by_blocks and len(captions.per_context(target, model)) > 1:
        title = w("chart.contexts" if target.is_regression else "chart.contexts_classes")
        add("contexts", title, captions.contexts(target, w), charts.context_scores(target, w))
    if target.points is not None and charts.has_points(target, model):
        say = captions.points(target, target.points, model, w)
        draw = charts.observed_against_predicted if target.is_regression else charts.class_probabilities
        title = w("chart.points" if target.is_regression else "chart.points_classes")
        add("points", title, say, draw(target, target.points, model, w))
        for name, title, say, spec in _residual_charts(target, target.points, model, w):
            add(name, title, say, spec)
    explained = target.explained_model
    if explained is not None and any(factor.importance > 0 for factor in target.factors_of(explained)):
        say = factor_captions.importance(target, explained, w)
        add("importance", w("chart.importance"), say, charts.importance_bars(target, explained, w))
        if any(curve.contribution for curve in target.curves):
            add(
                "swarm",
                w("swarm.title"),
                factor_captions.swarm(target, w),
                charts.contribution_swarm(target, w),
            )
    if moved := arrows(target):
        say = arrows_say(target, moved, w)
        add("effects", w("arrows.title"), say, charts.effect_arrows(target, moved, w))
    if shown := modified(target):
        add(
            "modifiers",
            w("modifier.title"),
            modifier_say(target, shown, w),
            charts.modifier_forest(target, shown, w),
        )
    if target.map is not None:
        say = map_say(target, target.map, w)
        add("map", w("map.title"), say, charts.embedding_panels(target, target.map, w))
    if target.shots is not None:
        say = shots_sentence(target, w)
        add("shots", w("chart.shots"), say, charts.shots_lines(target, target.shots, w))
    if target.what_if is not None and target.verdict.outcome != "do_not_predict":
        say = factor_captions.what_if(target, target.what_if, w)
        add("what_if", w("chart.what_if"), say, charts.what_if_panels(target, target.what_if, w))
    if target.savings is not None:
        say = savings_say(target.savings, w)
        add("savings", w("savings.title"), say, charts.savings_curve(target.savings, w))
    if target.evidence is not None:
        say = factor_captions.evidence(target.evidence, w)
        add("evidence", w("chart.evidence"), say, charts.evidence_lines(target.evidence, w))
    return found


def _residual_charts(
    target: TargetSummary, drawn: Points, model: str, w: Words
) -> Iterable[tuple[str, str, str, dict[str, Any]]]:
    """Name, title, sentence and spec; classes have no residual."""
    found = residuals(drawn, model) if target.is_regression else None
    if found is None:
        return
    if len(set(found.context)) > 1:
        say = by_context_say(target, found, w)
        yield "residuals", w("residual.context"), say, charts.residuals_by_context(target, found, w)
    level = centred(found)
    say = along_time_say(target, level, bool(drawn.order), w)
    yield "drift", w("residual.time"), say, charts.residuals_along_time(target, level, w)


def curve_figure(target: TargetSummary, curve: Curve, key: str, w: Words) -> Figure:
    direction = next((f.direction for f in target.factors_of(curve.model) if f.name == curve.name), "mixed")
    unit = target.target.unit if target.is_regression else None
    say = factor_captions.curve(curve, direction, unit, w)
    alt = w("chart.alt", title=curve.name, say=say)
    if curve.shape is None:
        spec = charts.factor_curve(target, curve, w)
    else:
        spec = charts.shape_curve(target, curve, curve.shape, w)
    return Figure(key, curve.name, say, alt, spec)
