"""How good the advice is: whose neighbours predict, in a table and a sentence."""

from __future__ import annotations

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import gain, significant, with_unit
from tabcouce.report.naming import sentences
from tabcouce.report.summary import TargetSummary
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell, score_cell
from tabcouce.report.verdict_text import unseen

TOLD = 5
"""Labelled rows the sentence tells of; chosen before any curve was seen."""
WORTH = 0.05
"""Share of the error that labelled rows must take away to be worth measuring."""
CHANCE = {"r2": 0.0, "auc": 0.5}


def neighbour_table(target: TargetSummary, w: Words) -> TableView | None:
    """Score of the neighbours' mean outcome in each space, and the gain over scaled distance."""
    found = target.neighbours
    if found is None:
        return None
    metric = w.label("metric", found.metric)
    heads = (
        (w("similar.space"), False, False),
        (metric, True, True),
        (w("similar.gain"), True, False),
        (w("table.interval95"), True, False),
    )
    rows = []
    for each in found.spaces:
        made = each.gain
        known = made is not None and made.low is not None and made.high is not None
        rows.append(
            (
                Cell(w.label("similar_space", each.space), strong=each.space == found.best),
                score_cell(each.score, w, strong=each.space == found.best),
                Cell("") if made is None else number_cell(gain(made.gain)),
                number_cell(f"{gain(made.low)} … {gain(made.high)}")
                if made is not None and known
                else (Cell("") if made is None else empty_cell(w("reason.no_interval"))),
            )
        )
    caption = w("similar.table", k=found.neighbours, unseen=unseen(target, w), metric=metric)
    return TableView(caption, heads, tuple(rows))


def neighbour_sentence(target: TargetSummary, w: Words) -> str:
    """Whether the encoder, or the trees, find better neighbours than plain distance; '' where not asked."""
    found = target.neighbours
    if found is None:
        return ""
    best = found.of(found.best)
    value = None if best is None else best.score.value
    if value is None or value <= CHANCE[found.metric]:
        return w("similar.say_none")
    if found.best == "scaled":
        return w("similar.say_scaled")
    return w("similar.say_other", space=w.label("similar_space", found.best))


def shots_sentence(target: TargetSummary, w: Words) -> str:
    """What labelled rows of a new context are worth to the recommended model, and what was simulated."""
    curve = target.shots
    if curve is None:
        return ""
    own = curve.of(target.verdict.recommended) or curve.curves[0]
    unit = target.target.unit if curve.metric == "rmse" else None
    at = max(j for j, k in enumerate(curve.shots) if k <= TOLD)
    helps = own.error[at] < (1 - WORTH) * own.error[0]
    say = w(
        "shots.say" if helps else "shots.say_none",
        model=w.label("model_in", own.model),
        metric=w.label("metric", curve.metric),
        blind=with_unit(significant(own.error[0]), unit),
        after=with_unit(significant(own.error[at]), unit),
        k=curve.shots[at],
    )
    left = w("shots.left_out", left_out=curve.left_out) if curve.left_out else ""
    how = w("shots.how", n=curve.contexts, sets=curve.sets, left=left)
    return sentences(w, say, how, w("shots.first") if helps else "")
