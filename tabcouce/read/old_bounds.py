"""How far the cells of an .xls file reach: calamine lays out every sheet of it as soon as it is opened.

The file is a container of streams ([MS-CFB]) and the workbook a stream of records ([MS-XLS] 2.1.4):
type and length as u16, then the content. Only cells, sizes and the places of sheets are looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from xlrd.compdoc import CompDoc, CompDocError

from tabcouce.errors import Place, ReadError
from tabcouce.read.column_letter import column_letter

SPARSE, SPARSE_CELLS = 5_000_000, 20
"""Sheets that together span more cells than the first may span so many times what cells they have.

A full sheet takes 400 MB when it is laid out."""
_STREAMS = ("workbook", "book")
_LARGEST = 65_536 * 256
"""Cells of a sheet of .xls."""
_EOF, _LOCKED, _BOUNDSHEET, _DIMENSIONS, _STRINGS = 0x000A, 0x002F, 0x0085, 0x0200, 0x00FC
_CELLS = frozenset((0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E))
"""Formula, MulRk, RString, LabelSst, Number, Label, BoolErr, RK: each begins with row and column."""
_MULRK = 0x00BD


@dataclass
class _Span:
    """The rectangle from the first to the last cell of a sheet, and how many cells there are."""

    top: int = 1 << 16
    left: int = 1 << 16
    bottom: int = -1
    right: int = -1
    cells: int = 0

    def add(self, row: int, column: int, last: int) -> None:
        self.top, self.bottom = min(self.top, row), max(self.bottom, row)
        self.left, self.right = min(self.left, column), max(self.right, last)
        self.cells += last - column + 1

    @property
    def area(self) -> int:
        return max(self.bottom - self.top + 1, 0) * max(self.right - self.left + 1, 0)


def check_old_workbook(data: bytes, place: Place) -> None:
    """Refuse an .xls file whose sheets span far more cells than they have, or that says so.

    Raises  ReadError: cells too far out, a size or a place that the file cannot have, a password
    """
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise _locked(place)  # an .xlsx under a password is packed in such a container
    for stream in _streams(data, place):
        try:
            _check_stream(stream, place)
        except struct.error:
            raise _damaged("a record is cut off", place) from None


def _streams(data: bytes, place: Place) -> list[bytes]:
    """The streams that a reader may take for the workbook; each name may stand once."""
    try:
        container = CompDoc(data, logfile=_Silent())
        names = [entry.name.casefold() for entry in container.dirlist]
        found = [container.get_named_stream(name) for name in _STREAMS if name in names]
    except (CompDocError, AssertionError, IndexError, ValueError, struct.error, RecursionError) as error:
        raise _damaged(str(error) or "its container", place) from None
    if any(names.count(name) > 1 for name in _STREAMS) or None in found:
        raise _damaged("it holds two workbooks of one name", place)
    return found


def _check_stream(stream: bytes, place: Place) -> None:
    starts: list[int] = []
    for kind, at, _ in _records(stream, 0):
        if kind == _LOCKED:
            raise _locked(place)
        if kind == _BOUNDSHEET:
            starts.append(struct.unpack_from("<I", stream, at)[0])
        elif kind == _STRINGS and struct.unpack_from("<I", stream, at + 4)[0] > len(stream):
            raise _damaged("it announces more texts than it has room for", place)
    if max(starts, default=0) > len(stream):
        raise _damaged("a sheet lies behind its end", place)
    area = cells = 0
    for start in starts:
        span = _span(stream, start, place)
        area += span.area
        cells += span.cells
        if area > SPARSE and area > SPARSE_CELLS * cells:
            raise ReadError(
                f"its sheets span {area:,} cells but hold {cells:,}; one reaches down to row "
                f"{span.bottom + 1:,}, column {column_letter(span.right)}",
                place=place,
                remedy="Delete the stray cells far from the table, or copy the table to a new workbook.",
            )


def _span(stream: bytes, start: int, place: Place) -> _Span:
    """The cells of the sheet that begins there."""
    span = _Span()
    for kind, at, size in _records(stream, start):
        if kind in _CELLS:
            row, column = struct.unpack_from("<HH", stream, at)
            last = struct.unpack_from("<H", stream, at + size - 2)[0] if kind == _MULRK else column
            span.add(row, column, max(last, column))
        elif kind == _DIMENSIONS:
            form = "<HHHH" if size == 10 else "<IIHH"
            top, bottom, left, right = struct.unpack_from(form, stream, at)
            if max(bottom - top, 1) * max(right - left, 1) > _LARGEST:
                raise _damaged("it announces a sheet larger than there are", place)
    return span


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Type, place and length of the content of each record, until one ends the sheet."""
    at = start
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, size
        if kind == _EOF:
            return
        at += 4 + size


def _locked(place: Place) -> ReadError:
    return ReadError(
        "the workbook is protected by a password",
        place=place,
        remedy="Open it in Excel and save a copy without the password.",
    )


def _damaged(why: str, place: Place) -> ReadError:
    return ReadError(
        f"the workbook is damaged ({why})",
        place=place,
        remedy="Open it in Excel, let Excel repair it and save it again; or copy it again.",
    )


class _Silent:
    """xlrd writes its warnings to a file."""

    def write(self, text: str) -> None:
        """Take the text and forget it."""
