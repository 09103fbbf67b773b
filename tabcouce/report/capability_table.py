"""The capability of the measured target in its specification limits: sentence and table."""

from __future__ import annotations

from tabcouce.evaluation.capability import Capability, Index
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, significant, with_unit
from tabcouce.report.naming import natural_order
from tabcouce.report.summary import Target, TargetSummary
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell

LISTED = 6
CAPABLE = 1.33
"""The usual least Cpk (four standard deviations to the nearer limit)."""


def capability_table(target: TargetSummary, w: Words) -> TableView | None:
    """Cp, Cpk, Pp and Ppk with their intervals; None where no limit is declared."""
    found = target.capability
    if found is None:
        return None
    heads = tuple((text, k > 0, False) for k, text in enumerate(_heads(w)))
    rows = (
        _row(w("capability.short_term"), found.within, found.cp, found.cpk, target.target, w),
        _row(w("capability.long_term"), found.overall, found.pp, found.ppk, target.target, w),
    )
    caption = w("capability.caption", limits=limits_text(target.target, w))
    return TableView(caption, heads, rows)


def _heads(w: Words) -> tuple[str, ...]:
    return (w("capability.spread"), w("capability.deviation"), "Cp / Pp", "Cpk / Ppk")


def _row(name: str, spread: float, width: Index, nearest: Index, about: Target, w: Words) -> tuple[Cell, ...]:
    return (
        Cell(name),
        number_cell(with_unit(significant(spread), about.unit)),
        _index_cell(width, w),
        _index_cell(nearest, w),
    )


def _index_cell(index: Index, w: Words) -> Cell:
    if index.value is None:
        return empty_cell(w("capability.one_limit"))
    return number_cell(
        f"{index.value:.2f}", small="" if index.low is None else f"{index.low:.2f} … {index.high:.2f}"
    )


def limits_text(about: Target, w: Words) -> str:
    """'4 to 30 mm', 'at most 30 mm' or 'at least 4 mm'."""
    low, high = significant(about.lower), significant(about.upper)
    if about.lower is not None and about.upper is not None:
        return with_unit(w("capability.both", low=low, high=high), about.unit)
    key, end = ("capability.upper", high) if about.lower is None else ("capability.lower", low)
    return w(key, end=with_unit(end, about.unit))


def capability_sentence(target: TargetSummary, w: Words) -> str:
    """What the numbers mean: stability first, then the index, then what was really outside."""
    found = target.capability
    if found is None:
        return ""
    index = found.ppk.value if found.ppk.value is not None else 0.0
    told = (
        _stability(found, w),
        w("capability.enough" if index >= CAPABLE else "capability.short", ppk=f"{index:.2f}", n=found.n),
        w("capability.beyond", percent=percent(found.beyond)),
    )
    return w("list.join_sentences").join(told)


def _stability(found: Capability, w: Words) -> str:
    if found.is_stable:
        return w("capability.stable")
    named = w.listing(sorted(found.unstable, key=natural_order), LISTED)
    if found.subgroup is None:
        return w("capability.unstable_rows", count=len(found.unstable), rows=named)
    return w(
        "capability.unstable",
        count=len(found.unstable),
        of=found.subgroups,
        column=found.subgroup,
        names=named,
    )
