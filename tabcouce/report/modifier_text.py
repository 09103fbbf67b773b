"""Where a factor acts differently, and how far contexts move the target themselves, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tabcouce.explanation.factor import ContextSlope, Effect, Factor, Modifier
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, signed, significant, step_text, with_unit
from tabcouce.report.naming import level_name, sentences
from tabcouce.report.summary import TargetSummary

SHOWN = 3
LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Modified:
    """A factor with its adjusted effect and one context column by which it differs."""

    factor: Factor
    effect: Effect
    modifier: Modifier


def modified(target: TargetSummary) -> tuple[Modified, ...]:
    """What is worth a picture: differences that may be stated, and declared modifiers; clearest first."""
    model = target.explained_model
    found = [
        Modified(factor, factor.adjusted, one)
        for factor in (target.factors_of(model) if model else ())
        if factor.adjusted is not None
        for one in factor.adjusted.modifiers
        if one.claimed or one.declared
    ]
    return tuple(sorted(found, key=lambda each: (each.modifier.q, each.modifier.p)))[:SHOWN]


def told(slopes: Sequence[ContextSlope], step: float, spread: float | None) -> tuple[ContextSlope, ...]:
    """Levels whose effect of one step is known to better than the target's own spread.

    Where a factor hardly moved, a whole step lies far outside what the level has seen. All of them
    where fewer than two are left, or where the target has no spread (classes).
    """
    sure = tuple(one for one in slopes if spread is None or (one.high - one.low) * step / 2 <= spread)
    return sure if len(sure) > 1 else tuple(slopes)


def modifier_sentences(target: TargetSummary, w: Words) -> str:
    """'table_speed acts differently by batch: 1 -31, 2 +0.9'; or that nothing clearly does."""
    model = target.explained_model
    tested = any(
        factor.adjusted is not None and factor.adjusted.modifiers
        for factor in (target.factors_of(model) if model else ())
    )
    clear = [each for each in modified(target) if each.modifier.claimed]
    if not clear:
        return w("modifier.none") if tested else ""
    return sentences(w, *(_one(each, target, w) for each in clear))


def _one(each: Modified, target: TargetSummary, w: Words) -> str:
    step, unit = each.effect.step, target.target.unit
    ends = sorted(told(each.modifier.slopes, step, target.target.spread), key=lambda slope: slope.slope)
    low, high = ends[0], ends[-1]
    return w(
        "modifier.differs",
        factor=each.factor.name,
        column=each.modifier.column,
        step=step_text(step, each.factor.unit),
        lowest=level_name(each.modifier.column, low.context),
        low=with_unit(signed(significant(low.slope * step)), unit),
        highest=level_name(each.modifier.column, high.context),
        high=with_unit(signed(significant(high.slope * step)), unit),
    )


def shift_sentences(target: TargetSummary, w: Words) -> str:
    """What each context column moves by itself; '' where none moves anything.

    Silent where held-out rows are predicted no better with their contexts than without: the levels
    are read off a fit within contexts, which follows noise where columns are many and rows few.
    """
    if _contexts_add_nothing(target):
        return ""
    unit = target.target.unit
    told = [
        w(
            "modifier.shift",
            column=shift.column,
            percent=percent(shift.share),
            lowest=level_name(shift.column, shift.lowest),
            low=significant(shift.low),
            highest=level_name(shift.column, shift.highest),
            high=with_unit(significant(shift.high), unit),
        )
        for shift in target.shifts
        if shift.share >= LEAST_SHARE
    ]
    return sentences(w, w("modifier.shift_intro"), *told[:SHOWN]) if told else ""


def _contexts_add_nothing(target: TargetSummary) -> bool:
    found = target.confounding
    if found is None or found.both.value is None or found.conditions_only.value is None:
        return False
    return found.both.value - found.conditions_only.value <= LEAST_SHARE


def modifier_say(target: TargetSummary, shown: tuple[Modified, ...], w: Words) -> str:
    """On how many levels the interval of the clearest factor leaves out the effect over all."""
    first = shown[0]
    slopes = first.modifier.slopes
    apart = sum(not one.low <= first.effect.slope <= one.high for one in slopes)
    spread = target.target.spread
    drawn = all(len(told(e.modifier.slopes, e.effect.step, spread)) == len(e.modifier.slopes) for e in shown)
    say = w(
        "modifier.say",
        factor=first.factor.name,
        column=first.modifier.column,
        levels=len(slopes),
        apart=apart,
    )
    return sentences(w, say, "" if drawn else w("modifier.left_out"))
