"""Sheets of single rows and lots: the largest errors, the most similar lots, capability."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tabcouce.report.catalogue import Words
from tabcouce.report.lot_view import in_order, level_of, other_lots, what_differs
from tabcouce.report.naming import lot_name, named
from tabcouce.report.sheet import RowLines, Sheet
from tabcouce.report.summary import TargetSummary
from tabcouce.report.verdict_text import best_model

LARGEST = 50
"""Rows listed as unusual."""


def unusual_rows(parts: Iterable[tuple[TargetSummary, pd.DataFrame, RowLines]], w: Words) -> Sheet:
    """The rows that the chosen model missed furthest on contexts never seen, each leading to its line."""
    heads = (
        w("book.target"), w("book.row"), w("table.context"), w("book.observed"), w("book.predicted_short"),
        w("book.residual_short"), w("book.in_spreads"),
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for target, frame, lines in parts:
        key = f"{target.headline}:{best_model(target)}"
        if not target.is_regression or key not in frame.columns:
            continue
        residual = frame["observed"].astype(float) - frame[key].astype(float)
        spread = float(residual.std())
        context = f"context:{target.headline_column}"
        for at in residual.abs().sort_values(ascending=False, kind="stable").index[:LARGEST]:
            if pd.isna(residual[at]):
                continue
            rows.append(
                (
                    named(target.target.name, target.target.unit),
                    lines.link(int(frame["row"][at])),
                    str(frame[context][at]) if context in frame.columns else None,
                    float(frame["observed"][at]),
                    float(frame[key][at]),
                    float(residual[at]),
                    float(residual[at]) / spread if spread > 0 else None,
                )
            )
    return Sheet(w("book.unusual"), heads, rows)


def lot_sheet(targets: Iterable[TargetSummary], w: Words) -> Sheet:
    """The five nearest lots of every lot, as the cards of the page tell them."""
    heads = (
        w("book.target"), w("lots.choose"), w("similar.column_rank"), w("lots.nearest"), w("lots.rows"),
        w("lots.outcome_short"), w("similar.column_distance"), w("lots.differs"),
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for target in targets:
        found = target.lots
        if found is None:
            continue
        name = named(target.target.name, target.target.unit)
        for one in in_order(found):
            for rank, near in enumerate(other_lots(one, found), 1):
                outcome = found.classes[int(near.outcome)] if found.classes else near.outcome
                where = lot_name(found.by or "", level_of(near, found), w)
                asked = lot_name(found.by or "", one.label, w)
                rows.append(
                    (
                        name,
                        asked,
                        rank,
                        where,
                        near.rows,
                        outcome,
                        near.distance,
                        what_differs(found, near, w),
                    )
                )
    return Sheet(w("lots.title"), heads, rows)


def capability_sheet(targets: Iterable[TargetSummary], w: Words) -> Sheet:
    """Cp to Ppk with intervals, and the shares outside the limits."""
    heads = (w("book.target"), w("book.metric"), w("book.value"), w("book.low"), w("book.high"), w("book.n"))
    rows: list[tuple[object, ...]] = []
    for target in targets:
        name, found, expected = (
            named(target.target.name, target.target.unit),
            target.capability,
            target.out_of_spec,
        )
        if found is not None:
            indices = (("Cp", found.cp), ("Cpk", found.cpk), ("Pp", found.pp), ("Ppk", found.ppk))
            rows += [
                (name, label, index.value, index.low, index.high, found.n)
                for label, index in indices
                if index.value is not None
            ]
        if expected is not None:
            for label, share in (
                (w("capability.expected_share"), expected.expected),
                (w("capability.observed_share"), expected.observed),
            ):
                rows.append((name, label, share, None, None, expected.n))
    return Sheet(w("capability.title"), heads, rows)
