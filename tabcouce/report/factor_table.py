"""The table of factors: size, direction, agreement with what was expected."""

from __future__ import annotations

from tabcouce.evaluation.trial import Score
from tabcouce.explanation.factor import Factor
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, significant
from tabcouce.report.factor_captions import direction_word
from tabcouce.report.naming import unit_beside, unit_suffix
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell

FACTOR_ROWS = 15
SEPARABLE = 0.1
"""Below this share of variance within contexts a factor cannot be told from the context."""


def factor_table(target: TargetSummary, model: str, w: Words) -> TableView:
    """The strongest factors: size, the model's share, direction, agreement with what was expected."""
    factors = target.factors_of(model)[:FACTOR_ROWS]
    other = {factor.name: factor for factor in target.factors_of("lightgbm")} if model != "lightgbm" else {}
    unit = unit_suffix(target.target.unit if target.is_regression else None, w)
    heads = [
        (w("table.rank"), True, False),
        (w("table.factor"), False, False),
        (w("table.strength", unit=unit), True, False),
        (w("table.importance", unit=unit), True, False),
        (w("table.share"), True, False),
    ]
    if other:
        heads.append((w("table.share_lightgbm"), True, False))
    heads += [
        (w("table.direction"), False, False),
        (w("table.expected"), False, False),
        (w("table.agreement"), False, False),
        (w("table.permutation", metric=w.label("metric_symbol", target.metric)), True, False),
        (w("table.within"), True, False),
    ]
    top = max((factor.strength for factor in factors), default=1.0) or 1.0
    rows = [_factor_row(k, factor, other, top, w) for k, factor in enumerate(factors, 1)]
    if target.by_blocks:  # blocks of rows are no contexts: what varies within them says nothing
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return TableView(w("table.factors", model=w.label("model", model)), tuple(heads), tuple(rows))


def _factor_row(
    rank: int, factor: Factor, other: dict[str, Factor], top: float, w: Words
) -> tuple[Cell, ...]:
    marks = {
        "agrees": "good",
        "opposite": "bad",
        "unclear": "open",
        "not_reviewed": "plain",
        "inseparable": "bad",
    }
    cells = [
        number_cell(str(rank)),
        Cell(
            factor.name,
            small=unit_beside(factor.name, factor.unit) or "",
            name=True,
        ),
        number_cell(significant(factor.strength), bar=factor.strength / top)
        if factor.strength > 0
        else empty_cell(w("reason.no_strength")),
        number_cell(significant(factor.importance), small=f"± {significant(factor.spread, 2)}"),
        number_cell(w("unit.percent", percent=percent(factor.share))),
    ]
    if other:
        beside = other.get(factor.name)
        cells.append(
            number_cell(w("unit.percent", percent=percent(beside.share)))
            if beside
            else empty_cell(w("reason.not_measured"))
        )
    shown = factor.shown_direction
    arrow = w.label("arrow", shown) if f"arrow.{shown}" in w.messages else ""
    within = factor.varies_within_context
    return (
        *cells,
        Cell(f"{arrow} {direction_word(factor, w)}".strip(), mark="word"),
        Cell(w.label("expected", factor.expected), mark="muted" if factor.expected == "unknown" else "word"),
        Cell(agreement_word(factor, w), mark=marks.get(factor.agreement, "plain")),
        _loss_cell(factor.permutation, w),
        empty_cell(w("reason.not_measured"))
        if within is None
        else Cell(
            w("unit.percent", percent=percent(within)),
            True,
            reason=w("reason.inseparable") if within < SEPARABLE else "",
            mark="bad" if within < SEPARABLE else "",
        ),
    )


def agreement_word(factor: Factor, w: Words) -> str:
    """'agrees' and so on; a factor that cannot be separated names the context it is bound to."""
    if factor.agreement == "inseparable" and factor.bound_to:
        return w("effect.inseparable_from", context=factor.bound_to)
    return w.label("agreement", factor.agreement)


def _loss_cell(found: Score | None, w: Words) -> Cell:
    """Loss of the primary score: three decimals, since small losses are the interesting ones."""
    if found is None or found.value is None:
        return empty_cell(w("reason.not_measured"))
    value, low, high = (
        "" if each is None else f"{each:.3f}".replace("-0.000", "0.000")
        for each in (found.value, found.low, found.high)
    )
    return number_cell(value, small=f"{low} … {high}" if low and high else "")
