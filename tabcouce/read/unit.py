"""What a unit of measurement looks like, in a units row or at the end of a name."""

from __future__ import annotations

import re
import unicodedata

_SI = (
    "(?:da|[YZEPTGMkhdcm\u00b5np])?"
    "(?:m|g|s|A|K|mol|cd|Hz|N|Pa|J|W|C|V|F|\u03a9|ohm|S|Wb|T|H|lm|lx|Bq|Gy|Sv|L|l|t|bar|eV|Wh|VA|var|varh|P|St)"
)
_OTHER = """
% ‰ ° °C °F °R degC degF deg ppm ppb ppt wppm rpm min h hr hrs hour hours sec second seconds d day days
week weeks month months year years atm psi psig torr Torr mmHg mmH2O inHg kgf gf tonf lbf lb lbs oz in inch ft
mil gal cc ccm sccm slm rev r rad dB dBA pH cP cSt RH %RH %rh wt% wt.% vol% mol% mass% at% at.% v% w% v/v%
w/w% pcs pc count counts cycle cycles shot shots times HV HRC HRB HB gpm GPM cfm CFM Nm3 kVarh tCO2
a.u. arb.u.
秒 分 時間 時 日 週 月 年 個 本 回 枚 台 人 名 度 点 件 円 ショット 無次元
"""
_ATOM = f"(?:{'|'.join(map(re.escape, sorted(_OTHER.split(), key=len, reverse=True)))}|{_SI})(?:\\^?-?[0-9])?"
_FACTOR = r"(?:[x×]?10\^?-?[0-9]+ ?|1/|[0-9]+ ?)?"
_MORE = rf"(?:[/·.*⋅・× ]\(?[0-9]*{_ATOM}(?:[·.*]{_ATOM})*\)?)*"
_UNIT = re.compile(rf"{_FACTOR}{_ATOM}{_MORE}(?:\(?(?:G|abs)\)?)?")
_BRACKETED = re.compile(r"[\[(（［【<](.*)[\])）］】>]", re.DOTALL)
_NAME_END = re.compile(r".*\S\s*[\[(（［]([^\[\](（)）［］]+)[\])）］]\s*", re.DOTALL)
_LONGEST = 20
NO_UNIT: frozenset[str] = frozenset(("-", "－", "―", "—", "–", "--"))
"""What a units row shows for a column without a unit."""


def is_bracketed(text: str) -> bool:
    """Whether the whole text stands in brackets, as '(mm)'."""
    return _BRACKETED.fullmatch(text.strip()) is not None


def unbracketed(text: str) -> str:
    """The inside of '(mm)' or '[%]'; any other text unchanged."""
    match = _BRACKETED.fullmatch(text.strip())
    return (match.group(1) if match else text).strip()


def is_unit(text: str) -> bool:
    """Whether the text is a unit of measurement: ℃, MPa, s, (mm), [%], kg/m³, L/min."""
    # NFKC turns ℃ into °C, ㎜ into mm, ³ into 3 and the micro sign into a Greek mu.
    plain = unicodedata.normalize("NFKC", unbracketed(text)).replace("\u03bc", "\u00b5").replace("−", "-")
    return 0 < len(plain) <= _LONGEST and _UNIT.fullmatch(plain) is not None


def unit_of_name(name: str) -> str | None:
    """The unit a column name ends with, as in 温度[℃]; None where it has none."""
    match = _NAME_END.fullmatch(name)
    return match.group(1).strip() if match and is_unit(match.group(1)) else None
