"""Numbers that carry the same sign or unit in every cell: '12.5%', '$74.69', '230 ℃'."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from tabcouce.read.unit import is_unit

_YEN = "円"
_NUMBER = r"[+-]?[0-9.,' ]*[0-9][.,]?(?:[eE][+-]?[0-9]+)?"
_PARTS = re.compile(rf"(?P<before>[$€£¥]?)\s*(?P<number>{_NUMBER})(?P<gap>\s*)(?P<after>\D*)")


def common_unit(texts: Sequence[str]) -> tuple[str, list[str]] | None:
    """The unit that all of these cells carry, and their numbers as text; None where they do not.

    A lone letter glued to whole numbers is no unit: '1A' and '2A' are names.
    """
    found: list[re.Match[str]] = []
    for text in texts:
        part = _PARTS.fullmatch(_plain(text))
        if part is None:
            return None
        found.append(part)
    units = {(part["before"], part["after"].strip()) for part in found}
    if len(units) != 1:
        return None
    before, after = units.pop()
    if bool(before) == bool(after) or not (before or after == _YEN or is_unit(after)):
        return None
    glued_whole = all(not part["gap"] and part["number"].isdigit() for part in found)
    if len(after) == 1 and after.isalpha() and after.isascii() and glued_whole:
        return None
    return before or after, [part["number"] for part in found]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("−", "-").strip()
