"""The similar-lot cards in the reader's language: one small table per lot."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.advice.similar import Neighbour, Similar
from tabcouce.report.catalogue import Words
from tabcouce.report.lot_cards import NEAREST
from tabcouce.report.naming import lot_name, named, natural_order, sentences
from tabcouce.report.similar_text import change_text, outcome_text
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, number_cell
from tabcouce.study.similar import SimilarRows


@dataclass(frozen=True)
class LotCard:
    """One lot: its level as the charts call it, what came out, and its nearest lots."""

    level: str
    say: str
    table: TableView


@dataclass(frozen=True)
class LotCards:
    say: str
    cards: tuple[LotCard, ...]


def lot_cards_view(target: TargetSummary, w: Words) -> LotCards | None:
    """Cards in the order of the file's lots; None without any."""
    found = target.lots
    if found is None or found.by is None:
        return None
    total = target.contexts.get(found.by, len(found.found))
    intro = w(
        "lots.say",
        column=found.by,
        space=w.label("similar_space", found.space),
        why=w.label("similar_reason", found.reason),
    )
    shown = "" if total <= len(found.found) else w("lots.shown", shown=len(found.found), total=total)
    return LotCards(
        sentences(w, intro, shown), tuple(_card(target, found, one, w) for one in in_order(found))
    )


def _card(target: TargetSummary, found: SimilarRows, one: Similar, w: Words) -> LotCard:
    own = next((near for near in one.neighbours if level_of(near, found) == one.label), None)
    kind = "_class" if found.classes else ""
    heads = (
        (named(w("lots.nearest"), None), False, False),
        (w("lots.rows"), True, False),
        (w(f"lots.outcome{kind}", target=target.target.name), True, False),
        (w("lots.differs"), False, False),
    )
    rows = tuple(
        (
            Cell(level_of(near, found), name=True),
            number_cell(f"{near.rows:,}"),
            number_cell(outcome_text(found, near, w)),
            Cell(what_differs(found, near, w)),
        )
        for near in other_lots(one, found)
    )
    name = lot_name(found.by or "", one.label, w)
    caption = w("lots.card", lot=name)
    say = (
        ""
        if own is None
        else w(f"lots.own{kind}", lot=name, rows=f"{own.rows:,}", outcome=outcome_text(found, own, w))
    )
    return LotCard(one.label, say, TableView(caption, heads, rows))


def in_order(found: SimilarRows) -> list[Similar]:
    """Lots as a person would list them."""
    return sorted(found.found, key=lambda one: natural_order(one.label))


def other_lots(one: Similar, found: SimilarRows) -> list[Neighbour]:
    """The nearest lots without the lot itself."""
    return [near for near in one.neighbours if level_of(near, found) != one.label][:NEAREST]


def level_of(near: Neighbour, found: SimilarRows) -> str:
    return near.context.get(found.by or "", "")


def what_differs(found: SimilarRows, near: Neighbour, w: Words) -> str:
    """'temperature 185 instead of 178', as seen from the lot of the card."""
    if not near.except_:
        return w("similar.same")
    return w.listing([change_text(each, found.units.get(each.column), w) for each in near.except_])
