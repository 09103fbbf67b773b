"""Levels of a context as text, the same for cells, for TOML values and for new files."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import numpy.typing as npt
import pandas as pd

BLANK = "(blank)"
_WHOLE = re.compile(r"([+-]?\d+)\.0+")


def level_text(value: object) -> str:
    """Text of one level, the same from a workbook and from a CSV.

    12.0 and '12.0' give '12', 'True' and a true cell 'TRUE', blanks '(blank)'; dates are ISO.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in ("true", "false"):
            return text.upper()  # a CSV writes 'True' for what a workbook holds as TRUE
        whole = _WHOLE.fullmatch(text)
        return whole.group(1) if whole else text or BLANK
    if isinstance(value, (bool, np.bool_)):
        return "TRUE" if value else "FALSE"
    if value is None or value is pd.NaT:
        return BLANK
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if np.isnan(number):
            return BLANK
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"
    if isinstance(value, dt.datetime):
        stamp = value.isoformat(sep=" ")
        return stamp.removesuffix(" 00:00:00")
    return str(value)


def level_texts(cells: pd.Series) -> npt.NDArray[np.object_]:
    """(n,) text of each cell of a column; whole numbers without '.0'."""
    codes, found = pd.factorize(cells, use_na_sentinel=True)
    texts = np.array([level_text(value) for value in found] + [BLANK], dtype=object)
    return texts[codes]
