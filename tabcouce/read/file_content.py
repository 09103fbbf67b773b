"""The bytes of a file and what they are, told by their content, not by their extension."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tabcouce.errors import Place, ReadError
from tabcouce.read.bounds import check_archive, unpack_gzip
from tabcouce.read.old_bounds import check_old_workbook

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".dat")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
Kind = Literal["text", "workbook", "old workbook", "parquet"]
_ZIP, _OLE, _GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b"
_PARQUET = b"PAR1"
_OLD = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")
"""First bytes of Excel 2, 3, 4 and of Excel 5 without its container."""
_SAVE_AS = "Open it in Excel and save it as .xlsx or CSV."
_FOREIGN = (
    (b"%PDF", "a PDF document", "Export the table as .xlsx or CSV."),
    (b"\x89PNG", "a picture", "Give the table the picture was made from."),
    (b"\xff\xd8\xff", "a picture", "Give the table the picture was made from."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it and give the table inside."),
    (b"Rar!", "a RAR archive", "Unpack it and give the table inside."),
)


@dataclass(frozen=True)
class FileContent:
    """The unpacked bytes of a file.

    kind    'workbook' for .xlsx, .xlsm, .xlsb, .xls and .ods content, 'old workbook' for Excel 2
            to 4, 'parquet', else 'text'
    sha256  of the bytes as stored, before unpacking
    signed  parts of a workbook with an error cell, a formula or something hidden; see `sheet_xml`
    """

    name: str
    data: bytes
    kind: Kind
    sha256: str
    signed: frozenset[str] = frozenset()


def load(path: Path) -> FileContent:
    """Read a file and tell a workbook from a text file.

    Raises  ReadError if there is no such file, it is a folder, it is empty, or it holds
            something that is not a table, or it would unpack beyond the bounds
    """
    place = Place(file=path.name)
    stored = _stored_bytes(path, place)
    data = _unpacked(stored, place)
    if not data.strip():
        raise ReadError(
            "the file is empty", place=place, remedy="Check that it was saved or copied completely."
        )
    for start, what, remedy in _FOREIGN:
        if data.startswith(start):
            raise ReadError(f"this is {what}", place=place, remedy=remedy)
    if data.startswith(b"version ") and b"git-lfs" in data[:100]:
        raise ReadError(
            "this is a Git LFS pointer, not the data",
            place=place,
            remedy="Run 'git lfs pull' to get the data.",
        )
    binary: dict[tuple[bytes, ...], Kind] = {
        (_ZIP, _OLE): "workbook",
        _OLD: "old workbook",
        (_PARQUET,): "parquet",
    }
    for starts, kind in binary.items():
        if data.startswith(starts):
            signed: frozenset[str] = frozenset()
            if data.startswith(_ZIP):
                signed = check_archive(data, place)
            elif data.startswith(_OLE):
                check_old_workbook(data, place)
            return FileContent(path.name, data, kind, hashlib.sha256(stored).hexdigest(), signed)
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    _check_text(data, suffix, place)
    return FileContent(path.name, data, "text", hashlib.sha256(stored).hexdigest())


def _stored_bytes(path: Path, place: Place) -> bytes:
    if path.is_dir():
        raise ReadError(f"{path} is a folder", place=place, remedy="Give the file inside it.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ReadError(
            f"there is no file {path}", place=place, remedy="Check the name and the folder."
        ) from None
    except OSError as error:
        raise ReadError(
            f"the file cannot be opened ({error.strerror})",
            place=place,
            remedy="Close it in other programs and check that you may read it.",
        ) from None


def _unpacked(stored: bytes, place: Place) -> bytes:
    if not stored.startswith(_GZIP):
        return stored
    try:
        return unpack_gzip(stored, place)
    except (EOFError, zlib.error) as error:
        raise ReadError(
            f"the gzip file is damaged ({error})", place=place, remedy="Copy or download it again."
        ) from None


def _check_text(data: bytes, suffix: str, place: Place) -> None:
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise ReadError("this is a web page or XML, not a table", place=place, remedy=_SAVE_AS)
    if suffix in WORKBOOK_SUFFIXES and b"\x00" in data[:1000]:
        raise ReadError("the workbook is damaged or not a workbook", place=place, remedy=_SAVE_AS)
    if suffix not in TEXT_SUFFIXES + WORKBOOK_SUFFIXES:
        raise ReadError(
            f"files that end in {suffix!r} are not read" if suffix else "the file name has no extension",
            place=place,
            remedy=f"Save the table as one of {', '.join(TEXT_SUFFIXES + WORKBOOK_SUFFIXES)}.",
        )
