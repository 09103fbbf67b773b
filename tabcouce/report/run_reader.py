"""A filled run sheet -> `FilledRuns`; every wrong cell is named by its address."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from tabcouce.errors import CellError, Place, ReadError
from tabcouce.read.table import Source
from tabcouce.report.run_sheet import HEAD_ROWS, META, SHEET
from tabcouce.roles.column_name import name_key
from tabcouce.study.filled_runs import FilledRuns
from tabcouce.study.run_plan import PlanColumn

SHOWN = 10
FIXED = 7
"""Fields of a plan row before its levels."""


def read_runs(path: Path) -> FilledRuns:
    """Runs of a sheet from 'tabcouce suggest', columns in any order, rows without any result refused.

    Raises  ReadError for a file that is no run sheet or lacks a column; CellError naming each cell
            with another unit, a missing result or label, or an impossible value
    """
    try:
        book = load_workbook(path, data_only=True)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ReadError(
            "There is no such workbook.", place=Place(file=str(path)), remedy="Check the path."
        ) from error
    except (BadZipFile, InvalidFileException, KeyError) as error:
        raise ReadError(
            "This is no .xlsx workbook.", place=Place(file=path.name), remedy="Save it as .xlsx."
        ) from error
    if META not in book.sheetnames or SHEET not in book.sheetnames:
        raise ReadError(
            f"The workbook has no sheets '{SHEET}' and '{META}'.",
            place=Place(file=path.name),
            remedy="Give a workbook from 'tabcouce suggest'; name any other file beside the data.",
        )
    plan, sheet = read_plan(book[META]), book[SHEET]
    where = header(sheet, plan, path)
    wrong = [told for column in plan for told in wrong_unit(sheet, where[column.name], column)]
    rows = [row for row in range(HEAD_ROWS + 1, sheet.max_row + 1) if is_used(sheet, row, where)]
    cells: dict[str, list[object]] = {column.name: [] for column in plan}
    for row in rows:
        for column in plan:
            cell = sheet.cell(row, where[column.name])
            value, fault = read_cell(cell.value, column)
            cells[column.name].append(value)
            if fault:
                wrong.append(f"{cell.coordinate} ({column.name}): {fault}")
    if wrong:
        more = f"\nAnd {len(wrong) - SHOWN} more." if len(wrong) > SHOWN else ""
        raise CellError(
            "\n".join(["These cells are wrong.", *wrong[:SHOWN]]) + more,
            place=Place(file=path.name, sheet=SHEET),
            remedy="Correct them, delete the rows that were not run, and read the sheet again.",
        )
    if not rows:
        raise ReadError(
            "The sheet has no runs.", place=Place(file=path.name, sheet=SHEET), remedy="Fill in the results."
        )
    source = Source(file=path.name, sha256=hashlib.sha256(content).hexdigest(), sheet=SHEET)
    return FilledRuns(source, {name: tuple(found) for name, found in cells.items()}, np.array(rows, np.int64))


def read_plan(meta: Worksheet) -> tuple[PlanColumn, ...]:
    """The columns as they were written."""
    made = []
    for row in meta.iter_rows(min_row=3, values_only=True):
        cells: list[Any] = [*row, *[None] * FIXED]
        name, part, unit, low, high, seen_low, seen_high = cells[:FIXED]
        levels = tuple(str(level) for level in cells[FIXED:] if level is not None)
        made.append(PlanColumn(str(name), part, unit, low, high, seen_low, seen_high, levels))
    return tuple(made)


def header(sheet: Worksheet, plan: tuple[PlanColumn, ...], path: Path) -> dict[str, int]:
    """Column name -> number of its column; ReadError naming those that are missing."""
    found = {name_key(str(cell.value)): cell.column for cell in sheet[1] if cell.value is not None}
    missing = [column.name for column in plan if name_key(column.name) not in found]
    if missing:
        raise ReadError(
            f"The first row lacks {', '.join(repr(name) for name in missing)}.",
            place=Place(file=path.name, sheet=SHEET, row=1),
            remedy="Keep the names as 'tabcouce suggest' wrote them.",
        )
    return {column.name: found[name_key(column.name)] for column in plan}


def wrong_unit(sheet: Worksheet, at: int, column: PlanColumn) -> list[str]:
    """A unit row that says another unit than the data have: the numbers would be of another size."""
    said = sheet.cell(HEAD_ROWS, at).value
    if said is None and column.unit is None:
        return []
    if said is not None and column.unit is not None and _plain(str(said)) == _plain(column.unit):
        return []
    if said is None or column.unit is None:
        shown = "no unit" if said is None else repr(str(said))
        expected = "none" if column.unit is None else repr(column.unit)
    else:
        shown, expected = repr(str(said)), repr(column.unit)
    cell = f"{get_column_letter(at)}{HEAD_ROWS}"
    return [f"{cell} ({column.name}): the unit is {shown}, in the data it is {expected}; convert the values."]


def is_used(sheet: Worksheet, row: int, where: dict[str, int]) -> bool:
    return any(not _blank(sheet.cell(row, at).value) for at in where.values())


def read_cell(value: object, column: PlanColumn) -> tuple[object, str]:
    """The value as the data hold it, and what is wrong with it ('' where nothing is)."""
    if _blank(value):
        what = {"response": "the result is missing", "setting": "the setting is missing"}
        what["context"] = "the label is missing"
        return None, what.get(column.part, "")
    if not column.is_number:
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        if column.part == "setting" and text not in column.levels:
            return text, f"{text!r} is none of {', '.join(column.levels)}."
        return text, ""
    try:
        number = float(unicodedata.normalize("NFKC", str(value)).replace("−", "-"))
    except ValueError:
        number = float("nan")
    if isinstance(value, bool) or not np.isfinite(number):
        return None, f"{value!r} is not a number."
    assert column.low is not None and column.high is not None  # is_number says so
    slack = 1e-9 * max(abs(column.low), abs(column.high))
    if not column.low - slack <= number <= column.high + slack:
        ends = f"{column.low:.6g} to {column.high:.6g}"
        kind = "allowed" if column.part == "setting" else "plausible"
        return number, f"{number:g} is impossible; {kind} is {ends}."
    return number, ""


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _plain(unit: str) -> str:
    return unicodedata.normalize("NFKC", unit).replace(" ", "").strip("[]()")
