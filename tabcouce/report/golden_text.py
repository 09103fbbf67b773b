"""New rows beside a golden lot, in words, as JSON and as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tabcouce.advice.golden import GoldenMatch
from tabcouce.report.book import write_cell, written_book
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, significant, with_unit
from tabcouce.report.naming import lot_name
from tabcouce.report.plain import plain
from tabcouce.report.similar_text import change_text
from tabcouce.study.golden_rows import GoldenRows

SHOWN = 3
ALIKE = 0.995
"""Likeness from which a block is written as 100 % alike."""


def golden_lines(answer: GoldenRows, w: Words) -> list[str]:
    """The answer for one target as lines for a terminal."""
    lines = [golden_head(answer, w)]
    for one in answer.found:
        usual = "" if one.usual is None else w("golden.usual", percent=percent(one.usual))
        lines.append(
            w("golden.line", what=asked(answer, one, w), percent=percent(one.likeness), usual=usual,
              says=golden_says(answer, one, w))
        )  # fmt: skip
    return [*lines, w("golden.claim")]


def golden_head(answer: GoldenRows, w: Words) -> str:
    lot = golden_name(answer, w)
    outcome = ""
    if answer.outcome is not None:
        outcome = w("golden.outcome", value=with_unit(significant(answer.outcome, 4), answer.unit))
    return w("golden.head", target=answer.target, lot=lot, rows=answer.rows, outcome=outcome)


def golden_name(answer: GoldenRows, w: Words) -> str:
    if answer.column is None:
        return w("similar.row", row=answer.level)
    return lot_name(answer.column, answer.level, w)


def asked(answer: GoldenRows, one: GoldenMatch, w: Words) -> str:
    if answer.by is None:
        return w("similar.row", row=one.row)
    return w("similar.file") if one.label == "*" else lot_name(answer.by, one.label, w)


def golden_says(answer: GoldenRows, one: GoldenMatch, w: Words) -> str:
    """Blocks that fall short of what is usual (without that, the least alike), then the columns."""
    short = [b for b in one.blocks if b.falls_short or (b.usual is None and b.likeness < ALIKE)][:SHOWN]
    named = [
        w("golden.block", block=block.block, percent=percent(block.likeness))
        if block.usual is None
        else w("golden.block_usual", block=block.block, percent=percent(block.likeness),
               usual=percent(block.usual))
        for block in short
    ]  # fmt: skip
    none = "golden.all_alike" if one.usual is None else "golden.none_short"
    blocks = w("golden.short", blocks=w.listing(named)) if named else w(none)
    changes = [change_text(each, answer.units.get(each.column), w) for each in one.except_]
    same = w("similar.except", changes=w.listing(changes)) if changes else w("similar.same")
    return w("golden.says", blocks=blocks, same=same)


def golden_document(answer: GoldenRows) -> dict[str, Any]:
    """The JSON form of the same, with every block."""
    return {
        "target": answer.target,
        "golden": {"column": answer.column, "level": answer.level, "rows": answer.rows,
                   "outcome": answer.outcome},
        "by": answer.by,
        "declared_blocks": list(answer.blocks),
        "compared": len(answer.found) if answer.compared is None else answer.compared,
        "rows": [
            {
                "row": one.row,
                "label": one.label or None,
                "outcome": one.outcome,
                "likeness": one.likeness,
                "usual": one.usual,
                "blocks": [
                    {"block": b.block, "likeness": b.likeness, "contribution": one.contributions[b.block],
                     "usual": b.usual, "falls_short": b.falls_short}
                    for b in one.blocks
                ],
                "except": [
                    {"column": d.column, "new": plain(d.new), "golden": plain(d.past), "scaled": d.scaled}
                    for d in one.except_
                ],
            }
            for one in answer.found
        ],
    }  # fmt: skip


def write_golden(answers: Sequence[GoldenRows], path: Path, w: Words) -> None:
    """One sheet per target, one line per new row or lot, one column per block; written atomically."""
    with written_book(path) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        for number, answer in enumerate(answers, start=1):
            sheet = book.add_worksheet(w("similar.sheet", k=number))
            sheet.write_string(0, 0, golden_head(answer, w), head)
            blocks = sorted(b.block for b in answer.found[0].blocks) if answer.found else []
            heads = [
                w("similar.column_new"),
                w("golden.column_likeness"),
                w("similar.column_except"),
                *blocks,
            ]
            for j, name in enumerate(heads):
                sheet.write_string(1, j, name, head)
            for line, one in enumerate(answer.found, 2):
                of = {block.block: block.likeness for block in one.blocks}
                cells = [asked(answer, one, w), one.likeness, golden_says(answer, one, w)]
                for j, value in enumerate([*cells, *(of[name] for name in blocks)]):
                    write_cell(sheet, line, j, value)
            sheet.set_column(2, 2, 90)
            sheet.freeze_panes(2, 1)
