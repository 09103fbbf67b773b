"""Similar rows in words: 'row 12 (machine M3): 41.2 MPa; same except temperature 185 instead of 178'."""

from __future__ import annotations

from typing import Any

from tabcouce.advice.similar import Difference, Neighbour, Similar
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, setting, significant, with_unit
from tabcouce.report.naming import lot_name, unit_beside
from tabcouce.study.similar import SimilarRows

DIGITS = 4


def similar_lines(answer: SimilarRows, w: Words) -> list[str]:
    """The answer for one target as lines for a terminal."""
    lines = [w("similar.head", target=answer.target, where=space_sentence(answer, w))]
    for one in answer.found:
        lines.append(w("similar.asked", what=asked_name(answer, one, w)))
        if one.far:
            lines.append(w("similar.far"))
        lines += [
            w("similar.line", rank=rank, what=past_name(near, w), outcome=outcome_text(answer, near, w),
              same=same_except(answer, near, w))
            for rank, near in enumerate(one.neighbours, 1)
        ]  # fmt: skip
    return lines


def space_sentence(answer: SimilarRows, w: Words) -> str:
    """Where neighbours were sought, and why there."""
    return w(
        "similar.where",
        space=w.label("similar_space", answer.space),
        why=w.label("similar_reason", answer.reason),
    )


def asked_name(answer: SimilarRows, one: Similar, w: Words) -> str:
    if answer.by is None:
        return w("similar.row", row=one.row)
    return w("similar.file") if one.label == "*" else lot_name(answer.by, one.label, w)


def past_name(near: Neighbour, w: Words) -> str:
    """'row 12 (machine M3, lot 7)', or 'machine M3 (24 rows)'."""
    context = w.listing([lot_name(name, level, w) for name, level in near.context.items()])
    if near.rows > 1:
        return w("similar.past_lot", lot=context, rows=near.rows)
    row = w("similar.row", row=near.row)
    return w("similar.past_row", row=row, context=context) if context else row


def outcome_text(answer: SimilarRows, near: Neighbour, w: Words) -> str:
    if answer.classes:
        return answer.classes[int(near.outcome)]
    return with_unit(significant(near.outcome, DIGITS), answer.unit)


def same_except(answer: SimilarRows, near: Neighbour, w: Words) -> str:
    """What differs, in the columns' own units; then how alike the declared blocks are."""
    changes = [change_text(each, answer.units.get(each.column), w) for each in near.except_]
    say = w("similar.except", changes=w.listing(changes)) if changes else w("similar.same")
    if not near.blocks:
        return say
    best = 1 / len(near.blocks)
    shares = [w("similar.block", block=name, percent=percent(s / best)) for name, s in near.blocks.items()]
    return w("similar.with_blocks", same=say, blocks=w.listing(shares))


def change_text(change: Difference, unit: str | None, w: Words) -> str:
    """'temperature 185 instead of 178 (+7 degC)'."""
    new, past = (_cell(value, w) for value in (change.new, change.past))
    if isinstance(change.new, float) and isinstance(change.past, float):
        step = change.new - change.past
        sign = "+" if step > 0 else "-"
        by = sign + with_unit(setting(abs(step)), unit_beside(change.column, unit))
        return w("similar.change_by", column=change.column, new=new, past=past, by=by)
    return w("similar.change", column=change.column, new=new, past=past)


def similar_document(answer: SimilarRows) -> dict[str, Any]:
    """The JSON form of the same."""
    return {
        "target": answer.target,
        "unit": answer.unit,
        "space": answer.space,
        "reason": answer.reason,
        "by": answer.by,
        "rows": [
            {
                "row": one.row,
                "label": one.label or None,
                "nothing_like_it": one.far,
                "neighbours": [
                    {
                        "row": near.row,
                        "rows": near.rows,
                        "context": dict(near.context),
                        "outcome": answer.classes[int(near.outcome)] if answer.classes else near.outcome,
                        "distance": near.distance,
                        "except": [
                            {
                                "column": each.column,
                                "unit": answer.units.get(each.column),
                                "new": each.new,
                                "past": each.past,
                                "scaled": each.scaled,
                            }
                            for each in near.except_
                        ],
                        "blocks": dict(near.blocks),
                    }
                    for near in one.neighbours
                ],
            }
            for one in answer.found
        ],
    }


def _cell(value: float | str | None, w: Words) -> str:
    if value is None:
        return w("similar.blank")
    return value if isinstance(value, str) else setting(value, DIGITS)
