"""Two tables that belong together, process and inspection, joined by the key that names a lot or piece."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import ReadError
from tabcouce.read.note import MOST_CELLS, CellRead, Fact, Note
from tabcouce.read.table import Part, Table


def join(left: Table, right: Table, on: Sequence[str], *, names: tuple[str, str]) -> Table:
    """The rows of both tables whose keys agree, side by side.

    Keys are compared as text without blanks around, full width as half width. One of the tables
    may hold a key several times (many pieces of one lot); its rows are kept, each with the
    other's row. Rows without a key or a partner are left out, and notes name them.
    names   what to call the two tables in notes; also added to names of columns in both
    Raises  ReadError if a key column is missing, if keys repeat on both sides, or if no key agrees
    """
    keys = [_keys(table, on, name) for table, name in zip((left, right), names, strict=True)]
    repeats = [bool(pd.Series(key[key != ""]).duplicated().any()) for key in keys]
    if all(repeats):
        raise ReadError(
            f"{_quoted(on)} repeats in both {names[0]!r} and {names[1]!r}: rows cannot be matched one to one",
            place=right.place(),
            remedy="Name further key columns with --on, or bring one table to one row per key.",
        )
    # The table in which keys repeat keeps its rows; the other one is looked up.
    base, other, (base_keys, other_keys), (base_name, other_name) = (
        (right, left, keys[::-1], names[::-1]) if repeats[1] else (left, right, keys, names)
    )
    position = {key: p for p, key in enumerate(other_keys) if key}
    partner = np.array([position.get(key, -1) for key in base_keys])
    if (partner < 0).all():
        raise ReadError(
            f"no {_quoted(on)} of {base_name!r} ({base_keys[0]!r}, ...) is found in {other_name!r} "
            f"({other_keys[0]!r}, ...)",
            place=other.place(),
            remedy="Write the keys the same way in both, or name other columns with --on.",
        )
    kept = np.flatnonzero(partner >= 0)
    used = np.zeros(len(other.rows), bool)
    used[partner[kept]] = True
    frame, columns = base.frame.iloc[kept].reset_index(drop=True), list(base.columns)
    for column in other.columns:
        if column.name in on:
            continue
        name = column.name if column.name not in frame.columns else f"{column.name} ({other_name})"
        frame[name] = other.frame[column.name].to_numpy()[partner[kept]]
        columns.append(replace(column, name=name, letter=""))
    facts: dict[str, Fact] = {"left": base_name, "right": other_name, "keys": tuple(on)}
    censored = {name: sides[kept] for name, sides in base.censored.items()}
    censored |= {name: sides[partner[kept]] for name, sides in other.censored.items() if name not in censored}
    notes = [*base.notes, *other.notes, Note("joined", base.place(), len(kept), facts)]
    notes += _unmatched(base, base_keys, partner < 0, base_name, on)
    notes += _unmatched(other, other_keys, ~used, other_name, on)
    return replace(
        base,
        columns=tuple(columns),
        frame=frame,
        rows=base.rows[kept],
        notes=tuple(notes),
        censored=censored,
        parts=tuple(_parts_at(base, kept)),
    )


def _parts_at(table: Table, kept: npt.NDArray[np.int64]) -> Iterator[Part]:
    start = 0
    for part in table.parts:
        inside = kept[(kept >= start) & (kept < start + len(part.rows))] - start
        start += len(part.rows)
        yield replace(part, rows=part.rows[inside])


def _keys(table: Table, on: Sequence[str], name: str) -> npt.NDArray[np.object_]:
    """(n,) the key of each row as text, '' where a part of it is blank."""
    for column in on:
        if column not in table.frame.columns:
            raise ReadError(
                f"{name!r} has no column {column!r} to join on",
                place=table.place(),
                remedy=f"Its columns are {', '.join(repr(c.name) for c in table.columns[:8])}.",
            )
    parts = [table.frame[column].map(_key).to_numpy(dtype=object) for column in on]
    return np.array(["" if "" in row else "\x1f".join(row) for row in zip(*parts, strict=True)], dtype=object)


def _key(cell: object) -> str:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return unicodedata.normalize("NFKC", str(cell)).strip()


def _unmatched(
    table: Table, keys: npt.NDArray[np.object_], alone: npt.NDArray[np.bool_], name: str, on: Sequence[str]
) -> list[Note]:
    positions = np.flatnonzero(alone)
    if not len(positions):
        return []
    letter = next(column.letter for column in table.columns if column.name == on[0])
    cells = tuple(
        CellRead(table.source.address(letter, int(table.rows[p])), keys[p].replace("\x1f", " / "))
        for p in positions[:MOST_CELLS].tolist()
    )
    first = table.place(position=int(positions[0]), column=on[0])
    return [Note("join-unmatched", first, len(positions), {"part": name}, cells)]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
