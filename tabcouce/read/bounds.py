"""How large a file may unpack: a hostile one is refused before any library reads it.

calamine lays a sheet out as a full rectangle and unpacks whatever the archive holds. An allocation
that fails there ends the process, so what it would allocate is counted here first.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from tabcouce.errors import Place, ReadError
from tabcouce.read.column_letter import column_letter
from tabcouce.read.extent import (
    BinarySheet,
    Extent,
    OddAddressError,
    OpenDocument,
    ParsedSheet,
    PlainSheet,
)
from tabcouce.read.sheet_xml import FACT_SIGNS

MOST_UNPACKED = 2_000_000_000
"""Bytes a file may unpack to: about 1,000,000 rows of 40 columns as a workbook."""
MOST_RATIO, JUDGED = 200, 50_000_000
"""Spreadsheet XML packs 10 to 50 times smaller, deflate at most 1032 times; smaller parts do no harm."""
MOST_PARTS = 20_000
MOST_CELLS = 200_000_000
"""Cells of a sheet, blank ones included, as rows times columns."""
MOST_COLUMNS = 20_000
"""Columns of a text or Parquet file; Excel itself ends at 16,384."""
SPARSE, SPARSE_CELLS = 20_000_000, 20
"""A rectangle beyond the first may not be more than so many times what cells it really has."""
_LONGEST_TEXT = 8_000_000
"""Bytes of XML without a tag; a cell of Excel holds 32,767 characters."""
_CHUNK = 1 << 20
_ELSEWHERE = "Save the table as CSV and give that."
_STRAY = "Delete the stray cells far from the table, or copy the table to a new workbook."


def check_archive(data: bytes, place: Place) -> frozenset[str]:
    """Refuse an .xlsx, .xlsm, .xlsb or .ods file that would unpack beyond the bounds.

    The directory is judged first, then every XML part is unpacked in pieces: the directory may lie.
    Returns the names of the parts that hold a `FACT_SIGN`: only these must be unpacked once more.
    Raises  ReadError: too large, too many times its size, entities declared, cells too far out
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return frozenset()  # the reader tells what is wrong with it
    if len(parts) > MOST_PARTS:
        raise _refused(f"the file holds {len(parts):,} parts; at most {MOST_PARTS:,} are read", place)
    total = sum(part.file_size for part in parts)
    if total > MOST_UNPACKED:
        raise _refused(f"the file unpacks to {total:,} bytes; at most {MOST_UNPACKED:,} are read", place)
    for part in parts:
        if part.file_size > JUDGED and part.file_size > MOST_RATIO * part.compress_size:
            raise _refused(
                f"its part {part.filename!r} unpacks to {part.file_size:,} bytes, over {MOST_RATIO} times "
                "its size",
                place,
            )
    sheets = _binary_sheets(data, parts, place)
    return frozenset(
        part.filename
        for part in parts
        if _check_part(data, part, place, binary=posixpath.basename(part.filename) in sheets)
    )


def check_width(width: int, place: Place) -> None:
    """Refuse a table of more columns than anyone measures."""
    if width > MOST_COLUMNS:
        raise ReadError(
            f"the table has {width:,} columns; at most {MOST_COLUMNS:,} are read",
            place=place,
            remedy="Check the delimiter, or turn the table so that each row is one sample.",
        )


def unpack_gzip(stored: bytes, place: Place) -> bytes:
    """The content of a gzip file; several members follow each other.

    Raises  ReadError beyond the bounds; zlib.error, EOFError for a damaged file
    """
    pieces: list[bytes] = []
    size = 0
    rest = stored
    while rest.strip(b"\x00"):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not rest:
                raise EOFError("it ends too early")
            piece = member.decompress(rest, _CHUNK)
            rest = member.unconsumed_tail or member.unused_data
            size += len(piece)
            if size > MOST_UNPACKED or (size > JUDGED and size > MOST_RATIO * len(stored)):
                raise _refused(f"the file unpacks to over {size:,} bytes from {len(stored):,}", place)
            pieces.append(piece)
    return b"".join(pieces)


def _binary_sheets(data: bytes, parts: list[zipfile.ZipInfo], place: Place) -> set[str]:
    """File names of what the workbook of an .xlsb file links to, its sheets among it."""
    links = [part for part in parts if part.filename.endswith("workbook.bin.rels")]
    found = [
        re.findall(rb"Target=[\"'](?:[^\"']*/)?([^/\"']+)[\"']", b"".join(_unpacked(data, part, place)))
        for part in links
    ]
    return {name.decode("utf-8", "replace") for names in found for name in names}


