"""Predictions for a new file as a workbook: one sheet per target, one row per row of the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabcouce.report.book import write_cell, written_book
from tabcouce.study.predict import Prediction


def write_predictions(predictions: Sequence[Prediction], path: Path) -> None:
    """Write `path` atomically; text stays text, also where it begins with '='."""
    with written_book(path) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        for number, prediction in enumerate(predictions, start=1):
            # Excel forbids []:*?/\\ in sheet names; the target's own name stands in the first cell.
            sheet = book.add_worksheet(f"target {number}")
            sheet.write_string(
                0, 0, f"Prediction of {prediction.target}" if prediction.target else "Alarms", head
            )
            columns = ["row", *map(str, prediction.frame.columns)]
            for j, name in enumerate(columns):
                sheet.write_string(1, j, name, head)
            for i, row in enumerate(prediction.rows):
                sheet.write_number(2 + i, 0, int(row))
            for j, name in enumerate(prediction.frame.columns, start=1):
                for i, value in enumerate(prediction.frame[name].tolist()):
                    write_cell(sheet, 2 + i, j, value)
            sheet.freeze_panes(2, 1)
            sheet.autofilter(1, 0, 1 + len(prediction.rows), len(columns) - 1)
