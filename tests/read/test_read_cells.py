"""Typing: what becomes a number, a date, text or missing."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabcouce.read.cells import MISSING_TOKENS, text_of, type_cells
from tabcouce.read.date_cells import parse_iso
from tabcouce.read.number_text import parse_number


def typed(cells, decimal="."):
    return type_cells(cells, decimal=decimal, missing=MISSING_TOKENS)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0),
        (" -0.5 ", -0.5),
        ("+3.", 3.0),
        (".25", 0.25),
        ("1.5E-3", 1.5e-3),
        ("1,234", 1234.0),
        ("-1,234,567.5", -1234567.5),
        ("２．０３", 2.03),
        ("2３1.4", 231.4),
        ("−7", -7.0),
        ("－7", -7.0),
        ("0", 0.0),
        ("0.10", 0.1),
    ],
)
def test_numbers_are_read_in_every_spelling(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "000012",
        "-01",
        "1,23",
        "12,3456",
        "1 2",
        "<0.1",
        "N.D.",
        "0x1F",
        "1_000",
        "nan",
        "inf",
        "1e999",
        "②",
        "1.2.3",
        ".",
    ],
)
def test_texts_that_only_resemble_numbers_stay_text(text):
    assert parse_number(text) is None


def test_whole_numbers_beyond_15_digits_stay_text_because_float64_would_change_them():
    assert parse_number("123456789012345") == 123456789012345.0
    assert parse_number("20240401123456789") is None
    assert parse_number("0.12345678901234567") == 0.12345678901234567


def test_decimal_comma_reads_groups_of_points_and_refuses_a_lone_point():
    assert parse_number("919,410", ",") == 919.41
    assert parse_number("1.234,5", ",") == 1234.5
    assert parse_number("1.234", ",") == 1234.0
    assert parse_number("1.5", ",") is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_being_written_and_read(number):
    assert parse_number(f"{number:.17e}") == number


def test_a_column_of_numbers_and_blanks_is_float64():
    cells = typed(["1", "", None, "  ", "2.5"])
    assert cells.values.dtype == np.float64
    np.testing.assert_array_equal(cells.values, [1, np.nan, np.nan, np.nan, 2.5])
    assert cells.missing == ()


def test_words_for_no_value_are_missing_and_counted_with_their_places():
    cells = typed(["1", "N/A", "欠測", "－", "2"])
    np.testing.assert_array_equal(cells.values, [1, np.nan, np.nan, np.nan, 2])
    assert cells.missing == (1, 2, 3)
    assert cells.missing_words == ("N/A", "欠測", "－")


def test_sodium_is_not_a_missing_value():
    assert list(typed(["Na", "K"]).values) == ["Na", "K"]


def test_error_cells_are_missing_and_kept_apart_by_type():
    cells = typed(["#DIV/0!", "1", "#N/A", "#DIV/0!"])
    assert cells.errors == (0, 2, 3)
    assert cells.error_words == ("#DIV/0!", "#N/A")
    assert np.isnan(cells.values[[0, 2, 3]].astype(float)).all()


def test_one_leading_zero_keeps_the_whole_column_text():
    cells = typed(["000012", "123456", 7.0])
    assert list(cells.values) == ["000012", "123456", "7"]
    assert cells.odd == ()


def test_a_text_in_a_column_of_numbers_is_reported_where_it_stands():
    cells = typed(["1", "2.50", "high", 4.0])
    assert list(cells.values) == ["1", "2.50", "high", "4"]
    assert cells.odd == (2,)


@pytest.mark.parametrize(
    ("text", "value", "side"),
    [
        ("<0.01", 0.01, "below"),
        ("＜０．０１", 0.01, "below"),
        ("≦ 0.5", 0.5, "below"),
        ("0.5以下", 0.5, "below"),
        ("0.5 未満", 0.5, "below"),
        ("N.D.(<0.02)", 0.02, "below"),
        (">200", 200.0, "above"),
        ("1,200以上", 1200.0, "above"),
    ],
)
def test_a_limit_among_numbers_counts_as_its_value_and_is_marked(text, value, side):
    cells = typed([1.0, text, "3"])
    assert cells.values.tolist() == [1.0, value, 3.0]
    assert getattr(cells, side) == (1,) and cells.odd == ()


@pytest.mark.parametrize("text", ["N.D.", "ND", "nd", "不検出", "検出限界以下", "<LOD"])
def test_not_detected_without_a_limit_is_missing_and_marked(text):
    cells = typed([1.0, text, "3"])
    assert np.isnan(cells.values[1]) and cells.undetected == (1,)


def test_ranges_as_names_of_classes_stay_text():
    assert list(typed(["<10", "10-20", ">20"]).values) == ["<10", "10-20", ">20"]
    assert list(typed(["約5", 1.0, 2.0]).values) == ["約5", "1", "2"]


@pytest.mark.parametrize(
    ("texts", "numbers", "unit"),
    [
        (["12.5%", "3 %"], [12.5, 3.0], "%"),
        (["$74.69", "$1,029.81"], [74.69, 1029.81], "$"),
        (["230℃", "231.5℃"], [230.0, 231.5], "°C"),
        (["1200円", "980円"], [1200.0, 980.0], "円"),
    ],
)
def test_the_same_unit_in_every_cell_is_taken_off(texts, numbers, unit):
    cells = typed([*texts, None])
    np.testing.assert_array_equal(cells.values, [*numbers, np.nan])
    assert (cells.unit, cells.coerced) == (unit, (0, 1))


@pytest.mark.parametrize("texts", [["1A", "2A"], ["12.5%", "0.125"], ["1号機", "2号機"], ["5 g", "5 kg"]])
def test_names_and_mixed_units_are_no_numbers(texts):
    assert typed(texts).values.dtype == object


def test_respelt_numbers_are_reported():
    assert typed(["1", "1,234", "２"]).coerced == (1, 2)


def test_truth_values_are_the_text_of_the_spreadsheet():
    assert list(typed([True, False, None]).values) == ["TRUE", "FALSE", None]
    assert list(typed([True, 1.0]).values) == ["TRUE", "1"]


def test_dates_and_iso_text_are_dates_and_other_date_text_is_not():
    cells = typed([dt.date(2024, 4, 1), dt.datetime(2024, 4, 1, 6), "2024-04-02 07:30:00", None])
    assert cells.values.dtype == np.dtype("datetime64[ns]")
    assert str(cells.values[2]) == "2024-04-02T07:30:00.000000000"
    assert np.isnat(cells.values[3])
    assert list(typed(["01-02-2024", "03-02-2024"]).values) == ["01-02-2024", "03-02-2024"]


def test_certain_dates_among_real_ones_are_dates_and_the_rest_is_refused():
    real = [dt.datetime(2024, 4, 1, 8), dt.date(2024, 4, 2)]
    certain = [
        "2024/4/3 8:00",
        "令和6年4月4日",
        "R6.4.5 13:30",
        "20240406",
        "7-Apr-24",
        "令和6年4月8日 11時30分",
    ]
    cells = typed([*real, *certain, "4/9", 45391.5, "未定", dt.time(8)])
    assert [str(value)[8:10] for value in cells.values[:8]] == [f"{day:02d}" for day in range(1, 9)]
    assert cells.respelt == (2, 3, 4, 5, 6, 7) and cells.undated == (8, 9, 10, 11)
    assert np.isnat(cells.values[8:].astype("datetime64[ns]")).all()


def test_a_real_date_among_dates_with_day_and_month_in_doubt_is_text_and_reported():
    cells = typed([dt.datetime(2020, 5, 6, 8), "21/5/2020 8:00"])
    assert list(cells.values) == ["2020-05-06 08:00:00", "21/5/2020 8:00"]
    assert cells.dated == (0,)


def test_impossible_iso_dates_stay_text():
    assert parse_iso("2024-02-30") is None
    assert parse_iso("2024-02-29") == dt.datetime(2024, 2, 29)


def test_text_of_a_cell_is_what_the_spreadsheet_shows():
    assert text_of(12.0) == "12"
    assert text_of(0.1) == "0.1"
    assert text_of(dt.time(14, 30)) == "14:30:00"
    assert text_of(dt.timedelta(hours=25, minutes=1)) == "25:01:00"


def test_texts_are_kept_as_found_blanks_included():
    assert list(typed(["finishing ", "finishing"]).values) == ["finishing ", "finishing"]


def test_a_column_without_any_value_is_all_missing_numbers():
    cells = typed(["", None])
    assert cells.values.dtype == np.float64
    assert np.isnan(cells.values.astype(float)).all()
