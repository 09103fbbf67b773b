"""Similar rows as a workbook: one sheet per target, one line per neighbour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabcouce.report.book import write_cell, written_book
from tabcouce.report.catalogue import Words
from tabcouce.report.similar_text import asked_name, same_except, space_sentence
from tabcouce.study.similar import SimilarRows


def write_similar(answers: Sequence[SimilarRows], path: Path, w: Words) -> None:
    """Write `path` atomically; text stays text, also where it begins with '='."""
    with written_book(path) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for number, answer in enumerate(answers, start=1):
            sheet = book.add_worksheet(w("similar.sheet", k=number))
            sheet.write_string(
                0, 0, w("similar.head", target=answer.target, where=space_sentence(answer, w)), head
            )
            contexts = list(
                dict.fromkeys(name for one in answer.found for n in one.neighbours for name in n.context)
            )
            heads = [w(f"similar.column_{key}") for key in ("new", "rank", "row", "rows")]
            heads += [*contexts, answer.target, w("similar.column_distance"), w("similar.column_far")]
            heads.append(w("similar.column_except"))
            for j, name in enumerate(heads):
                sheet.write_string(1, j, name, head)
            line = 2
            for one in answer.found:
                for rank, near in enumerate(one.neighbours, 1):
                    outcome = answer.classes[int(near.outcome)] if answer.classes else near.outcome
                    cells = [asked_name(answer, one, w), rank, near.row, near.rows]
                    cells += [near.context.get(name) for name in contexts]
                    cells += [outcome, near.distance, w("similar.yes") if one.far else ""]
                    for j, value in enumerate(cells):
                        write_cell(sheet, line, j, value)
                    sheet.write_string(line, len(cells), same_except(answer, near, w), wrapped)
                    line += 1
            sheet.set_column(len(heads) - 1, len(heads) - 1, 90)
            sheet.freeze_panes(2, 1)
            sheet.autofilter(1, 0, max(line - 1, 2), len(heads) - 1)
