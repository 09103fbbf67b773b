"""Dates written as text."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.roles.dates import parse_dates


def read(*texts: str | None, format: str | None = None) -> list[str]:
    dates = parse_dates(pd.Series(list(texts), dtype=object), format=format)
    return [str(value)[:16] for value in dates.values.astype("datetime64[m]")]


def test_one_impossible_month_decides_the_whole_column() -> None:
    assert read("3/4/2018", "13/4/2018") == ["2018-04-03T00:00", "2018-04-13T00:00"]
    assert read("3/4/2018", "4/13/2018") == ["2018-03-04T00:00", "2018-04-13T00:00"]


def test_two_notations_in_one_column_share_the_decision() -> None:
    assert read("01-02-2015", "1/13/2015") == ["2015-01-02T00:00", "2015-01-13T00:00"]


def test_where_both_read_the_rows_run_through_time_in_one_of_them() -> None:
    texts = [f"{day}/{month}/2018" for month in (1, 2, 3) for day in (1, 5, 9)]
    dates = parse_dates(pd.Series(texts, dtype=object))
    assert dates.day_first
    assert not dates.ambiguous
    assert (np.diff(dates.values.astype(np.int64)) > 0).all()


def test_a_column_that_reads_both_ways_is_called_ambiguous() -> None:
    assert parse_dates(pd.Series(["1/2/2018", "3/4/2018"], dtype=object)).ambiguous


def test_a_stated_format_is_obeyed() -> None:
    assert read("1/2/2018 0:15", format="%d/%m/%Y %H:%M") == ["2018-02-01T00:15"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020/5/21 8:00:00", "2020-05-21T08:00"),
        ("2020-05-21T08:07:01.25", "2020-05-21T08:07"),
        ("２０２０年５月２１日", "2020-05-21T00:00"),
        ("令和6年4月1日", "2024-04-01T00:00"),
        ("R6.4.1", "2024-04-01T00:00"),
        ("令和元年5月1日", "2019-05-01T00:00"),
        ("31.12.99", "1999-12-31T00:00"),
        ("21-May-2020 1:30 PM", "2020-05-21T13:30"),
        ("2020-05-21 24:00", "2020-05-22T00:00"),
        ("2020-02-30", "NaT"),
        ("31-00:00", "NaT"),
        ("12", "NaT"),
    ],
)
def test_notations(text: str, expected: str) -> None:
    assert read(text) == [expected]


def test_blank_is_not_unread() -> None:
    dates = parse_dates(pd.Series(["2020-01-01", None, " ", "x"], dtype=object))
    assert dates.unread.tolist() == [False, False, False, True]
    assert dates.share == 0.5
