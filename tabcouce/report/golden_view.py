"""The rows or lots least like the golden one in the reader's language: a table, sentences, a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, significant
from tabcouce.report.golden_text import asked, golden_document, golden_head, golden_name, golden_says
from tabcouce.report.naming import named, sentences
from tabcouce.report.sheet import Sheet
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, number_cell
from tabcouce.study.golden_rows import GoldenRows

MOST_BLOCKS = 6
"""Blocks with a column of their own, those that take most away; the others share one."""


@dataclass(frozen=True)
class GoldenView:
    say: str
    table: TableView


def golden_view(target: TargetSummary, w: Words) -> GoldenView | None:
    """None where no golden lot or row is named."""
    found = target.golden
    if found is None:
        return None
    shown, rest = shown_blocks(found)
    outcome = target.is_regression
    heads = [(named(w("golden.asked"), None), False, False)]
    if outcome:
        heads.append((w("lots.outcome", target=target.target.name), True, False))
    heads.append((w("golden.column_likeness_percent"), True, False))
    best = percent(1 / len(found.found[0].blocks))
    heads += [(w("golden.adds", block=block, best=best), True, False) for block in shown]
    if rest:
        heads.append((w("golden.others", n=len(rest)), True, False))
    heads.append((w("lots.differs"), False, False))
    rows = []
    for one in found.found:
        adds = one.contributions
        cells = [Cell(asked(found, one, w), name=True)]
        if outcome:
            cells.append(number_cell("" if one.outcome is None else significant(one.outcome, 4)))
        cells.append(number_cell(points(one.likeness)))
        cells += [number_cell(points(adds[block])) for block in shown]
        if rest:
            cells.append(number_cell(points(sum(adds[block] for block in rest))))
        cells.append(Cell(golden_says(found, one, w)))
        rows.append(tuple(cells))
    caption = w("golden.caption", golden=golden_name(found, w))
    return GoldenView(golden_sentences(found, w), TableView(caption, tuple(heads), tuple(rows)))


def golden_sentences(found: GoldenRows, w: Words) -> str:
    """What was compared, what is least alike, and what to declare where no blocks are."""
    first, total = found.found[0], found.compared or len(found.found)
    lead = w("golden.least", what=asked(found, first, w), percent=percent(first.likeness),
             says=golden_says(found, first, w))  # fmt: skip
    shown = "" if total <= len(found.found) else w("golden.shown", shown=len(found.found), total=total)
    blocks = w("golden.blocks_say", n=len(found.blocks)) if found.blocks else w("golden.no_blocks")
    return sentences(w, golden_head(found, w) + w("golden.stop"), lead, shown, blocks, w("golden.claim"))


def golden_result(found: GoldenRows | None, languages: dict[str, Words]) -> dict[str, object] | None:
    """The part of result.json, with the sentences in every language."""
    if found is None:
        return None
    return {
        **golden_document(found),
        "sentences": {lang: golden_sentences(found, w) for lang, w in languages.items()},
    }


def golden_sheet(targets: Iterable[TargetSummary], w: Words) -> Sheet:
    """Every block of every row or lot that the page shows, one line each."""
    heads = (
        w("book.target"), w("golden.asked"), w("lots.outcome_short"), w("golden.column_likeness"),
        w("golden.block_head"), w("golden.block_adds"), w("golden.block_misses"), w("lots.differs"),
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for target in targets:
        found = target.golden
        for one in () if found is None else found.found:
            assert found is not None
            best = 1 / len(one.blocks)
            name = named(target.target.name, target.target.unit)
            for k, (block, adds) in enumerate(one.contributions.items()):
                differs = golden_says(found, one, w) if k == 0 else None
                rows.append(
                    (name, asked(found, one, w), one.outcome, one.likeness, block, adds, best - adds, differs)
                )
    return Sheet(w("golden.title"), heads, rows, shares=frozenset({3, 5, 6}))


def shown_blocks(found: GoldenRows) -> tuple[list[str], list[str]]:
    """Blocks with a column of their own, those that take most away first, and the rest."""
    adds: dict[str, list[float]] = {}
    for one in found.found:
        for block, share in one.contributions.items():
            adds.setdefault(block, []).append(share)
    order = sorted(adds, key=lambda block: float(np.mean(adds[block])))
    return (order, []) if len(order) <= MOST_BLOCKS + 1 else (order[:MOST_BLOCKS], order[MOST_BLOCKS:])


def points(share: float) -> str:
    """Per cent with one decimal, so that the parts still sum to the whole by eye."""
    return f"{100 * share:.1f}"
