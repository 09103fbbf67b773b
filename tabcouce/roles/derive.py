"""Columns made from others before anything else: parts of dates, whole numbers, logarithms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import CellError, Place, RoleError
from tabcouce.read.table import Column, Table
from tabcouce.roles.cells import not_a_number, parse_numbers
from tabcouce.roles.column_name import find_column
from tabcouce.roles.dates import parse_dates
from tabcouce.roles.declaration import Derived
from tabcouce.roles.level import BLANK, level_texts


def with_derived(table: Table, derive: tuple[Derived, ...], place: Place) -> Table:
    """The table with the derived columns at its end.

    A source column read with a stated `format` becomes dates in the result, so that the order
    of the rows is read with the same notation.
    Raises  RoleError for a name that is missing or taken, CellError for cells that cannot be read
    """
    frame = table.frame
    columns = list(table.columns)
    for made in derive:
        if made.name in frame.columns:
            raise RoleError(
                f"The derived column '{made.name}' exists already.",
                place=place,
                remedy="Give the derived column another name under 'derive'.",
            )
        source = find_column(made.source, list(frame.columns), key=f"derive.{made.name}.from", place=place)
        if made.part == "int":
            values: pd.Series = _first_integer(frame[source], table, source)
        elif made.part == "log10":
            values = _logarithm(frame[source], table, source)
        else:
            dates = read_dates(table, source, format=made.format, day_first=made.day_first)
            values = _part_of_date(dates, made.part)
            if made.format is not None:
                frame = frame.assign(**{source: dates})
        frame = pd.concat([frame, values.rename(made.name).set_axis(frame.index)], axis=1)
        columns.append(Column(name=made.name, letter=""))
    return replace(table, frame=frame, columns=tuple(columns)) if derive else table


def with_day_order(derive: tuple[Derived, ...], table: Table) -> tuple[Derived, ...]:
    """The derived columns with the order of day and month that this table decided, for later files."""
    settled = []
    for made in derive:
        dated = made.part not in ("int", "log10") and made.format is None and made.source in table.frame
        day_first = parse_dates(table.frame[made.source]).day_first if dated else None
        settled.append(replace(made, day_first=day_first))
    return tuple(settled)


def read_dates(
    table: Table, column: str, *, format: str | None = None, day_first: bool | None = None
) -> npt.NDArray[np.datetime64]:
    """(n,) dates of a column, NaT where blank.

    day_first  how 3/4/2024 is read; None decides from the column

    Raises  CellError with the first address if cells are no dates, or if day and month cannot
            be told apart
    """
    dates = parse_dates(table.frame[column], format=format, day_first=day_first)
    if dates.unread.any():
        first = int(np.argmax(dates.unread))
        count = int(dates.unread.sum())
        form = f" in the form '{format}'" if format else ""
        raise CellError(
            f"{table.frame[column].iloc[first]!r} is not a date{form} ({count} such cells).",
            place=table.place(position=first, column=column),
            remedy="Correct the cells, or say how the dates are written under 'derive' with 'format'.",
        )
    if dates.ambiguous:
        raise CellError(
            "Day and month cannot be told apart: every date reads both ways.",
            place=table.place(column=column),
            remedy="Write the dates as 2024-03-31, or give their 'format' under 'derive'.",
        )
    return dates.values


def _logarithm(cells: pd.Series, table: Table, column: str) -> pd.Series:
    numbers = parse_numbers(cells)
    if numbers.unread.any():
        raise not_a_number(table, column, numbers.unread, role="derived")
    bad = numbers.values <= 0
    if bad.any():
        first = int(np.argmax(bad))
        raise CellError(
            f"{numbers.values[first]:g} has no logarithm ({int(bad.sum())} cells are not above zero).",
            place=table.place(position=first, column=column),
            remedy="Correct the cells, or take this column out of 'derive'.",
        )
    return pd.Series(np.log10(numbers.values))


def _part_of_date(dates: npt.NDArray[np.datetime64], part: str) -> pd.Series:
    stamps = pd.Series(dates)
    if part == "year":
        return stamps.dt.year.astype(float)
    if part == "month":
        return stamps.dt.month.astype(float)
    quarters = [None if stamp is pd.NaT else f"{stamp.year}Q{stamp.quarter}" for stamp in stamps]
    return pd.Series(quarters, dtype=object)


def _first_integer(cells: pd.Series, table: Table, column: str) -> pd.Series:
    texts = pd.Series(level_texts(cells))
    found = texts.str.extract(r"(\d+)", expand=False)
    unread = (found.isna() & (texts != BLANK)).to_numpy()
    if unread.any():
        first = int(np.argmax(unread))
        raise CellError(
            f"{cells.iloc[first]!r} holds no whole number ({int(unread.sum())} such cells).",
            place=table.place(position=first, column=column),
            remedy="Correct the cells or take this column out of 'derive'.",
        )
    return found.astype(float)
