"""The table of effects: what one unit of a factor does, seen alone and with context held fixed."""

from __future__ import annotations

from tabcouce.explanation.factor import Effect, Factor
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, signed, significant, step_text
from tabcouce.report.factor_table import FACTOR_ROWS
from tabcouce.report.modifier_text import told
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell


def effect_table(target: TargetSummary, model: str, w: Words) -> TableView | None:
    """Naive and adjusted slope of the most important numeric factors; None where there are none."""
    factors = [f for f in target.factors_of(model)[:FACTOR_ROWS] if f.naive is not None]
    if not factors:
        return None
    heads = (
        (w("table.factor"), False, False),
        (w("table.step"), True, False),
        (w("table.slope_alone"), True, False),
        (w("table.slope_adjusted"), True, False),
        (w("table.same_everywhere"), True, False),
        (w("table.overlap"), True, False),
        (w("table.robustness"), True, False),
        (w("table.reading"), False, False),
    )
    unit = target.target.unit or target.target.name
    return TableView(
        w("table.effects", unit=unit), heads, tuple(_effect_row(f, target.target.spread, w) for f in factors)
    )


def _effect_row(factor: Factor, spread: float | None, w: Words) -> tuple[Cell, ...]:
    adjusted = factor.adjusted
    key = effect_reading(factor.naive, adjusted)
    robust = None if adjusted is None or adjusted.low is None else adjusted.robustness
    return (
        Cell(factor.name, name=True),
        _step_cell(factor),
        _slope_cell(factor.naive, w),
        _slope_cell(adjusted, w),
        _spread_cell(adjusted, spread, w),
        empty_cell(w("reason.not_measured"))
        if adjusted is None
        else number_cell(w("unit.percent", percent=percent(min(adjusted.overlap, 1.0)))),
        empty_cell(w("reason.no_claim"))
        if robust is None
        else number_cell(w("unit.percent", percent=percent(robust))),
        Cell(
            w("effect.inseparable_from", context=factor.bound_to)
            if key == "inseparable" and factor.bound_to
            else w.label("effect", key),
            mark=EFFECT_MARKS[key],
        ),
    )


EFFECT_MARKS = {
    "same": "good",
    "changed": "open",
    "reversed": "bad",
    "open": "plain",
    "inseparable": "bad",
}


def effect_reading(naive: Effect | None, adjusted: Effect | None) -> str:
    """What the step from the slope alone to the adjusted one says, by its interval only.

    'inseparable' no interval may be claimed; 'open' it holds zero, or would among so many factors;
    'reversed' the sign is clear and another than alone; 'changed' the slope alone lies outside it;
    else 'same'.
    """
    if naive is None or adjusted is None or adjusted.low is None or adjusted.high is None:
        return "inseparable"
    if not adjusted.claimed:
        return "open"
    if naive.slope * adjusted.slope < 0:
        return "reversed"
    return "same" if adjusted.low <= naive.slope <= adjusted.high else "changed"


def _step_cell(factor: Factor) -> Cell:
    """The step all slopes of the row are told for, in the column's unit."""
    assert factor.naive is not None
    return number_cell(step_text(factor.naive.step, factor.unit))


def _slope_cell(effect: Effect | None, w: Words) -> Cell:
    """Effect of one natural step with its interval."""
    if effect is None:
        return empty_cell(w("reason.not_measured"))
    small = ""
    if effect.low is not None and effect.high is not None:
        small = " … ".join(signed(significant(bound * effect.step)) for bound in (effect.low, effect.high))
    return number_cell(signed(significant(effect.slope * effect.step)), small=small)


def _spread_cell(effect: Effect | None, spread: float | None, w: Words) -> Cell:
    """Smallest and largest effect of one step where it is known, and how much of that is no noise."""
    if effect is None or effect.i2 is None:
        return empty_cell(w("reason.not_measured"))
    steps = [found.slope * effect.step for found in told(effect.per_context, effect.step, spread)]
    ends = " … ".join(signed(significant(end, 2)) for end in (min(steps), max(steps)))
    return number_cell(ends, small=f"I² {w('unit.percent', percent=percent(effect.i2))}")
