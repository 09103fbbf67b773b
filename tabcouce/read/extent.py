"""The rectangle that the cells of a sheet span, counted from its pieces before a library lays it out."""

from __future__ import annotations

import re
from typing import Protocol
from xml.parsers import expat

import numpy as np
import numpy.typing as npt

from tabcouce.read.column_letter import column_number

_ADDRESS = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_LONGEST_ADDRESS = 10
_TAG = 32
"""Bytes from the '<' of a cell to the end of its address, with a prefix before the name."""
_AFTER_NAME = np.frombuffer(b" \t\r\n/>", np.uint8)


class OddAddressError(ValueError):
    """A cell whose address is none; a library might make anything of it."""


class Extent(Protocol):
    """rows, columns  of the smallest rectangle from A1 on; cells  that are written out."""

    rows: int
    columns: int
    cells: int

    def add(self, piece: bytes) -> None:
        """Count the next piece of the part."""
        ...

    def finish(self) -> None:
        """Count what was held back at the end of the part."""
        ...


class PlainSheet:
    """Cells of an Excel sheet's XML that begin with <c r="B7" (or <x:c r=...), as all usual writers do.

    Counted on the bytes as arrays, about 30 times faster than by a parser.

    plain  False once a cell began otherwise: then only `ParsedSheet` can tell
    """

    def __init__(self) -> None:
        self.rows = self.columns = self.cells = 0
        self.plain = True
        self._kept = b""

    def add(self, piece: bytes) -> None:
        text = self._kept + piece
        # A tag that the end cuts off is counted with the next piece.
        cut = text.rfind(b"<", max(len(text) - _TAG, 0))
        head, self._kept = (text, b"") if cut < 0 else (text[:cut], text[cut:])
        if self.plain:
            self._count(head)

    def finish(self) -> None:
        if self.plain:
            self._count(self._kept)

    def _count(self, text: bytes) -> None:
        signs = np.frombuffer(b" " + text + b" " * _TAG, np.uint8)
        named = np.flatnonzero(signs == ord("c"))
        before, after = signs[named - 1], signs[named + 1]
        cells = named[((before == ord("<")) | (before == ord(":"))) & np.isin(after, _AFTER_NAME)]
        for offset, sign in enumerate(b' r="', start=1):
            if not (signs[cells + offset] == sign).all():
                self.plain = False
                return
        self._span(signs, cells + 5)

    def _span(self, signs: npt.NDArray[np.uint8], at: npt.NDArray[np.intp]) -> None:
        column = np.zeros(len(at), np.int32)
        row = np.zeros(len(at), np.int32)
        letter = np.ones(len(at), bool)
        ended = np.zeros(len(at), bool)
        for offset in range(_LONGEST_ADDRESS + 1):
            sign = signs[at + offset]
            if offset < 3:
                # As a byte, what lies before 'A' or '0' wraps round to a large number.
                letter &= sign - ord("A") < 26
                column = np.where(letter, 26 * column + (sign - (ord("A") - 1)), column)
            elif offset == 3:
                letter = np.zeros(len(at), bool)
            ended |= sign == ord('"')
            digit = sign - ord("0")
            inside = ~(ended | letter)
            if (inside & (digit > 9)).any():
                break
            row = np.where(inside, 10 * row + digit, row)
            if ended.all():
                break
        if not ended.all() or (len(at) and min(column.min(), row.min()) == 0):
            self.plain = False
            return
        self.cells += len(at)
        self.rows = max(self.rows, int(row.max(initial=0)))
        self.columns = max(self.columns, int(column.max(initial=0)))


class ParsedSheet:
    """Cells of an Excel sheet's XML by a parser: also those without an address, which follow each other."""

    def __init__(self) -> None:
        self.rows = self.columns = self.cells = 0
        self._row = self._column = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start

    def add(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)

    def finish(self) -> None:
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._row = _whole(attributes.get("r"), self._row + 1)
            self._column = 0
        elif kind == "c":
            self._column += 1
            if "r" in attributes:
                found = _ADDRESS.fullmatch(attributes["r"])
                if found is None:
                    raise OddAddressError(f"{attributes['r'][:40]!r} is no address of a cell")
                self._column, self._row = column_number(found[1]) + 1, int(found[2])
            self.cells += 1
            self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)


class OpenDocument:
    """Cells of the content of an OpenDocument spreadsheet, where one cell or row may stand for many.

    Blanks at the end of a row and blank rows at the end are repeated without harm: nothing follows.
    """

    def __init__(self) -> None:
        self.rows = self.columns = self.cells = 0
        self._row = self._column = self._filled = 0
        self._repeat = 1
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def add(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)

    def finish(self) -> None:
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        given = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if kind == "table":
            self._row = 0
        elif kind == "table-row":
            self._repeat = _whole(given.get("number-rows-repeated"), 1)
            self._column = self._filled = 0
        elif kind in ("table-cell", "covered-table-cell"):
            self._column += _whole(given.get("number-columns-repeated"), 1)
            if any(key == "formula" or key.endswith(("value", "value-type")) for key in given):
                self._fill()
        elif kind in ("p", "a", "span"):
            self._fill()

    def _fill(self) -> None:
        self._filled = self._column
        self.cells += 1

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "table-row":
            self._row += self._repeat
            if self._filled:
                self.rows = max(self.rows, self._row)
                self.columns = max(self.columns, self._filled)


class BinarySheet:
    """Cells of the records of an .xlsb sheet: a row's number, then the column of each cell.

    [MS-XLSB] 2.1.4: type and length of a record are little-endian numbers of 7 bits a byte;
    0 is BrtRowHdr (row u32), 1 to 11 and 62 are cells (column u32).
    """

    def __init__(self) -> None:
        self.rows = self.columns = self.cells = 0
        self._row = 0
        self._kept = b""

    def add(self, piece: bytes) -> None:
        text = self._kept + piece
        at = 0
        while True:
            kind, start = _number(text, at, 2)
            size, start = _number(text, start, 4)
            if start + size > len(text) or start > len(text):
                break
            if kind <= 11 or kind == 62:
                value = int.from_bytes(text[start : start + 4], "little")
                if kind == 0:
                    self._row = value + 1
                else:
                    self.cells += 1
                    self.rows, self.columns = max(self.rows, self._row), max(self.columns, value + 1)
            at = start + size
        self._kept = text[at:]

    def finish(self) -> None:
        self._kept = b""


def _number(text: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends; beyond the text where it is cut off."""
    value = 0
    for k in range(most):
        if at + k >= len(text):
            return 0, len(text) + 1
        value |= (text[at + k] & 0x7F) << (7 * k)
        if text[at + k] < 0x80:
            return value, at + k + 1
    return value, at + most


def _whole(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not text.isdecimal() or len(text) > 10:
        raise OddAddressError(f"{text[:40]!r} is no number of a row or column")
    return int(text)
