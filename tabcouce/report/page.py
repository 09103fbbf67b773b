"""`Summary` -> one offline HTML file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from tabcouce.checks.finding import Finding
from tabcouce.report import captions, charts
from tabcouce.report.atomic import write_bytes
from tabcouce.report.block_names import with_block_names
from tabcouce.report.catalogue import Words, words
from tabcouce.report.digits import percent, significant
from tabcouce.report.finding_text import FindingText, finding_text, warning_text
from tabcouce.report.script import chart_library
from tabcouce.report.static_chart import DRAWN, drawing
from tabcouce.report.summary import Curve, Summary, Target, TargetSummary
from tabcouce.report.tables import (
    FACTOR_ROWS,
    TableView,
    context_table,
    difference_table,
    factor_table,
    model_table,
    overview_table,
    split_table,
)
from tabcouce.report.tiles import Tile, tiles
from tabcouce.report.verdict_text import best_model, shown_outcome, verdict_sentences

LISTED = 40
"""Names of columns that are listed per role before 'and n more'."""
GLOSSARY = ("r2", "rmse", "auc", "context", "unseen", "interval", "contribution", "conformal")
SIGNS = {
    "use_model": ("●", "good"),
    "split_advice": ("◐", "good"),
    "use_linear": ("●", "good"),
    "do_not_predict": ("■", "bad"),
    "undecided": ("▲", "open"),
    "weak": ("◐", "open"),
    "blocked": ("■", "bad"),
}
"""Traffic mark per outcome: a shape and a colour beside the word, never colour alone."""


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that says what to see; drawing is for readers without scripts."""

    key: str
    title: str
    say: str
    alt: str
    spec: dict[str, Any]
    drawing: Markup | None = None


@dataclass(frozen=True)
class FindingView:
    """A finding as it is shown; mark is the style of its severity's chip."""

    text: FindingText
    severity: str
    mark: str
    help: str
    place: str


@dataclass(frozen=True)
class TargetView:
    """One target, ready for the template; every text is in the reader's language."""

    key: str
    target: TargetSummary
    sign: tuple[str, str]
    outcome: str
    sentences: tuple[str, str, str]
    tiles: tuple[Tile, ...]
    counts: str
    top_factors: str
    findings: tuple[FindingView, ...]
    worst: tuple[FindingView, ...]
    models: TableView
    differences: TableView
    contexts: TableView | None
    models_intro: str
    reasons: str
    factors: TableView | None
    factors_intro: str
    factors_more: str
    splits: TableView
    figures: dict[str, Figure]
    curves: tuple[Figure, ...]
    curves_say: str


def write_page(summary: Summary, path: Path, lang: str = "en") -> Path:
    """Write the report; the file needs no network and is replaced in one step.

    lang     'en' or 'ja'
    Returns  path
    """
    return write_bytes(path, render_page(summary, lang).encode())


