"""Delimited text: CSV, TSV and their regional relatives."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabcouce.errors import Place, ReadError
from tabcouce.read.assembly import RawColumn, RawSheet, assemble
from tabcouce.read.bounds import check_width
from tabcouce.read.cells import MISSING_TOKENS, is_blank, missing_codes, type_cells
from tabcouce.read.delimiter import CANDIDATES, find_decimal, find_delimiter, records
from tabcouce.read.encoding import decode
from tabcouce.read.file_content import FileContent
from tabcouce.read.head import HEAD_ROWS
from tabcouce.read.header import Header, find_header
from tabcouce.read.note import Note
from tabcouce.read.rows import read_rows
from tabcouce.read.table import Layout, Source, Table
from tabcouce.read.title import title_notes
from tabcouce.read.turned import lies_on_its_side

_SAMPLE_ROWS = 5000
"""Rows whose text decides how the rest of a long file is read."""
_JUDGED = 16_000_000
"""Characters in which too many columns are looked for, before they are taken apart."""
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_CODE = "[+-]?(?:0[0-9]+|[0-9]{16,})"
_TOO_WIDE = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read_text(content: FileContent, layout: Layout) -> Table:
    """The table of a text file; see `read_table`."""
    place = Place(file=content.name)
    decoded = decode(content.data, encoding=layout.encoding, place=place)
    text = decoded.text
    if "\x00" in text:
        raise ReadError("the file is not text", place=place, remedy="Save the table as CSV or .xlsx.")
    check_width(_widest(text), place)
    declared = _SEPARATOR_LINE.match(text)
    delimiter = layout.delimiter or (declared.group(1) if declared else find_delimiter(text, place))
    if len(delimiter) != 1:
        raise ReadError(
            f"the delimiter must be one character. Got {delimiter!r} instead",
            place=place,
            remedy="Use , or ; or a tab, or leave it out.",
        )
    head = list(itertools.islice(records(text, delimiter, place), HEAD_ROWS))
    if not head:  # a byte order mark alone, for instance
        raise ReadError("there is no data", place=place, remedy="Save the table again; this file is blank.")
    if declared:
        head[0] = []  # Excel's own line that names the delimiter is no cell
    decimal = layout.decimal or find_decimal(head, delimiter)
    source = Source(
        file=content.name,
        sha256=content.sha256,
        encoding=decoded.encoding,
        delimiter=delimiter,
        decimal=decimal,
    )
    if _is_special(head, layout, decimal):
        rows: list[list[object]] = [list(record) for record in records(text, delimiter, place)]
        return read_rows(rows, (), source, layout, _notes(source, decoded.certain))
    header = find_header(head, given=layout.header_rows, decimal=decimal, place=place)
    width = max(len(record) for record in head)
    body = _Body(text, header.first, width, delimiter, decimal)
    columns = _columns(body, layout.missing, place)
    _refuse_ragged(head, header, columns, place)
    notes = (*_notes(source, decoded.certain), *title_notes(head, header, place))
    return assemble(RawSheet(source, header, columns, head[: header.first], notes), layout)


def _widest(text: str) -> int:
    """Cells that the first lines have at most, whatever the delimiter turns out to be."""
    lines = text[:_JUDGED].split("\n")[:HEAD_ROWS]
    return 1 + max(line.count(mark) for line in lines for mark in CANDIDATES)


def _is_special(head: list[list[str]], layout: Layout, decimal: str) -> bool:
    """Whether all rows are needed at once: a range was asked for, or the table lies on its side."""
    if layout.range is not None or layout.transpose:
        return True
    return layout.transpose is None and len(head) < HEAD_ROWS and lies_on_its_side(head, decimal) is not False


def _notes(source: Source, certain: bool) -> tuple[Note, ...]:
    notes: list[Note] = []
    place = Place(file=source.file)
    if not certain:
        notes.append(Note("encoding-guess", place, 1, {"encoding": str(source.encoding)}))
    if source.decimal == ",":
        notes.append(Note("decimal-comma", place))
    return tuple(notes)


@dataclass(frozen=True)
class _Body:
    """The records below the header and how pandas must split them."""

    text: str
    first: int
    width: int
    delimiter: str
    decimal: str

    def cells(
        self, *, rows: int | None = None, numbers: frozenset[int] = frozenset()
    ) -> tuple[RawColumn, ...]:
        """Columns of the first rows (None: all): text, but float64 for the columns in numbers."""
        frame = pd.read_csv(
            io.StringIO(self.text),
            engine="c",
            sep=self.delimiter,
            decimal=self.decimal,
            header=None,
            names=[str(c) for c in range(self.width)],
            index_col=False,
            skiprows=self.first,
            nrows=rows,
            skip_blank_lines=False,
            dtype={str(c): "float64" if c in numbers else "object" for c in range(self.width)},
            keep_default_na=False,
            na_values={str(c): [""] for c in numbers},
            low_memory=False,
        )
        return tuple(
            frame[str(c)].to_numpy() if c in numbers else frame[str(c)].fillna("").to_numpy(dtype=object)
            for c in range(self.width)
        )


def _columns(body: _Body, missing: tuple[str, ...], place: Place) -> tuple[RawColumn, ...]:
    """Cells below the header, a column each: text, or float64 where a long file allows it.

    The first rows say which columns are plain numbers, and the C parser then reads those
    columns as such. One late cell that is no plain number makes the whole file be read as
    text, which costs time but loses nothing.
    """
    try:
        sample = body.cells(rows=_SAMPLE_ROWS)
        if len(sample[0]) < _SAMPLE_ROWS:
            return sample
        words = MISSING_TOKENS | set(missing)
        numbers = frozenset(c for c in range(body.width) if _plain_numbers(sample[c], body.decimal, words))
        columns = _as_numbers(body, numbers) if numbers else None
        codes = missing_codes(missing, body.decimal)
        if (
            columns is not None
            and not _codes_among_numbers(body, columns, numbers)
            and not any(
                np.isin(np.asarray(columns[c], dtype=np.float64), [*codes]).any() for c in numbers if codes
            )
        ):
            return columns
        return body.cells()
    except pd.errors.EmptyDataError:
        return tuple(np.empty(0, dtype=object) for _ in range(body.width))
    except pd.errors.ParserError as error:
        raise _parser_error(error, place) from None


def _plain_numbers(cells: RawColumn, decimal: str, missing: frozenset[str]) -> bool:
    typed = type_cells(cells, decimal=decimal, missing=missing)
    changed = typed.missing or typed.errors or typed.coerced
    return typed.values.dtype == np.float64 and not changed and not np.isnan(typed.values).all()


def _codes_among_numbers(body: _Body, columns: tuple[RawColumn, ...], numbers: frozenset[int]) -> bool:
    """Whether a cell read as a number may be digits that a number loses: 000012, or over 15 of them.

    All such cells of the text are counted, then those of the text columns: if the counts
    agree, none is left for the number columns.
    """
    border = "[" + re.escape(body.delimiter) + '"\r\n]'
    everywhere = sum(1 for _ in re.finditer(rf"(?:(?<={border})|\A){_CODE}(?={border}|\Z)", body.text))
    if everywhere == 0:
        return False
    code = re.compile(_CODE)
    texts = (columns[c] for c in range(body.width) if c not in numbers)
    return everywhere > sum(code.fullmatch(str(cell)) is not None for cells in texts for cell in cells)


def _as_numbers(body: _Body, numbers: frozenset[int]) -> tuple[RawColumn, ...] | None:
    """The columns, or None where a cell of a number column is something else."""
    try:
        columns = body.cells(numbers=numbers)
    except pd.errors.ParserError:
        raise  # a ValueError too, but about the whole file
    except ValueError:
        return None
    finite = all(not np.isinf(np.asarray(columns[c], dtype=np.float64)).any() for c in numbers)
    return columns if finite else None


def _parser_error(error: pd.errors.ParserError, place: Place) -> ReadError:
    match = _TOO_WIDE.search(str(error))
    if match is None:
        return ReadError(
            f"the text cannot be split into cells ({error})",
            place=place,
            remedy="Check the quotes, or save the file again as CSV.",
        )
    expected, line, seen = (int(group) for group in match.groups())
    return _too_wide(line, seen, expected, place)


def _too_wide(row: int, seen: int, expected: int, place: Place) -> ReadError:
    return ReadError(
        f"row {row} has {seen} cells, but the rows above have {expected}",
        place=Place(file=place.file, row=row),
        remedy="Put cells that contain the delimiter in quotes, or save the file again as CSV.",
    )


def _refuse_ragged(
    head: list[list[str]], header: Header, columns: tuple[RawColumn, ...], place: Place
) -> None:
    """ReadError where a row has filled cells beyond the last cell of the header.

    Such a row usually holds an unquoted delimiter, and all of its cells are shifted.
    """
    if not header.rows:
        return
    width = max(len(head[row]) for row in header.rows)
    for column in range(width, len(columns)):
        for position, cell in enumerate(columns[column]):
            if not is_blank(cell) and cell == cell:
                raise _too_wide(header.first + 1 + position, column + 1, width, place)
