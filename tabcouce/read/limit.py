"""Measurements beyond what the instrument can tell: '<0.01', '0.5以下', '>200', 'N.D.'."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_BELOW = re.compile(r"(?:<|<=|≤|≦|=<)\s*(?P<number>\S+)|(?P<before>\S+?)\s*(?:以下|未満)")
_ABOVE = re.compile(r"(?:>|>=|≥|≧|=>)\s*(?P<number>\S+)|(?P<before>\S+?)\s*(?:以上|超)")
_NOT_DETECTED = (
    r"(?:n\.?\s?d\.?|not detected|b\.?d\.?l\.?|<\s?lod|<\s?loq|不検出|検出(?:せず|されず)|"
    r"(?:検出|定量)(?:限界|下限)(?:値)?(?:以下|未満))"
)
_UNDETECTED = re.compile(_NOT_DETECTED, re.IGNORECASE)
_UNDETECTED_BELOW = re.compile(
    rf"{_NOT_DETECTED}\s*[(\[]?\s*[<≤≦]\s*(?P<number>[^\s)\]]+)\s*[)\]]?", re.IGNORECASE
)


@dataclass(frozen=True)
class Limit:
    """side  'below' where the true value is at most the limit, 'above' where it is at least; text of it."""

    side: Literal["below", "above"]
    text: str


def parse_limit(text: str) -> Limit | None:
    """The limit a cell states instead of a value; None for any other text.

    >>> parse_limit("＜0.01")
    Limit(side='below', text='0.01')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    detected = _UNDETECTED_BELOW.fullmatch(plain)
    if detected:
        return Limit("below", detected["number"])
    for side, pattern in (("below", _BELOW), ("above", _ABOVE)):
        found = pattern.fullmatch(plain)
        if found:
            return Limit("below" if side == "below" else "above", found["number"] or found["before"])
    return None


def is_undetected(text: str) -> bool:
    """Whether a cell says 'not detected' without saying below which limit."""
    return _UNDETECTED.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None
