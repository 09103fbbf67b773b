"""Several tables of the same columns, one below the other, with a column that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tabcouce.errors import Place, ReadError
from tabcouce.read.note import Fact, Note
from tabcouce.read.table import Column, Part, Source, Table

_ALIKE = 0.5
"""A table that lacks more than this share of the first one's columns is another table."""


def same_columns(first: Table, other: Table) -> bool:
    """Whether a table has most columns of the first one."""
    names = {column.name for column in first.columns}
    return len(names & {column.name for column in other.columns}) > _ALIKE * len(names)


def stack(tables: Sequence[Table], labels: Sequence[str], *, column: str) -> Table:
    """One table of all rows; `column` (a prime where the name is taken) holds the label of each row.

    A column that only some tables have is blank in the others, and a note says so. A column of
    numbers in one table and of text in another becomes text.
    Raises  ReadError if a table does not have most columns of the first one
    """
    first = tables[0]
    names = list(dict.fromkeys(c.name for table in tables for c in table.columns))
    while column in names:
        column += "'"
    notes: list[Note] = []
    for table, label in zip(tables, labels, strict=True):
        if not same_columns(first, table):
            listed = ", ".join(repr(c.name) for c in table.columns[:6])
            raise ReadError(
                f"the columns ({listed}) are not those of {labels[0]!r}, so it cannot be stacked",
                place=table.place(),
                remedy="Give the columns the same names, or read the tables one by one.",
            )
        lacking = tuple(name for name in names if name not in table.frame.columns)
        if lacking:
            lack: dict[str, Fact] = {"part": label, "names": lacking}
            notes.append(Note("stack-columns", table.place(), len(lacking), lack))
        notes += table.notes
    where = Place(file=first.source.file)
    facts: dict[str, Fact] = {"column": column, "names": tuple(labels)}
    notes.insert(0, Note("stacked", where, len(tables), facts))
    frame = pd.DataFrame({name: _column([_cells(table, name) for table in tables]) for name in names})
    frame[column] = np.repeat(np.array(labels, dtype=object), [len(table.rows) for table in tables])
    described = {c.name: c for table in reversed(tables) for c in table.columns}
    letterless = Column(name=column, letter="")
    marked = {name for table in tables for name in table.censored}
    return replace(
        first,
        source=_source(tables),
        columns=(*(described[name] for name in names), letterless),
        frame=frame,
        rows=np.arange(1, len(frame) + 1, dtype=np.int64),
        notes=tuple(notes),
        censored={
            name: np.concatenate([t.censored.get(name, np.zeros(len(t.rows), np.int8)) for t in tables])
            for name in sorted(marked)
        },
        parts=tuple(Part(table.source, table.rows) for table in tables),
    )


def _source(tables: Sequence[Table]) -> Source:
    first = tables[0].source
    files = list(dict.fromkeys(table.source.file for table in tables))
    digests = list(dict.fromkeys(table.source.sha256 for table in tables))
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    sheets = [table.source.sheet for table in tables if table.source.sheet is not None]
    sheet = ", ".join(sheets) if len(files) == 1 and sheets else None
    return replace(first, file=", ".join(files), sha256=digest, sheet=sheet)


def _cells(table: Table, name: str) -> pd.Series:
    if name in table.frame.columns:
        return table.frame[name]
    return pd.Series(np.full(len(table.rows), np.nan))


def _column(parts: list[pd.Series]) -> pd.Series:
    """The parts as one column; blank parts take the type of the others."""
    kinds = {part.dtype.kind for part in parts if part.notna().any()}
    if kinds <= {"f"}:
        return pd.concat(parts, ignore_index=True)
    if kinds == {"M"}:
        return pd.concat([part.astype("datetime64[ns]") for part in parts], ignore_index=True)
    cells: list[object] = []
    for part in parts:
        cells += [None if pd.isna(cell) else _text(cell) for cell in part]
    return pd.Series(cells, dtype=object)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)