def render_page(summary: Summary, lang: str) -> str:
    """The HTML text; names from the user's file are escaped everywhere."""
    w = words(lang)
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("tabcouce.report"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return environment.get_template("report.html.j2").render(
        w=w,
        lang=lang,
        summary=summary,
        targets=[target_view(target, k + 1, w) for k, target in enumerate(summary.targets)],
        overview=overview_table(summary.targets, w) if len(summary.targets) > 1 else None,
        settings=[_settings(summary, target, w) for target in summary.targets],
        columns=[
            (w.label("kind", kind), len(names), w.listing(list(names), LISTED))
            for kind, names in summary.columns.items()
        ],
        glossary=[(w(f"glossary.{key}"), w(f"glossary.{key}_text")) for key in GLOSSARY],
        library=Markup(chart_library()),  # our own bundle, checked not to end its tag
        unit=lambda about: captions.unit_suffix(_unnamed_unit(about), w),
        cap=lambda cap: captions.cap_text(cap, w),
        split_name=lambda key: captions.long_split(key, w),
    )


def target_view(target: TargetSummary, number: int, w: Words) -> TargetView:
    """All texts, tables and charts of one target."""
    target = with_block_names(target, w)
    explained = target.explained_model
    count = Counter(finding.severity for finding in target.findings)
    total = 0 if explained is None else len(target.factors_of(explained))
    key = f"t{number}"
    shown = shown_outcome(target)
    findings = tuple(_finding_view(finding, w) for finding in target.findings)
    return TargetView(
        key=key,
        target=target,
        sign=SIGNS.get(shown, ("●", "open")),
        outcome=w.label("outcome", shown),
        sentences=verdict_sentences(target, w.language),
        tiles=tiles(target, w),
        counts=w.listing(
            [
                w("page.warnings_count", n=n, severity=w.label("severity", severity))
                for severity, n in count.items()
            ]
        ),
        top_factors=top_factors(target, w),
        findings=findings,
        worst=tuple(found for found in findings if found.severity in ("blocks", "misleads"))[:1],
        models=model_table(target, w),
        differences=difference_table(target, w),
        contexts=None if target.by_blocks else context_table(target, w),
        reasons=_reasons(target, w),
        models_intro=w("page.models_intro_blocks" if target.by_blocks else "page.models_intro"),
        factors=None if explained is None else factor_table(target, explained, w),
        factors_intro=""
        if explained is None
        else captions.sentences(
            w,
            w("page.factors_intro", model=w.label("model_in", explained)),
            w("page.factors_weak") if target.verdict.outcome == "do_not_predict" else "",
        ),
        factors_more=w("page.factors_more", shown=FACTOR_ROWS, total=total) if total > FACTOR_ROWS else "",
        splits=split_table(target, w),
        figures=_figures(target, key, w),
        curves=tuple(
            _curve_figure(target, curve, f"{key}-curve{k}", w) for k, curve in enumerate(target.curves)
        ),
        curves_say=captions.curves(target, w),
    )


def _reasons(target: TargetSummary, w: Words) -> str:
    """What the rule went by, in sentences; '' where it left no reason behind."""
    found = [w.label("verdict_reason", key) for key in target.verdict.reasons]
    return w("page.reasons", reasons=captions.sentences(w, *found)) if found else ""


def _unnamed_unit(about: Target) -> str | None:
    """The target's unit; None where its name says it already."""
    return None if about.unit is None or about.unit in about.name else about.unit


MARKS = {"blocks": "bad", "misleads": "bad", "weakens": "open"}


def _finding_view(finding: Finding, w: Words) -> FindingView:
    return FindingView(
        text=finding_text(finding, w),
        severity=finding.severity,
        mark=MARKS.get(finding.severity, "plain"),
        help=w.label("severity_help", finding.severity),
        place=captions.place_text(finding.place, w),
    )


def top_factors(target: TargetSummary, w: Words) -> str:
    """The three factors that matter most, each with its direction, in one line; '' without any."""
    model = target.explained_model
    found = [factor for factor in target.factors_of(model) if factor.importance > 0][:3] if model else []
    if model is None or not found or target.verdict.outcome == "do_not_predict":
        return ""
    named = [
        w(
            "page.factor_direction",
            name=factor.name,
            direction=captions.direction_word(factor, w),
            share=percent(factor.share),
        )
        for factor in found
    ]
    return w("page.top_factors", names=w.listing(named), model=w.label("model_in", model))


def _figures(target: TargetSummary, key: str, w: Words) -> dict[str, Figure]:
    """Charts by name; one that has nothing to draw is left out."""
    model = best_model(target)
    found: dict[str, Figure] = {}

    def add(name: str, title: str, say: str, spec: dict[str, Any]) -> None:
        alt = w("chart.alt", title=title, say=say)
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
    explained = target.explained_model
    if explained is not None and any(factor.importance > 0 for factor in target.factors_of(explained)):
        say = captions.importance(target, explained, w)
        add("importance", w("chart.importance"), say, charts.importance_bars(target, explained, w))
    return found


def _curve_figure(target: TargetSummary, curve: Curve, key: str, w: Words) -> Figure:
    direction = next((f.direction for f in target.factors_of(curve.model) if f.name == curve.name), "mixed")
    unit = target.target.unit if target.is_regression else None
    say = captions.curve(curve, direction, unit, w)
    alt = w("chart.alt", title=curve.name, say=say)
    return Figure(key, curve.name, say, alt, charts.factor_curve(target, curve, w))


def _settings(summary: Summary, target: TargetSummary, w: Words) -> list[tuple[str, str]]:
    """Name and value of everything one needs to run the study again."""
    source = summary.source
    contexts = [
        w("checked.context_levels", name=name, levels=levels) for name, levels in target.contexts.items()
    ]
    seconds = {**summary.seconds, **target.seconds}
    shown = [
        (w("checked.file"), source.file),
        (w("checked.sheet"), source.sheet),
        (w("checked.encoding"), source.encoding),
        (w("checked.hash"), source.sha256),
        (w("checked.roles"), w.label("origin", summary.roles_origin)),
        (w("checked.inputs"), w("checked.inputs_value", inputs=target.inputs)),
        (w("checked.contexts"), w.listing(contexts) if contexts else w("list.none")),
        (w("checked.effort"), w.label("effort", summary.effort)),
        (w("checked.seed"), str(summary.seed)),
        (
            w("checked.outside"),
            None
            if target.outside_rate is None
            else w("checked.outside_value", percent=percent(target.outside_rate)),
        ),
        (
            w("checked.time"),
            w.listing(
                [
                    w("checked.seconds", stage=w.label("stage", k), seconds=significant(v, 2))
                    for k, v in seconds.items()
                ],
                20,
            ),
        ),
        (w("checked.versions"), w.listing([f"{k} {v}" for k, v in summary.versions.items()], 30)),
        (
            w("checked.role_warnings"),
            captions.sentences(
                w, *(warning_text(text, target.findings, w) for text in summary.role_warnings)
            ),
        ),
    ]
    return [(name, value) for name, value in shown if value]
