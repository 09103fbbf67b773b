"""Which characters the bytes of a text file stand for: validity decides, not statistics."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from tabcouce.errors import Place, ReadError
from tabcouce.read.han_text import continental, is_big5

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16 LE, whose mark is its beginning
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_RUN = re.compile(r"[^\x00-\x7f]+")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_JUDGED = 1_000_000
"""Characters that decide between cp932, EUC-JP and Latin; more add time, not certainty."""
_LATIN_PUNCTUATION = frozenset(b"\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99")
"""Quotes, dashes, dots and signs of cp1252 that are lead bytes of cp932 at the same time."""


@dataclass(frozen=True)
class Decoded:
    """The text of a file and the codec that gave it; certain is False where a rule had to choose."""

    text: str
    encoding: str
    certain: bool


def decode(content: bytes, *, encoding: str | None, place: Place) -> Decoded:
    """Bytes as text: byte order mark, then UTF-8, then the code pages of Japan, its neighbours and Latin.

    encoding  codec to use without asking; None finds out
    Raises    ReadError if the named codec is unknown or does not fit the bytes
    """
    if encoding is not None:
        return Decoded(_decode_as(content, encoding, place), encoding, certain=True)
    for mark, name in _BOMS:
        if content.startswith(mark):
            return Decoded(_decode_as(content, name, place), name, certain=True)
    wide = _utf16_without_mark(content)
    if wide is not None:
        return Decoded(_decode_as(content, wide, place), wide, certain=False)
    text = _strict(content, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8", certain=True)
    return _legacy(content)


def _legacy(content: bytes) -> Decoded:
    """cp932, EUC-JP, cp1252 or Latin-1, in this order where the bytes allow it.

    What is valid as one of the first two but no Japanese text is GB 18030, EUC-KR or Big5.
    """
    cp932, euc = _strict(content, "cp932"), _strict(content, "euc_jp")
    if cp932 is not None and _PRIVATE.search(cp932):
        cp932 = None  # user-defined characters: the bytes are valid, the text is not
    if cp932 is not None and euc is not None:
        # Bytes of one are often valid in the other, where they turn into half-width kana.
        if _half_width_share(euc) <= _half_width_share(cp932):
            return _japanese_or_not(content, euc)
        return Decoded(cp932, "cp932", certain=False)
    if euc is not None:
        return _japanese_or_not(content, euc)
    if is_big5(content):
        return Decoded(content.decode("cp950"), "cp950", certain=False)
    if cp932 is not None and _looks_japanese(cp932):
        return Decoded(cp932, "cp932", certain=False)
    text = _strict(content, "cp1252")
    if text is not None:
        return Decoded(text, "cp1252", certain=False)
    return Decoded(content.decode("latin-1"), "latin-1", certain=False)


def _japanese_or_not(content: bytes, euc: str) -> Decoded:
    """EUC-JP, or what else has its bytes."""
    other = continental(content)
    if other is None:
        return Decoded(euc, "euc_jp", certain=False)
    return Decoded(content.decode(other), other, certain=False)


def _looks_japanese(text: str) -> bool:
    """Whether cp932 text is Japanese and not Latin-1 by accident (° is a half-width kana there).

    Japanese comes in runs; an accented letter stands alone between ASCII letters. A lone
    character counts as Japanese only if its lead byte is unused in cp1252 text.
    """
    japanese = latin = 0
    for run in _RUN.findall(text[:_JUDGED]):
        if len(run) > 1:
            japanese += 1
            continue
        code = run.encode("cp932")
        lone_symbol = len(code) == 2 and 0x80 <= code[0] < 0xA0
        if lone_symbol and (code[0] not in _LATIN_PUNCTUATION or code[1] >= 0x80):
            japanese += 1
        else:
            latin += 1
    return japanese >= latin


def _half_width_share(text: str) -> float:
    characters = "".join(_RUN.findall(text[:_JUDGED]))
    return len(_HALF_WIDTH_KANA.findall(characters)) / max(1, len(characters))


def _utf16_without_mark(content: bytes) -> str | None:
    """UTF-16 by its zero bytes, which no other text file has."""
    head = content[:2000]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _decode_as(content: bytes, encoding: str, place: Place) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        raise ReadError(
            f"there is no encoding called {encoding!r}",
            place=place,
            remedy="Use utf-8, utf-16, cp932, euc_jp, gb18030, cp950, euc_kr or cp1252, or leave it out.",
        ) from None
    except UnicodeDecodeError as error:
        raise ReadError(
            f"the bytes are not valid {encoding} (first at byte {error.start})",
            place=place,
            remedy="Leave the encoding out, or name the one the file was saved with.",
        ) from None
