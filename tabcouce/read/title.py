"""The rows above the header: a title, remarks, an empty line."""

from __future__ import annotations

from collections.abc import Sequence

from tabcouce.errors import Place
from tabcouce.read.cells import is_blank
from tabcouce.read.grid import Row, filled
from tabcouce.read.header import Header
from tabcouce.read.table import Note


def title_notes(head: Sequence[Row], header: Header, place: Place) -> list[Note]:
    """A note on the filled rows above the header, if there are any."""
    above = range(header.rows[0] if header.rows else header.first)
    rows = [row for row in above if row < len(head) and filled(head[row])]
    if not rows:
        return []
    words = next(str(cell).strip() for cell in head[rows[0]] if not is_blank(cell))
    what = f"{len(rows)} rows above the header were left out, the first: {words[:60]!r}"
    return [Note("title-rows", what, Place(place.file, place.sheet, rows[0] + 1), len(rows))]
