"""Rows outside the limits: what the model expects on contexts never seen, beside what was."""

from __future__ import annotations

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, number_cell
from tabcouce.report.verdict_text import unseen

SHOWN = 30
"""Contexts in the table, those with the highest expected share."""


def expected_sentence(target: TargetSummary, w: Words) -> str:
    """'' without limits."""
    found = target.out_of_spec
    if found is None:
        return ""
    return w(
        "capability.expected",
        unseen=unseen(target, w),
        model=w.label("model_in", found.model),
        expected=percent(found.expected),
        observed=percent(found.observed),
        n=f"{found.n:,}",
    )


def expected_table(target: TargetSummary, w: Words) -> TableView | None:
    """Expected and real share of each held-out context; None with fewer than two."""
    found = target.out_of_spec
    if found is None or len(found.per_context) < 2 or target.by_blocks:
        return None
    heads = (
        (w("table.context"), False, False),
        (w("table.n"), True, False),
        (w("capability.expected_share"), True, True),
        (w("capability.observed_share"), True, False),
    )
    ranked = sorted(found.per_context.items(), key=lambda item: -item[1][0])[:SHOWN]
    rows = tuple(
        (
            Cell(name, name=True),
            number_cell(f"{n:,.0f}"),
            number_cell(w("unit.percent", percent=percent(expected)), strong=True),
            number_cell(w("unit.percent", percent=percent(observed))),
        )
        for name, (expected, observed, n) in ranked
    )
    caption = w("capability.expected_by_context", model=w.label("model", found.model))
    return TableView(caption, heads, rows)
