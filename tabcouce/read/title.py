"""The rows above the header: a title, remarks, an empty line."""

from __future__ import annotations

from collections.abc import Sequence

from tabcouce.errors import Place
from tabcouce.read.cells import is_blank
from tabcouce.read.grid import Row, filled
from tabcouce.read.header import Header
from tabcouce.read.marginal import is_spec_row
from tabcouce.read.note import Note


def title_notes(head: Sequence[Row], header: Header, place: Place) -> list[Note]:
    """A note on the filled rows above the header, if there are any."""
    above = range(header.rows[0] if header.rows else header.first)
    rows = [r for r in above if r < len(head) and filled(head[r]) and not is_spec_row(head[r])]
    if not rows:
        return []
    words = next(str(cell).strip() for cell in head[rows[0]] if not is_blank(cell))
    return [Note("title-rows", Place(place.file, place.sheet, rows[0] + 1), len(rows), {"text": words[:60]})]
