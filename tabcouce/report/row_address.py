"""The address of a drawn row in the user's file, as hover shows it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tabcouce.errors import Place
from tabcouce.read.table import Table
from tabcouce.report.catalogue import Words
from tabcouce.report.summary import TargetSummary


def drawn_places(target: TargetSummary, table: Table) -> dict[str, Place]:
    """Addresses of the rows that charts draw, where a row's number is not its row of one sheet.

    Empty for a plain table. Rows of stacked sheets or files are numbered on, and the rows of a
    sheet that lies on its side are its columns: both need the part or letter besides.
    """
    if not table.parts and not table.source.turned:
        return {}
    drawn = sorted(set(_drawn(target)))
    position = np.searchsorted(table.rows, drawn)
    return {str(row): table.place(position=int(at)) for row, at in zip(drawn, position, strict=True)}


def _drawn(target: TargetSummary) -> Iterable[int]:
    for curve in target.curves:
        yield from curve.rows
    alarms = None if target.alarms is None else target.alarms.points
    for part in (target.points, target.map, target.what_if, alarms):
        if part is not None:
            yield from part.rows


def row_text(target: TargetSummary, row: int) -> str:
    """'214'; 'March, 214' where sheets are stacked, 'D' where the sheet lies on its side."""
    place = target.places.get(str(row))
    if place is None:
        return str(row)
    where = place.sheet if target.source and place.file == target.source.file else place.file
    line = place.column if place.row is None else str(place.row)
    return ", ".join(part for part in (where, line) if part)


def row_title(target: TargetSummary, w: Words) -> str:
    """'Row in press.xlsx, sheet “March”': what the address of a row stands under."""
    source = target.source
    if source is None:
        return w("chart.row")
    if source.sheet is None or target.places:
        return w("chart.row_of_file", file=source.file)
    return w("chart.row_of_sheet", file=source.file, sheet=source.sheet)
