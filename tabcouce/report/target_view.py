"""`TargetSummary` -> `TargetView`: all texts, tables and charts of one target in one language."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tabcouce.checks.finding import Finding
from tabcouce.explanation.factor import Factor
from tabcouce.report import factor_captions
from tabcouce.report.advice_table import neighbour_sentence, neighbour_table
from tabcouce.report.alarm_view import AlarmView, alarm_view
from tabcouce.report.block_names import with_block_names
from tabcouce.report.capability_table import capability_sentence, capability_table
from tabcouce.report.catalogue import Words
from tabcouce.report.confounding_table import confounding_sentence, confounding_table
from tabcouce.report.digits import percent
from tabcouce.report.effect_table import effect_table
from tabcouce.report.factor_table import FACTOR_ROWS, factor_table
from tabcouce.report.figures import Figure, curve_figure, figures
from tabcouce.report.finding_text import FindingText, finding_text
from tabcouce.report.golden_view import GoldenView, golden_view
from tabcouce.report.lot_view import LotCards, lot_cards_view
from tabcouce.report.modifier_text import modifier_sentences, shift_sentences
from tabcouce.report.naming import natural_order, place_text, sentences
from tabcouce.report.next_step import next_step
from tabcouce.report.profile_view import ProfileView, profile_view
from tabcouce.report.spec_table import expected_sentence, expected_table
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import TableView
from tabcouce.report.tables import context_table, difference_table, helped_table, model_table, split_table
from tabcouce.report.tiles import Tile, tiles
from tabcouce.report.verdict_text import is_vetoed, settle_sentence, shown_outcome, verdict_sentences

SIGNS = {
    "use_model": ("●", "good"),
    "split_advice": ("◐", "good"),
    "use_linear": ("●", "good"),
    "do_not_predict": ("■", "bad"),
    "undecided": ("▲", "open"),
    "weak": ("◐", "open"),
    "care": ("◐", "open"),
    "blocked": ("■", "bad"),
    "alarms_only": ("●", "good"),
}
"""Traffic mark per outcome: a shape and a colour beside the word, never colour alone."""
CHOICES = 200
"""Contexts in the lists below the charts; more would bury it."""
MARKS = {"blocks": "bad", "misleads": "bad", "weakens": "open"}


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
    next_step: str
    findings: tuple[FindingView, ...]
    worst: tuple[FindingView, ...]
    models: TableView | None
    helped: TableView | None
    differences: TableView
    contexts: TableView | None
    models_intro: str
    reasons: str
    factors: TableView | None
    effects: TableView | None
    modifiers_say: str
    shifts_say: str
    factors_intro: str
    factors_more: str
    confounding: TableView | None
    confounding_say: str
    capability: TableView | None
    capability_say: str
    alarms: AlarmView | None
    splits: TableView
    figures: dict[str, Figure]
    curves: tuple[Figure, ...]
    curves_say: str
    profile: ProfileView | None
    together: str
    neighbours: TableView | None
    neighbours_say: str
    lot_cards: LotCards | None
    golden: GoldenView | None
    lots: tuple[str, ...]
    expected: str
    expected_contexts: TableView | None


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
        next_step=next_step(target, w),
        findings=findings,
        worst=tuple(found for found in findings if found.severity in ("blocks", "misleads"))[:1],
        models=model_table(target, w) if target.models else None,
        helped=helped_table(target, w),
        differences=difference_table(target, w),
        contexts=None if target.by_blocks else context_table(target, w),
        reasons=_reasons(target, w),
        models_intro=w("page.models_intro_blocks" if target.by_blocks else "page.models_intro"),
        factors=None if explained is None else factor_table(target, explained, w),
        effects=None if explained is None else effect_table(target, explained, w),
        modifiers_say=modifier_sentences(target, w),
        shifts_say=shift_sentences(target, w),
        factors_intro=""
        if explained is None
        else sentences(
            w,
            w("page.factors_intro", model=w.label("model_in", explained)),
            w("page.factors_weak")
            if target.verdict.outcome == "do_not_predict" and not is_vetoed(target)
            else "",
        ),
        factors_more=w("page.factors_more", shown=FACTOR_ROWS, total=total) if total > FACTOR_ROWS else "",
        confounding=confounding_table(target, w),
        confounding_say=confounding_sentence(target, w),
        capability=capability_table(target, w),
        capability_say=capability_sentence(target, w),
        alarms=None if target.alarms is None else alarm_view(target, target.alarms, key, w),
        splits=split_table(target, w),
        figures=figures(target, key, w),
        curves=tuple(
            curve_figure(target, curve, f"{key}-curve{k}", w) for k, curve in enumerate(target.curves)
        ),
        curves_say=factor_captions.curves(target, w),
        profile=profile_view(target, w),
        together=factor_captions.together(target, w),
        neighbours=neighbour_table(target, w),
        neighbours_say=neighbour_sentence(target, w),
        lot_cards=lot_cards_view(target, w),
        golden=golden_view(target, w),
        lots=_lots(target),
        expected=expected_sentence(target, w),
        expected_contexts=expected_table(target, w),
    )


def _lots(target: TargetSummary) -> tuple[str, ...]:
    """Contexts of the drawn rows, as the lists below the charts offer them."""
    names = {name for part in (target.points, target.map) if part is not None for name in part.context}
    return tuple(sorted(names, key=natural_order)[:CHOICES]) if len(names) > 1 else ()


def _reasons(target: TargetSummary, w: Words) -> str:
    """What the rule went by, in sentences; '' where it left no reason behind."""
    keys = target.verdict.reasons
    if is_vetoed(target):  # a model beats the constant, which the veto sets aside
        keys = tuple(key for key in keys if key != "nothing-beats-constant")
    found = [w.label("verdict_reason", key) for key in keys]
    if target.verdict.outcome != "undecided" and settle_sentence(target, w):
        found.append(settle_sentence(target, w))
    return w("page.reasons", reasons=sentences(w, *found)) if found else ""


def _finding_view(finding: Finding, w: Words) -> FindingView:
    return FindingView(
        text=finding_text(finding, w),
        severity=finding.severity,
        mark=MARKS.get(finding.severity, "plain"),
        help=w.label("severity_help", finding.severity),
        place=place_text(finding.place, w),
    )


def top_factors(target: TargetSummary, w: Words) -> str:
    """The strongest factors, three at most, each with its direction, in one line; '' without any.

    Where a second method supports fewer than three, the line also names what the model uses, and says
    that nothing else supports it.
    """
    model = target.explained_model
    used = [factor for factor in target.factors_of(model) if factor.importance > 0] if model else []
    strong = [factor for factor in used if factor.strength > 0]
    if model is None or not used or target.verdict.outcome == "do_not_predict":
        return ""
    if not strong:
        return w(
            "page.top_factors_unsupported",
            names=_with_directions(used[:3], w),
            model=w.label("model_in", model),
        )
    rest = [factor for factor in used if factor not in strong][: max(3 - len(strong), 0)]
    return sentences(
        w,
        w(
            "page.top_factors",
            names=_with_directions(factor_captions.leading(strong), w),
            model=w.label("model_in", model),
        ),
        w("page.top_factors_also", names=_with_directions(rest, w)) if rest else "",
    )


def _with_directions(factors: list[Factor], w: Words) -> str:
    return w.listing(
        [
            w(
                "page.factor_direction_model" if _only_in_the_model(factor) else "page.factor_direction",
                name=factor.name,
                direction=factor_captions.direction_word(factor, w),
                share=percent(factor.share),
            )
            for factor in factors
        ]
    )


def _only_in_the_model(factor: Factor) -> bool:
    """Whether a direction was measured beside the model's and is not clear there."""
    return factor.adjusted is not None and not factor.adjusted.claimed
