"""What only the XML of an Excel sheet tells: error cells, formulas never calculated, hidden rows."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from xml.etree import ElementTree

_YES = ("1", "true")
FACT_SIGNS = (b't="e"', b"<f", b":f>", b' hidden="')
"""One of these stands in the XML of every sheet that has an error cell, a formula or something hidden."""
_ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(frozen=True)
class SheetFacts:
    """Facts about single cells and rows; (row, column) and rows count from 0.

    errors        the error each error cell shows, such as '#DIV/0!'
    uncalculated  formula cells without a stored result
    hidden_rows   rows that are hidden or filtered away
    hidden_columns  columns that are hidden
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncalculated: tuple[tuple[int, int], ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()


def scan_sheet(workbook: bytes, sheet: str, signed: Collection[str]) -> SheetFacts:
    """Facts of one sheet of an .xlsx or .xlsm file; none for other kinds of workbook.

    signed  parts of the file that hold a `FACT_SIGN`; the others have no facts to tell
    calamine gives '' for an error cell and for a formula without a stored result alike.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
            part = _part_of(archive, sheet)
            content = b"" if part is None or part not in signed else archive.read(part)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return SheetFacts()  # .xls, .xlsb, .ods; a damaged file has been refused before
    return _scan(content) if content else SheetFacts()


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Path of the sheet's XML inside the workbook."""
    if "xl/workbook.xml" not in archive.namelist():
        return None
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for element in book.iter():
        if _tag(element) == "sheet" and element.get("name") == sheet:
            # The key is r:id; r stands for one of two namespaces.
            key = next((value for name, value in element.attrib.items() if name.endswith("}id")), None)
            target = targets.get(key)
            return None if target is None else posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return None


def _scan(content: bytes) -> SheetFacts:
    errors: dict[tuple[int, int], str] = {}
    uncalculated: list[tuple[int, int]] = []
    hidden: list[int] = []
    hidden_columns: list[int] = []
    for _, element in ElementTree.iterparse(io.BytesIO(content)):
        tag = _tag(element)
        if tag == "row":
            if element.get("hidden") in _YES and element.get("r"):
                hidden.append(int(element.get("r", "1")) - 1)
            element.clear()
        elif tag == "col" and element.get("hidden") in _YES:
            # A range that ends at the last column of the sheet is empty space.
            first, last = int(element.get("min", "1")), int(element.get("max", "1"))
            hidden_columns += range(first - 1, min(last, first + 999))
        elif tag == "c" and element.get("r"):
            kind = element.get("t")
            parts = {_tag(child): child.text for child in element}
            if kind == "e":
                errors[_position(element.get("r", ""))] = parts.get("v") or "#N/A"
            elif "f" in parts and not parts.get("v") and kind != "str":
                uncalculated.append(_position(element.get("r", "")))
    return SheetFacts(errors, tuple(uncalculated), tuple(hidden), tuple(hidden_columns))


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _position(address: str) -> tuple[int, int]:
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return (0, 0)
    column = 0
    for letter in match.group(1):
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(match.group(2)) - 1, column - 1
