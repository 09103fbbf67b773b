"""A sheet given as rows of cells, from whatever file they came."""

from __future__ import annotations

from dataclasses import replace

from tabcouce.errors import Place
from tabcouce.read.assembly import RawSheet, assemble
from tabcouce.read.cell_range import parse_range
from tabcouce.read.cells import missing_codes, text_of
from tabcouce.read.column_letter import column_letter
from tabcouce.read.grid import Merge
from tabcouce.read.head import HEAD_ROWS
from tabcouce.read.header import find_header
from tabcouce.read.note import MOST_CELLS, CellRead, Fact, Note
from tabcouce.read.number_column import number_column
from tabcouce.read.table import Layout, Source, Table
from tabcouce.read.title import title_notes
from tabcouce.read.turned import lies_on_its_side, turn


def read_rows(
    rows: list[list[object]],
    merges: tuple[Merge, ...],
    source: Source,
    layout: Layout,
    notes: tuple[Note, ...] = (),
) -> Table:
    """The table in the rows of one sheet; see `read_table`.

    rows    all rows of the sheet from row 1 on; cells are written into where ranges are merged
    merges  merged ranges
    """
    place = Place(file=source.file, sheet=source.sheet)
    width = max((len(row) for row in rows), default=0)
    rows = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in rows]
    decimal = source.decimal or "."
    if layout.range is not None:
        rows = parse_range(layout.range, place).cut(rows)
        notes = (*notes, Note("range", place, 1, {"text": layout.range}))
    on_its_side = layout.transpose
    if on_its_side is None:
        on_its_side = lies_on_its_side(rows, decimal)
        if on_its_side is None:
            notes = (*notes, Note("maybe-transposed", place))
    if on_its_side:
        rows = turn(rows)
        merges = tuple(Merge(m.left, m.top, m.right, m.bottom) for m in merges)
        notes = (*notes, Note("transposed", place))
        source = replace(source, turned=True)
    head = rows[:HEAD_ROWS]
    header = find_header(head, merges=merges, given=layout.header_rows, decimal=decimal, place=place)
    body = rows[header.first :]
    merged = _fill_merged(body, merges, header.first, source)
    codes = missing_codes(layout.missing, decimal)
    cells = zip(*body, strict=True) if body else (() for _ in header.names)
    columns = tuple(number_column(column, codes) for column in cells)
    found = (*notes, *title_notes(head, header, place), *merged)
    return assemble(RawSheet(source, header, columns, head[: header.first], found), layout)


def _fill_merged(
    body: list[list[object]], merges: tuple[Merge, ...], first: int, source: Source
) -> list[Note]:
    """Write the value of cells merged downwards into each of their rows, in place."""
    filled: list[CellRead] = []
    ranges: list[Place] = []
    for merge in merges:
        top, bottom = merge.top - first, min(merge.bottom - first, len(body) - 1)
        if top < 0 or bottom <= top or merge.left != merge.right or merge.left >= len(body[top]):
            continue
        letter, value = column_letter(merge.left), body[top][merge.left]
        ranges.append(Place(source.file, source.sheet, merge.top + 1, letter))
        for row in range(top + 1, bottom + 1):
            body[row][merge.left] = value
            filled.append(CellRead(source.address(letter, first + row + 1), "", text_of(value)))
    if not ranges:
        return []
    facts: dict[str, Fact] = {"ranges": len(ranges)}
    return [Note("merged-cells", ranges[0], len(filled), facts, tuple(filled[:MOST_CELLS]))]
