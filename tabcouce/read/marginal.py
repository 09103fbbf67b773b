"""Rows around the data that are not data: averages at the foot, limits under the header."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from tabcouce.read.grid import RawColumn, Row, filled
from tabcouce.read.row_cells import first_filled, row_cells

_FOOT = """
平均 平均値 合計 計 総計 小計 累計 最大 最大値 最小 最小値 中央値 標準偏差 偏差 分散 範囲 件数 データ数
average avg avg. ave ave. mean total grandtotal subtotal sum max max. maximum min min. minimum median
stdev std std. stddev sd s.d. σ sigma 3σ ±3σ range count variance cv cv% cp cpk pp ppk x-bar xbar
"""
_SPEC = """
規格 規格値 規格上限 規格下限 規格上限値 規格下限値 上限規格 下限規格
上限 下限 上限値 下限値 管理上限 管理下限 目標 目標値 狙い 狙い値 公差
usl lsl ucl lcl spec specification target nominal tolerance
upperlimit lowerlimit upperspec lowerspec upperspeclimit lowerspeclimit
"""
FOOT_LABELS: frozenset[str] = frozenset(_FOOT.split())
"""Labels of rows of statistics, without blanks and in lower case."""
SPEC_LABELS: frozenset[str] = frozenset(_SPEC.split())
"""Labels of rows of limits and targets."""
_REMARK_STARTS = ("※", "*", "＊", "注", "備考", "note", "remark", "source", "出典")


def label_key(cell: object) -> str:
    """A label without blanks, case, width and closing colon."""
    text = unicodedata.normalize("NFKC", cell) if isinstance(cell, str) else ""
    return "".join(text.split()).casefold().rstrip(":")


def is_spec_row(row: Row) -> bool:
    """Whether the row's first filled cell names a limit or target."""
    return filled(row) > 1 and label_key(first_filled(row)[1]) in SPEC_LABELS


def foot_label(row: Row) -> str | None:
    """The label of a row of averages, totals or limits; None for any other row."""
    cell = first_filled(row)[1]
    return str(cell).strip() if label_key(cell) in FOOT_LABELS or is_spec_row(row) else None


def foot_start(columns: Sequence[RawColumn]) -> int:
    """Number of leading rows that are data; the rest are blank rows, statistics and remarks.

    columns  p columns of n cells
    A label that also stands further up in its column is a level of that column, not a foot.
    """
    count = len(columns[0]) if columns else 0
    end = count
    labels: list[tuple[int, int, str]] = []  # row, column and key of each label met
    while end > 0:
        row = row_cells(columns, end - 1)
        column, cell = first_filled(row)
        if foot_label(row) is not None:
            labels.append((end - 1, column, label_key(cell)))
        elif filled(row) > 0 and not (_is_remark(row) and _stands_apart(columns, end - 1, cell)):
            break
        end -= 1
    for position, column, key in labels:
        if any(label_key(cell) == key for cell in columns[column][:end]):
            return max(end, position + 1)
    return end


def _is_remark(row: Row) -> bool:
    return len(row) > 1 and filled(row) == 1 and isinstance(first_filled(row)[1], str)


def _stands_apart(columns: Sequence[RawColumn], position: int, cell: object) -> bool:
    """Whether a lone text is set off from the data: by a blank row, or by how it begins."""
    if label_key(cell).startswith(_REMARK_STARTS):
        return True
    return position > 0 and filled(row_cells(columns, position - 1)) == 0
