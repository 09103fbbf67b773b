"""Awkward files as users have them: each gives what a good reader gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import ReadError
from tabcouce.read import Layout, read_table

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "awkward"


def read(name, layout=None):
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return read_table(path, layout or Layout())


def notes(table):
    return {note.rule: note for note in table.notes}


@pytest.mark.parametrize(
    ("name", "rows", "columns", "numeric"),
    [
        ("notes_above_header.xlsx", 1, 4, 3),
        ("merged_multiline_header.xlsx", 1, 4, 0),
        ("na_token_in_numbers.xlsx", 4, 3, 1),
        ("made_huge_blank_range.xlsx", 20, 4, 3),
        ("ldpe_unnamed_index_and_meta_sheet.xlsx", 54, 20, 20),
        ("proc1a_title_row.xls", 92, 35, 34),
        ("preamble.csv", 83, 9, 3),
        ("cr_only_lines.csv", 83, 9, 3),
        ("latin1_semicolon_decimal_comma.csv", 638, 8, 4),
        ("made_decimal_comma_3_decimals.csv", 60, 14, 14),
        ("made_cp932_units_row.csv", 24, 8, 3),
        ("made_utf16le_tab_unicode_text.txt", 16, 4, 1),
        ("logger_latin1_tab.csv", 4291, 6, 5),
        ("kamyr_blanks_and_odd_time.csv", 301, 23, 22),
        ("gzip_named.csv", 2, 2, 1),
    ],
)
def test_rows_columns_and_numbers(name, rows, columns, numeric):
    table = read(name)
    assert table.frame.shape == (rows, columns)
    assert sum(dtype == np.float64 for dtype in table.frame.dtypes) == numeric


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("password.xlsx", "password"),
        ("empty_sheet.xlsx", "no sheet holds data"),
        ("made_zero_rows.xlsx", "no row of data.*'lot', 'temp', 'yield'"),
        ("zero_bytes.csv", "empty"),
        ("git_lfs_pointer.csv", "Git LFS pointer"),
        ("two_tables_stacked.csv", "row 85.*second header.*--range"),
    ],
)
def test_what_is_no_table_is_refused_with_its_remedy(name, message):
    with pytest.raises(ReadError, match=f"(?s){message}") as caught:
        read(name)
    assert caught.value.remedy


def test_one_of_two_tables_is_read_by_its_range():
    assert len(read("two_tables_stacked.csv", Layout(range="A1:I84")).frame) == 83


def test_the_daily_report():
    table = read("made_merged_header_units_total_row.xlsx", Layout(fill_down=("ロット",)))
    assert table.frame.shape == (20, 8) and table.frame["ロット"].nunique() == 4
    found = notes(table)
    assert found["filled-down"].count == 16 and found["uncalculated-formula"].count == 20
    assert {"hidden-rows", "hidden-columns", "hidden-sheets", "foot-rows", "title-rows"} <= set(found)
    assert [row.kind for row in table.picture[:4]] == ["above", "names", "names", "units"]


def test_dates_are_read_where_certain_and_listed_where_not():
    table = read("made_dates_many_styles.xlsx")
    note = notes(table)["refused-date"]
    assert [cell.address for cell in note.cells] == ["B6", "B10", "B13", "B15"]
    assert table.frame["日時"].isna().sum() == 5  # these and one blank
    assert table.frame["日時"].iloc[[2, 3, 5]].tolist() == [
        pd.Timestamp(2024, 4, 1, 10, 30), pd.Timestamp(2024, 4, 1, 11, 30), pd.Timestamp(2024, 4, 1, 13, 30),
    ]  # fmt: skip


def test_the_epoch_of_1904_is_heeded():
    dates = read("date_1904.xlsx").frame["column A"]
    assert dates.tolist()[:2] == [pd.Timestamp(2021, 1, 1), pd.Timestamp(2021, 1, 2)]


def test_errors_are_listed_by_type_and_address():
    note = notes(read("error_cells.xlsx"))["error-cell"]
    assert note.count == 7 and {cell.found for cell in note.cells} >= {"#DIV/0!", "#NAME?", "#REF!", "#N/A"}


def test_the_visible_sheet_is_read_and_the_hidden_ones_are_named():
    table = read("hidden_and_chart_sheets.xlsx")
    assert table.source.sheet == "Visible"
    assert notes(table)["hidden-sheets"].facts["names"] == ("Hidden", "VeryHidden")


def test_prices_are_numbers_with_their_sign_as_unit():
    table = read("preamble.csv")
    assert table.frame["Price"].iloc[0] == 74.69
    assert next(column.unit for column in table.columns if column.name == "Price") == "$"