def _check_part(data: bytes, part: zipfile.ZipInfo, place: Place, *, binary: bool) -> bool:
    """Unpack one part in pieces, count its cells and look for what must not be in it.

    Returns whether it holds a `FACT_SIGN`. Content decides, not the name: a workbook may call the
    part of a sheet anything.
    """
    first = next(_unpacked(data, part, place), b"")
    if first[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or b"<\x00" in first[:8]:
        counting: Extent = OpenDocument() if part.filename == "content.xml" else PlainSheet()
        binary = False
    elif binary:
        counting = BinarySheet()
    else:
        return False  # pictures and macros: never unpacked
    try:
        signed = _stream(data, part, counting, place, binary=binary)
        if isinstance(counting, PlainSheet) and not counting.plain:
            _stream(data, part, ParsedSheet(), place, binary=False)
    except (expat.ExpatError, OddAddressError) as error:
        raise _damaged(part, error, place) from None
    return signed


def _stream(data: bytes, part: zipfile.ZipInfo, counting: Extent, place: Place, *, binary: bool) -> bool:
    """Count the part's cells; returns whether it holds a `FACT_SIGN`."""
    last = b""
    signed = False
    since_tag = produced = 0
    for piece in _unpacked(data, part, place):
        produced += len(piece)
        if produced > part.file_size:
            raise _refused(f"its part {part.filename!r} is larger than the file says", place)
        if not binary:
            since_tag = 0 if b"<" in piece else since_tag + len(piece)
            if since_tag > _LONGEST_TEXT:
                raise _refused(f"its part {part.filename!r} holds {since_tag:,} bytes without a cell", place)
            joint = last[-16:] + piece
            _check_xml(joint, part.filename, place, first=not last)
            signed = signed or any(sign in joint for sign in FACT_SIGNS)
        counting.add(piece)
        _check_extent(counting, place)
        last = piece
    counting.finish()
    _check_extent(counting, place, whole=True)
    return signed


def _check_xml(piece: bytes, name: str, place: Place, *, first: bool) -> None:
    if first and (piece[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in piece[:4]):
        raise _refused(f"its part {name!r} is not in UTF-8", place)
    if b"<!" in piece and (b"<!DOCTYPE" in piece or b"<!ENTITY" in piece):
        raise _refused(
            f"its part {name!r} declares a document type or entities, as no spreadsheet does", place
        )


def _check_extent(extent: Extent, place: Place, *, whole: bool = False) -> None:
    area = extent.rows * extent.columns
    # Before the end of the part its cells are not all counted, only the rectangle is certain.
    sparse = whole and area > SPARSE and area > SPARSE_CELLS * extent.cells
    if area > MOST_CELLS or sparse:
        raise ReadError(
            f"a sheet reaches down to row {extent.rows:,}, column {column_letter(extent.columns - 1)}, "
            f"which is too large to read",
            place=place,
            remedy=_STRAY,
        )


def _unpacked(data: bytes, part: zipfile.ZipInfo, place: Place) -> Iterator[bytes]:
    """The part in pieces; unlike zipfile's, not cut off at the size that the directory claims."""
    head = data[part.header_offset : part.header_offset + 30]
    if len(head) < 30 or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(f"its part {part.filename!r} is packed in a way spreadsheets are not", place)
    start = part.header_offset + 30 + int.from_bytes(head[26:28], "little")
    start += int.from_bytes(head[28:30], "little")
    packed = memoryview(data)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[at : at + _CHUNK]) for at in range(0, len(packed), _CHUNK))
        return
    unpacking = zlib.decompressobj(wbits=-15)
    try:
        for at in range(0, len(packed), _CHUNK // 16):
            rest: bytes | memoryview = packed[at : at + _CHUNK // 16]
            while rest and not unpacking.eof:
                piece = unpacking.decompress(rest, _CHUNK)
                rest = unpacking.unconsumed_tail
                if piece:
                    yield piece
    except zlib.error as error:
        raise _damaged(part, error, place) from None


def _damaged(part: zipfile.ZipInfo, error: Exception, place: Place) -> ReadError:
    return ReadError(
        f"the workbook is damaged (part {part.filename!r}: {error})",
        place=place,
        remedy="Open it in Excel, let Excel repair it and save it again; or copy it again.",
    )


def _refused(what: str, place: Place) -> ReadError:
    return ReadError(what, place=place, remedy=_ELSEWHERE)
