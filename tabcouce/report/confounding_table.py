"""What the contexts explain, what the conditions do and what they share: sentence and table."""

from __future__ import annotations

from tabcouce.evaluation.confounding import Confounding
from tabcouce.evaluation.trial import Score
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import gain, score
from tabcouce.report.naming import sentences
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell, score_cell
from tabcouce.report.verdict_text import CHANCE, SMALL_GAP

KINDS = ("context_only", "conditions_only", "both", "adjusted", "increment")


def scores_of(found: Confounding) -> tuple[tuple[str, Score], ...]:
    """The five scores by key, in the order in which they are shown."""
    values = (found.context_only, found.conditions_only, found.both, found.adjusted, found.increment)
    return tuple(zip(KINDS, values, strict=True))


def confounding_table(target: TargetSummary, w: Words) -> TableView | None:
    """None where the file names no context, or LightGBM was not finished on shuffled rows."""
    found = target.confounding
    if found is None:
        return None
    heads = (
        (w("confounding.who"), False, False),
        (w.label("metric", found.metric), True, False),
        (w("confounding.meaning"), False, False),
    )
    rows = tuple(
        (
            Cell(w(f"confounding.{key}")),
            _gain_cell(each, w) if key == "increment" else score_cell(each, w, strong=key == "adjusted"),
            Cell(w(f"confounding.{key}_says")),
        )
        for key, each in scores_of(found)
    )
    return TableView(w("confounding.caption"), heads, rows)


def _gain_cell(found: Score, w: Words) -> Cell:
    if found.value is None:
        return empty_cell(w("reason.undefined"))
    if found.low is None or found.high is None:
        return number_cell(gain(found.value))
    return number_cell(gain(found.value), small=f"{gain(found.low)} … {gain(found.high)}")


def _fall(shuffled: Score, new: Score) -> float | None:
    return None if shuffled.value is None or new.value is None else shuffled.value - new.value


def confounding_sentence(target: TargetSummary, w: Words) -> str:
    """What the five mean for this user; '' where they say nothing."""
    found = target.confounding
    if found is None or found.adjusted.value is None or found.context_only.value is None:
        return ""
    names = w.listing([w("list.quoted", name=name) for name in target.contexts])
    chance = CHANCE[found.metric]
    shown = found.adjusted.low is not None and found.adjusted.low > chance
    inside = "confounding.inside" if shown else "confounding.nothing_inside"
    alone = found.conditions_only
    # Inside a context less is left to explain: a lower score there is no loan if a new context shows none.
    shuffled, new = (target.score(split, "lightgbm", found.metric) for split in ("shuffled", target.headline))
    lost = None if shuffled is None or new is None else _fall(shuffled, new)
    borrowed = (
        alone.low is not None and alone.low > found.adjusted.value and lost is not None and lost > SMALL_GAP
    )
    return sentences(
        w,
        w("confounding.say", contexts=names, context=score(found.context_only.value),
          conditions=score(alone.value), both=score(found.both.value)),
        w(inside, adjusted=score(found.adjusted.value)),
        w("confounding.borrowed") if borrowed else "",
    )  # fmt: skip
