"""Parquet files, read with pyarrow (extra 'parquet'): columns come with their types."""

from __future__ import annotations

from typing import Any

import numpy as np

from tabcouce.errors import MissingExtraError, Place, ReadError
from tabcouce.read.assembly import RawSheet, assemble
from tabcouce.read.bounds import MOST_CELLS, check_width
from tabcouce.read.file_content import FileContent
from tabcouce.read.grid import RawColumn
from tabcouce.read.header import Header
from tabcouce.read.table import Layout, Source, Table

_EXACT = 2**53
"""Whole numbers beyond it lose digits as float64; such a column is text."""


def read_parquet(content: FileContent, layout: Layout) -> Table:
    """The table of a Parquet file; see `read_table`. The names count as row 1.

    Raises  MissingExtraError without pyarrow, ReadError for a damaged file or nested columns
    """
    place = Place(file=content.name)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError(
            "Parquet files need the package pyarrow, which is not installed.",
            place=place,
            remedy="Install it with: pip install 'tabcouce[parquet]' -- or export the table as CSV.",
        ) from None
    try:
        _check_size(pyarrow.parquet.read_metadata(pyarrow.BufferReader(content.data)), place)
        found = pyarrow.parquet.read_table(pyarrow.BufferReader(content.data))
    except (pyarrow.ArrowException, OSError) as error:
        raise ReadError(
            f"the Parquet file is damaged ({str(error).splitlines()[0]})",
            place=place,
            remedy="Copy or write it again.",
        ) from None
    columns = tuple(_cells(found.column(c), str(name), place) for c, name in enumerate(found.column_names))
    header = Header(
        names=tuple(str(name).strip() or None for name in found.column_names),
        units=tuple(None for _ in found.column_names),
        rows=(0,),
        unit_row=None,
        spec_rows=(),
        first=1,
    )
    source = Source(file=content.name, sha256=content.sha256, decimal=".")
    return assemble(RawSheet(source, header, columns, [list(found.column_names)]), layout)


def _check_size(metadata: Any, place: Place) -> None:
    """Runs of one value pack a thousand million rows into a few bytes."""
    check_width(metadata.num_columns, place)
    if metadata.num_rows * metadata.num_columns > MOST_CELLS:
        raise ReadError(
            f"the table has {metadata.num_rows:,} rows of {metadata.num_columns:,} columns; "
            f"at most {MOST_CELLS:,} cells are read",
            place=place,
            remedy="Split it, or leave out columns.",
        )


def _cells(column: Any, name: str, place: Place) -> RawColumn:
    import pyarrow
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if types.is_decimal(kind):
        column, kind = column.cast(pyarrow.float64()), pyarrow.float64()
    if types.is_floating(kind):
        return column.cast(pyarrow.float64()).to_numpy().astype(np.float64)
    if types.is_integer(kind):
        bounds = pyarrow.compute.min_max(column).as_py()
        if all(value is None or abs(value) < _EXACT for value in bounds.values()):
            return column.cast(pyarrow.float64()).to_numpy().astype(np.float64)
        return [None if cell is None else str(cell) for cell in column.to_pylist()]
    if types.is_timestamp(kind):
        # Without its zone a time is what the clock on the wall showed.
        return column.cast(pyarrow.timestamp("us")).to_pylist()
    if types.is_date(kind) or types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind):
        return column.to_pylist()
    if types.is_time(kind) or types.is_null(kind):
        return column.to_pylist()
    raise ReadError(
        f"the column holds {kind}, which is no number, date or text",
        place=Place(file=place.file, column=name),
        remedy="Leave the column out, or write its parts as columns of their own.",
    )
