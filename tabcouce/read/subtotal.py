"""Subtotals between the rows of data: 小計, 'Subtotal', and the 'L01 Total' that Excel writes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tabcouce.read.grid import RawColumn
from tabcouce.read.marginal import label_key
from tabcouce.read.row_cells import first_filled, row_cells

SUBTOTAL_LABELS: frozenset[str] = frozenset(
    ("小計", "合計", "総計", "累計", "subtotal", "grandtotal", "소계", "합계", "총계", "小计", "合计", "总计")
)
"""Labels that no level of a column bears; 平均 or 'max' may be one (a column 'statistic')."""
_ENDINGS = ("小計", "合計", "集計", "計", "subtotal", "total", "요약", "소계", "小计", "汇总")
"""What follows the name of a group in the lines that a spreadsheet's Subtotal command writes."""


def subtotal_rows(columns: Sequence[RawColumn], end: int) -> list[int]:
    """Positions of rows above `end` whose first filled cell names a subtotal.

    columns  p columns of cells below the header
    A label such as 'L01 計' counts only where 'L01' stands in the same column too, so that
    設計 or 'oil total' remain levels.
    """
    found: list[int] = []
    for number, column in enumerate(columns):
        if isinstance(column, np.ndarray) and column.dtype == np.float64:
            continue
        labels = _subtotals_among(column[:end])
        found += [
            position
            for position, cell in enumerate(column[:end] if labels else ())
            if cell in labels and first_filled(row_cells(columns, position))[0] == number
        ]
    return sorted(found)


def _subtotals_among(column: RawColumn) -> frozenset[str]:
    texts = {cell for cell in column if isinstance(cell, str)}
    keys = {text: label_key(text) for text in texts}
    levels = set(keys.values())
    return frozenset(text for text, key in keys.items() if key in SUBTOTAL_LABELS or _group_of(key) in levels)


def _group_of(key: str) -> str | None:
    """What stands before the ending of a subtotal; never the key itself."""
    ending = next((ending for ending in _ENDINGS if key.endswith(ending) and key != ending), None)
    return None if ending is None else key.removesuffix(ending)
