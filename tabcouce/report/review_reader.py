"""A filled review workbook -> `Review`, in any order, with any extra columns, in either language."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from tabcouce.advice.review import CHOICES, Entry, Review
from tabcouce.errors import CellError, Place, ReadError
from tabcouce.report.catalogue import LANGUAGES, words
from tabcouce.report.review_sheet import ASKED, META, choice_word, factor_key

HEAD_ROWS = 10
SHOWN = 10
"""Wrong cells named in one message."""


def read_review(paths: tuple[Path, ...], factors: tuple[str, ...]) -> Review:
    """Entries of one or several reviewers' workbooks.

    factors  names of the study's factors, in the order of the exported keys
    Raises   ReadError for a file that is no review; CellError naming every wrong cell
    """
    entries: list[Entry] = []
    wrong: list[str] = []
    for path in paths:
        sheet = review_sheet(path)
        head, columns = header(sheet, path)
        for row in range(head + 1, sheet.max_row + 1):
            entry = read_row(sheet, row, columns, factors, path, wrong)
            if entry is not None and not entry.is_blank:
                entries.append(entry)
    if wrong:
        more = f" And {len(wrong) - SHOWN} more." if len(wrong) > SHOWN else ""
        raise CellError(
            " ".join(wrong[:SHOWN]) + more,
            place=Place(file=", ".join(path.name for path in paths)),
            remedy="Correct these cells and import again; nothing was changed.",
        )
    return Review(tuple(entries))


def review_sheet(path: Path) -> Worksheet:
    """The sheet that has the review's columns."""
    try:
        book = load_workbook(path, data_only=True)
    except FileNotFoundError as error:
        raise ReadError(
            "There is no such workbook.", place=Place(file=str(path)), remedy="Check the path."
        ) from error
    except (BadZipFile, InvalidFileException, KeyError) as error:
        raise ReadError(
            "This is no .xlsx workbook.",
            place=Place(file=path.name),
            remedy="Save the review as an Excel workbook (.xlsx).",
        ) from error
    for sheet in book.worksheets:
        if sheet.title != META and find_header(sheet) is not None:
            return sheet
    raise ReadError(
        "No sheet has the columns of a review.",
        place=Place(file=path.name),
        remedy="Fill in a workbook from 'tabcouce review export' and keep its header row.",
    )


def heads() -> dict[str, str]:
    """Header text in either language -> field."""
    return {words(lang)(f"review.{field}"): field for lang in LANGUAGES for field in ("key", *ASKED)}


def find_header(sheet: Worksheet) -> tuple[int, dict[str, int]] | None:
    known = heads()
    for row in range(1, min(HEAD_ROWS, sheet.max_row) + 1):
        found: dict[str, int] = {}
        for column in range(1, sheet.max_column + 1):
            field = known.get(str(sheet.cell(row, column).value or "").strip())
            if field is not None:
                found.setdefault(field, column)
        if "key" in found and "expected" in found:
            return row, found
    return None


def header(sheet: Worksheet, path: Path) -> tuple[int, dict[str, int]]:
    """Row of the header, and the column of each field.

    Raises  ReadError where columns were deleted
    """
    found = find_header(sheet)
    assert found is not None  # review_sheet chose the sheet by it
    missing = [field for field in ASKED if field not in found[1]]
    if missing:
        raise ReadError(
            f"The columns {', '.join(repr(words('en')(f'review.{f}')) for f in missing)} are missing.",
            place=Place(file=path.name, sheet=sheet.title),
            remedy="Export the review again and copy your entries into it.",
        )
    return found


def read_row(
    sheet: Worksheet,
    row: int,
    columns: dict[str, int],
    factors: tuple[str, ...],
    path: Path,
    wrong: list[str],
) -> Entry | None:
    """The entry of one row; wrong cells are added to `wrong` as sentences. None for a blank row."""

    def cell(field: str) -> str:
        value = sheet.cell(row, columns[field]).value
        return "" if value is None else str(value).strip()

    def where(field: str) -> str:
        return f"{sheet.title}!{get_column_letter(columns[field])}{row}"

    values = {field: cell(field) for field in ("key", *ASKED)}
    if not any(values.values()):
        return None
    keys = {factor_key(k): name for k, name in enumerate(factors, 1)}
    if values["key"].upper() not in keys:
        wrong.append(f"{where('key')}: '{values['key']}' is no key of this study's factors.")
        return None
    said = {}
    for field in CHOICES:
        key = choice_key(field, values[field])
        if key is None:
            options = ", ".join(choice_word(field, k, words(language_of(sheet))) for k in CHOICES[field])
            wrong.append(f"{where(field)}: '{values[field]}' is none of {options}.")
        said[field] = key or ""
    return Entry(
        factor=keys[values["key"].upper()],
        reviewer=values["reviewer"] or path.stem,
        comment=values["comment"],
        cell=f"{sheet.title}!{row}",
        **said,
    )


def choice_key(field: str, value: str) -> str | None:
    """The stable key of a word in either language; '' for a blank, None for any other text."""
    if not value:
        return ""
    for key in CHOICES[field]:
        spoken = {key, *(choice_word(field, key, words(lang)) for lang in LANGUAGES)}
        if value.casefold() in {word.casefold() for word in spoken}:
            return key
    return None


def language_of(sheet: Worksheet) -> str:
    """The language whose header stands in the sheet."""
    found = find_header(sheet)
    assert found is not None
    top = str(sheet.cell(found[0], found[1]["expected"]).value).strip()
    return next(lang for lang in LANGUAGES if words(lang)("review.expected") == top)
