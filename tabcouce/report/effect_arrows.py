"""From the effect of a factor seen alone to the adjusted one: what the arrows show, and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import signed, significant, step_text, with_unit
from tabcouce.report.factor_table import FACTOR_ROWS
from tabcouce.report.naming import sentences
from tabcouce.report.summary import TargetSummary


@dataclass(frozen=True)
class EffectArrow:
    """One numeric factor; effects of one natural step, unit of the target.

    step         the step with its unit, as text
    low, high    95 % interval of the adjusted effect; None where none may be claimed
    clear        whether the effect may be called clear among all factors tested
    """

    name: str
    step: str
    alone: float
    adjusted: float
    low: float | None
    high: float | None
    clear: bool


def arrows(target: TargetSummary) -> tuple[EffectArrow, ...]:
    """The strongest numeric factors whose effect was measured both ways, as the table ranks them."""
    model = target.explained_model
    found = []
    for factor in target.factors_of(model)[:FACTOR_ROWS] if model else ():
        naive, adjusted = factor.naive, factor.adjusted
        if naive is None or adjusted is None:
            continue
        step = adjusted.step
        claimed = adjusted.low is not None and adjusted.high is not None
        found.append(
            EffectArrow(
                factor.name,
                step_text(step, factor.unit),
                naive.slope * step,
                adjusted.slope * step,
                None if adjusted.low is None else adjusted.low * step,
                None if adjusted.high is None else adjusted.high * step,
                claimed and adjusted.claimed,
            )
        )
    return tuple(found)


def arrows_say(target: TargetSummary, shown: tuple[EffectArrow, ...], w: Words) -> str:
    """How many effects stay clear, and which of those with an interval changes most by the adjustment."""
    sure = [one for one in shown if one.low is not None]
    moved = max(sure, key=lambda one: abs(one.adjusted - one.alone), default=None)
    unit = target.target.unit if target.is_regression else None
    return sentences(
        w,
        w("arrows.clear", clear=sum(one.clear for one in shown), total=len(shown)),
        ""
        if moved is None
        else w(
            "arrows.moved",
            name=moved.name,
            step=moved.step,
            alone=with_unit(signed(significant(moved.alone)), unit),
            adjusted=with_unit(signed(significant(moved.adjusted)), unit),
        ),
        w("arrows.how"),
    )
