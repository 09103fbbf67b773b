"""One number written as text: full-width digits, thousands groups, decimal comma."""

from __future__ import annotations

import math
import re

PLAIN_NUMBER = re.compile(r"[+-]?(?=\.?[0-9])(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_COMMA_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_POINT_GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:[. '][0-9]{3})+(?:,[0-9]*)?")
LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
# Only the full-width forms: NFKC would read the category ② as the number 2.
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，＋－−Ｅｅ\u00a0\u202f", "0123456789.,+--Ee  ")
_EXACT_DIGITS = 15
"""Longer whole numbers lose digits as float64; they are identifiers and stay text."""


def parse_number(text: str, decimal: str = ".") -> float | None:
    """The number a cell's text stands for; None where it is none.

    Full-width digits and thousands groups are read; a whole number with a leading zero or
    of more than 15 digits is an identifier, not a number.
    """
    text = text.strip()
    if decimal != "." or not PLAIN_NUMBER.fullmatch(text):
        text = _respelt(text, decimal)
        if not PLAIN_NUMBER.fullmatch(text):
            return None
    if len(text) > _EXACT_DIGITS and len(text.lstrip("+-")) > _EXACT_DIGITS and text.lstrip("+-").isdigit():
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _respelt(text: str, decimal: str) -> str:
    """Text with ASCII digits, a decimal point and no thousands groups."""
    if not text.isascii():
        text = text.translate(_FULL_WIDTH).strip()
    if decimal == ",":
        if _POINT_GROUPS.fullmatch(text):
            text = re.sub(r"[. ']", "", text)
        elif "." in text:
            return ""  # a point in a decimal-comma file is neither decimal nor group
        return text.replace(",", ".", 1)
    return text.replace(",", "") if _COMMA_GROUPS.fullmatch(text) else text
