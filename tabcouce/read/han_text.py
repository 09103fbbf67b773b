"""Chinese and Korean code pages, whose bytes are mostly valid EUC-JP or cp932 too.

In the two-byte codes of 94 x 94 the first byte says what stands in the row of the table: kana in
EUC-JP's rows A4 and A5, everyday kanji in B0 to CF, rare ones from D0 on; in EUC-KR all syllables
in B0 to C8; in GB 2312 everyday characters in B0 to D7, by their sound. Big5 keeps its everyday
characters in A4 to C6, over second bytes that the others do not use.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

FEWEST, FEWEST_KOREAN = 12, 20
"""Different characters below which nothing is said: a few of them are as likely in any of the codes.

One kanji in five lies behind C8: 20 before it are by chance in one text of a hundred without kana."""
_RARE = 0.12
"""Share of kanji from D0 on that Japanese text does not reach; a third of the Chinese ones lie there."""
_JUDGED = 1_000_000
"""Bytes that decide."""
_BIG5_PAIRS = re.compile(rb"(?:[\xa1-\xf9][\x40-\x7e\xa1-\xfe]){2,}")
_HIGH = re.compile(rb"[\x80-\xff]+")


def continental(content: bytes) -> str | None:
    """'gb18030' or 'euc_kr' for text that is valid EUC-JP but is not Japanese; None where it may be.

    content  bytes that decode as EUC-JP
    """
    lead = _leads(content)
    if len(lead) < FEWEST or np.isin(lead, (0xA4, 0xA5)).any():
        return None
    if lead.max() <= 0xC8 and lead.min() >= 0xB0:
        return "euc_kr" if len(lead) >= FEWEST_KOREAN and _valid(content, "euc_kr") else None
    return "gb18030" if (lead >= 0xD0).mean() > _RARE and _valid(content, "gb18030") else None


def is_big5(content: bytes) -> bool:
    """Whether the bytes are Big5: everyday characters, in words of two and more.

    Latin text has pairs such as °C that are valid Big5, but they stand alone.
    """
    words = _BIG5_PAIRS.findall(content[:_JUDGED])
    codes = np.unique(np.frombuffer(b"".join(words), ">u2"))
    high = sum(map(len, _HIGH.findall(content[:_JUDGED])))
    lead = codes >> 8
    if len(codes) < FEWEST or sum(map(len, words)) < 0.9 * high:
        return False
    return bool(((lead >= 0xA4) & (lead <= 0xC6)).mean() > 0.9) and _valid(content, "cp950")


def _leads(content: bytes) -> npt.NDArray[np.uint16]:
    """First bytes of the different characters; rows A1 to A3 are signs and letters in every code."""
    runs = _HIGH.findall(content[:_JUDGED])
    codes = np.unique(np.frombuffer(b"".join(run for run in runs if len(run) % 2 == 0), ">u2"))
    lead = (codes >> 8).astype(np.uint16)
    return lead[lead > 0xA3]


def _valid(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
