"""The sheet in small: which rows were taken for names, units, limits, data and foot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tabcouce.read.cells import text_of
from tabcouce.read.grid import RawColumn, Row, filled
from tabcouce.read.header import Header
from tabcouce.read.layout_notes import is_empty
from tabcouce.read.table import PictureRow

_COLUMNS = 30
_CHARACTERS = 40
_FIRST_DATA, _BELOW = 3, 3


def take_picture(
    above: Sequence[Row],
    header: Header,
    columns: tuple[RawColumn, ...],
    present: npt.NDArray[np.bool_],
) -> tuple[PictureRow, ...]:
    """The rows above the data, the first and the last of the data, and the first below them.

    above    rows of the sheet down to the first row of data, without it
    columns  raw columns from the first row of data on; present tells which of the leading
             rows are data, the further ones are the foot
    """
    rows: list[PictureRow] = []
    kinds: dict[int, str] = {row: "names" for row in header.rows}
    kinds |= {row: "limits" for row in header.spec_rows}
    if header.unit_row is not None:
        kinds[header.unit_row] = "units"
    for number, row in enumerate(above[: header.first]):
        if filled(row):
            rows.append(_row(number + 1, kinds.get(number, "above"), row))
    data = np.flatnonzero(present)
    shown = [*data[:_FIRST_DATA], *(data[-1:] if len(data) > _FIRST_DATA else ())]
    below = [p for p in range(len(present), len(columns[0])) if any(not is_empty(c[p]) for c in columns)]
    for kind, positions in (("data", shown), ("below", below[:_BELOW])):
        for position in positions:
            cells = [column[int(position)] for column in columns[:_COLUMNS]]
            rows.append(_row(header.first + int(position) + 1, kind, cells))
    return tuple(rows)


def _row(number: int, kind: str, cells: Sequence[object]) -> PictureRow:
    texts = tuple("" if is_empty(cell) else text_of(cell).strip()[:_CHARACTERS] for cell in cells[:_COLUMNS])
    return PictureRow(number, kind, texts)
