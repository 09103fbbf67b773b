"""From a header and columns of raw cells to the `Table`, with a note for every decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import Place, ReadError
from tabcouce.read.cells import MISSING_TOKENS, TypedCells, is_blank, text_of, type_cells
from tabcouce.read.column_letter import column_letter
from tabcouce.read.column_notes import column_notes
from tabcouce.read.fill_down import fill_down, sparse_labels
from tabcouce.read.grid import RawColumn, Row
from tabcouce.read.header import Header
from tabcouce.read.layout_notes import layout_notes
from tabcouce.read.marginal import foot_start, is_spec_row
from tabcouce.read.neighbour_table import refuse_neighbour_table
from tabcouce.read.note import Note
from tabcouce.read.picture import take_picture
from tabcouce.read.repeated_names import distinct_names
from tabcouce.read.second_table import refuse_second_table
from tabcouce.read.spec import read_specs
from tabcouce.read.subtotal import subtotal_rows
from tabcouce.read.table import Column, Layout, Source, Table
from tabcouce.read.unit import unit_of_name


@dataclass(frozen=True)
class RawSheet:
    """A sheet split into header and columns, not yet typed.

    columns  one per column of the sheet, all of the same length: cells as found, or float64
             where the reader is sure already
    above    rows of the sheet above the first row of data
    notes    what the reader of the file decided before
    """

    source: Source
    header: Header
    columns: tuple[RawColumn, ...]
    above: Sequence[Row] = ()
    notes: tuple[Note, ...] = ()


def assemble(raw: RawSheet, layout: Layout) -> Table:
    """Type the columns, drop what is not data, and write down what was decided.

    Raises  ReadError if no row of data is left, or a second table begins further down
    """
    place = Place(file=raw.source.file, sheet=raw.source.sheet)
    decimal = raw.source.decimal or "."
    end = foot_start(raw.columns)
    blank = [_blank_mask(column[:end]) for column in raw.columns]
    kept = [c for c, mask in enumerate(blank) if raw.header.names[c] is not None or not mask.all()]
    header = distinct_names(raw.header, kept)
    named = {header.names[c] for c in kept}
    columns = tuple(_column(header, c, named) for c in kept)
    present = ~np.logical_and.reduce([blank[c] for c in kept]) if kept else np.zeros(0, dtype=bool)
    refuse_neighbour_table(header, blank, place)
    subtotals = subtotal_rows(raw.columns, end)
    present[subtotals] = False
    if not present.any():
        raise _no_data(columns, place)
    rows = header.first + 1 + np.flatnonzero(present)
    words = MISSING_TOKENS | {word.strip() for word in layout.missing}
    found = [_at(raw.columns[c][:end], present) for c in kept]
    filled_down = fill_down(columns, found, layout.fill_down, rows, place)
    typed = [_typed(cells, decimal, words) for cells in found]
    undated = [
        {p: text_of(raw_cells[p]).strip() for p in cells.undated}
        for raw_cells, cells in zip(found, typed, strict=True)
    ]
    refuse_second_table([column.name for column in columns], typed, undated, rows, place)
    limits = _spec_rows(raw, end)
    specs = read_specs(list(limits.values()), len(raw.columns), decimal)
    columns = tuple(
        replace(
            column,
            unit=column.unit or cells.unit,
            lower=specs[c].lower,
            upper=specs[c].upper,
            target_value=specs[c].target_value,
        )
        for c, column, cells in zip(kept, columns, typed, strict=True)
    )
    notes = [
        *raw.notes,
        *layout_notes(header, raw.columns, columns, tuple(limits), end, present, subtotals, place),
    ]
    notes += [*filled_down, *sparse_labels(columns, typed, rows, place)]
    for column, raw_cells, cells in zip(columns, found, typed, strict=True):
        notes += column_notes(column, cells, raw_cells, rows, raw.source)
        # Without a header no column has a name, and one note says so.
        if header.rows and _called_by_letter(column):
            where = Place(place.file, place.sheet, int(rows[0]), column.name)
            notes.append(Note("unnamed-column", where))
    frame = pd.DataFrame(
        {
            column.name: pd.Series(cells.values, dtype=cells.values.dtype)
            for column, cells in zip(columns, typed, strict=True)
        }
    )
    return Table(
        source=raw.source,
        columns=columns,
        frame=frame,
        rows=rows.astype(np.int64),
        header_rows=tuple(row + 1 for row in header.rows),
        unit_row=None if header.unit_row is None else header.unit_row + 1,
        notes=tuple(notes),
        censored={
            column.name: _sides(cells)
            for column, cells in zip(columns, typed, strict=True)
            if cells.below or cells.above
        },
        picture=take_picture(raw.above, header, raw.columns, present),
    )


def _no_data(columns: tuple[Column, ...], place: Place) -> ReadError:
    names = ", ".join(repr(column.name) for column in columns)
    return ReadError(
        f"there is no row of data below the header ({len(columns)} columns: {names})"
        if columns
        else "there is no data",
        place=place,
        remedy="Check that this is the right sheet and that the rows were saved.",
    )


def _spec_rows(raw: RawSheet, end: int) -> dict[int, Row]:
    """Rows of limits above the data and below them, by their number from 0."""
    skipped = {*raw.header.rows, raw.header.unit_row}
    first = raw.header.first
    rows: dict[int, Row] = {
        number: row for number, row in enumerate(raw.above[:first]) if number not in skipped
    }
    for p in range(end, len(raw.columns[0]) if raw.columns else 0):
        rows[first + p] = [column[p] for column in raw.columns]
    return {number: row for number, row in rows.items() if is_spec_row(row)}


def _sides(cells: TypedCells) -> npt.NDArray[np.int8]:
    sides = np.zeros(len(cells.values), dtype=np.int8)
    sides[list(cells.below)] = -1
    sides[list(cells.above)] = 1
    return sides


def _blank_mask(cells: RawColumn) -> npt.NDArray[np.bool_]:
    if isinstance(cells, np.ndarray) and cells.dtype == np.float64:
        return np.isnan(cells)
    return np.fromiter((is_blank(cell) for cell in cells), dtype=bool, count=len(cells))


def _column(header: Header, position: int, named: set[str | None]) -> Column:
    letter = column_letter(position)
    name = header.names[position]
    if name is None:
        name = f"column {letter}"
        while name in named:
            name += "'"
        return Column(name=name, letter=letter, unit=header.units[position])
    return Column(name=name, letter=letter, unit=header.units[position] or unit_of_name(name))


def _at(cells: RawColumn, present: npt.NDArray[np.bool_]) -> RawColumn:
    if isinstance(cells, np.ndarray) and cells.dtype == np.float64:
        return cells[present]
    return list(cells) if present.all() else [cells[p] for p in np.flatnonzero(present).tolist()]


def _typed(cells: RawColumn, decimal: str, missing: frozenset[str]) -> TypedCells:
    if isinstance(cells, np.ndarray) and cells.dtype == np.float64:
        return TypedCells(values=cells)
    return type_cells(cells, decimal=decimal, missing=missing)


def _called_by_letter(column: Column) -> bool:
    return column.name.rstrip("'") == f"column {column.letter}"
