"""What a workbook would fetch or run in Excel; here it is only named."""

from __future__ import annotations

import io
import zipfile

from tabcouce.errors import Place
from tabcouce.read.note import Note

_SIGNS = {
    "external-links": ("xl/externallinks/",),
    "macros": ("xl/vbaproject.bin", "xl/macrosheets/"),
    "data-connections": ("xl/connections.xml", "xl/querytables/"),
}
"""Rule of the note -> beginnings of the names of such parts; DDE links are external links too."""


def unfollowed_notes(workbook: bytes, place: Place) -> list[Note]:
    """One note for external links, macros and data connections each; none for other kinds of file."""
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
            names = [name.lower() for name in archive.namelist() if not name.lower().endswith(".rels")]
    except zipfile.BadZipFile:
        return []
    counts = {rule: sum(name.startswith(starts) for name in names) for rule, starts in _SIGNS.items()}
    return [Note(rule, place, count) for rule, count in counts.items() if count]
