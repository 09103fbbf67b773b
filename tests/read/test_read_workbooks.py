"""Workbooks: sheets, merged cells, error cells, formulas, hidden parts."""

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabcouce.errors import ReadError
from tabcouce.read import Layout, read_grid, read_table, sheet_names


@pytest.fixture
def book():
    return openpyxl.Workbook()


@pytest.fixture
def read(tmp_path):
    def read(book, layout=None):
        path = tmp_path / "book.xlsx"
        book.save(path)
        return read_table(path, layout or Layout())

    return read


def fill(sheet, rows):
    for row in rows:
        sheet.append(row)


def rules(table):
    return {note.rule: note for note in table.notes}


def test_a_sheet_as_engineers_keep_it(book, read):
    sheet = book.active
    sheet.title = "日報"
    fill(
        sheet,
        [
            ["成形日報 2024年4月"],
            [],
            ["ロット", "日付", "条件", None, "品質", None],
            [None, None, "温度", "圧力", "重量", "寸法"],
            [None, None, "℃", "MPa", "g", "mm"],
            ["000101", dt.datetime(2024, 4, 1), 227.5, 91, 34.6, 20.01],
            ["000102", dt.datetime(2024, 4, 2, 6), 229.0, 92, "欠測", 20.02],
            [],
            ["平均", None, 228.25, 91.5, 34.6, 20.015],
        ],
    )
    for area in ("A1:F1", "A3:A4", "B3:B4", "C3:D3", "E3:F3"):
        sheet.merge_cells(area)
    table = read(book)
    assert list(table.frame.columns) == ["ロット", "日付", "条件/温度", "条件/圧力", "品質/重量", "品質/寸法"]
    assert [column.unit for column in table.columns] == [None, None, "℃", "MPa", "g", "mm"]
    assert (table.header_rows, table.unit_row, list(table.rows)) == ((3, 4), 5, [6, 7])
    assert table.frame["ロット"].tolist() == ["000101", "000102"]
    assert table.frame["日付"].tolist() == [pd.Timestamp(2024, 4, 1), pd.Timestamp(2024, 4, 2, 6)]
    assert np.isnan(table.frame["品質/重量"][1])
    assert {"title-rows", "missing-token", "foot-rows"} <= set(rules(table))


def test_header_rows_that_are_given_are_used_exactly(book, read):
    fill(book.active, [["note", None], ["a", "b"], ["A", "B"], [1, 2], [3, 4], [5, 6], [7, 8]])
    assert list(read(book, Layout(header_rows=(2, 3))).frame.columns) == ["a/A", "b/B"]
    assert list(read(book, Layout(header_rows=(3,))).frame.columns) == ["A", "B"]
    with pytest.raises(ReadError, match="row 3: the row holds text in 2 columns of numbers"):
        read(book, Layout(header_rows=(2,)))
    with pytest.raises(ReadError, match="row 9 was named as a header row"):
        read(book, Layout(header_rows=(9,)))


def test_a_group_is_joined_to_its_names_and_a_tag_code_stands_alone(book, read):
    sheet = book.active
    fill(
        sheet,
        [
            ["No", "原料", None, "P.TE_1.PV", "P.TE_2.PV"],
            [None, "RON", "密度(20℃),kg/m³", "温度", "温度"],
            [1, 90.1, 726, 400, 401],
            [2, 90.2, 727, 402, 403],
        ],
    )
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:C1")
    for layout in (Layout(), Layout(header_rows=(1, 2))):
        names = list(read(book, layout).frame.columns)
        assert names == ["No", "原料/RON", "原料/密度(20℃),kg/m³", "P.TE_1.PV", "P.TE_2.PV"]


def test_cells_merged_down_count_for_each_row(book, read):
    sheet = book.active
    fill(sheet, [["lot", "x"], ["L1", 1], [None, 2], ["L2", 3], [None, 4]])
    sheet.merge_cells("A2:A3")
    table = read(book)
    assert table.frame["lot"].tolist() == ["L1", "L1", "L2", None]
    assert rules(table)["merged-cells"].place.row == 2


def test_the_first_visible_sheet_with_data_is_read_and_roles_never(book, read, tmp_path):
    book.active.title = "empty"
    fill(book.create_sheet("Roles"), [["column", "kind"], ["x", "target"]])
    hidden = book.create_sheet("master")
    fill(hidden, [["a"], [1]])
    hidden.sheet_state = "hidden"
    fill(book.create_sheet("data"), [["x", "y"], [1, 2]])
    fill(book.create_sheet("more"), [["z"], [1]])
    table = read(book)
    assert table.source.sheet == "data"
    assert dict(rules(table)["other-sheets"].facts) == {"sheet": "data", "names": ("more",)}
    assert rules(table)["hidden-sheets"].facts["names"] == ("master",)
    assert read(book, Layout(sheet="master")).frame.shape == (1, 1)
    assert sheet_names(tmp_path / "book.xlsx") == ("empty", "Roles", "master", "data", "more")
    assert read_grid(tmp_path / "book.xlsx", "Roles") == [["column", "kind"], ["x", "target"]]


def test_an_unknown_sheet_is_refused_with_the_list_of_sheets(book, read):
    book.active.title = "March"
    fill(book.active, [["x"], [1]])
    with pytest.raises(ReadError, match="there is no sheet 'April'; the workbook has 'March'"):
        read(book, Layout(sheet="April"))


def test_a_workbook_with_only_a_hidden_table_says_so(book, read):
    fill(book.create_sheet("secret"), [["x"], [1]])
    book["secret"].sheet_state = "hidden"
    with pytest.raises(ReadError, match="hidden: 'secret'"):
        read(book)


def test_error_cells_are_missing_and_noted_by_type(book, read):
    fill(book.active, [["x", "y"], [1, 2], ["#DIV/0!", 3], ["#N/A", 4], [5, 6]])
    table = read(book)
    np.testing.assert_array_equal(table.frame["x"], [1, np.nan, np.nan, 5])
    note = rules(table)["error-cell"]
    assert (note.count, note.place.row) == (2, 3)
    assert [(cell.address, cell.found) for cell in note.cells] == [("A3", "#DIV/0!"), ("A4", "#N/A")]


def test_formulas_without_a_stored_result_are_noted(book, read):
    fill(book.active, [["x", "y"], [1, "=A2*2"], [2, "=A3*2"]])
    table = read(book)
    note = rules(table)["uncalculated-formula"]
    assert (note.count, note.place.row, note.place.column) == (2, 2, "y")
    assert table.frame["y"].isna().all()


def test_hidden_rows_and_columns_are_read_and_noted(book, read):
    sheet = book.active
    fill(sheet, [["x", "y"], [1, 2], [3, 4]])
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["B"].hidden = True
    table = read(book)
    assert len(table.frame) == 2
    assert rules(table)["hidden-rows"].place.row == 3
    assert rules(table)["hidden-columns"].place.column == "y"


def test_far_formatted_or_blank_cells_do_not_widen_the_table(book, read):
    sheet = book.active
    fill(sheet, [["x", "y"], [1, 2], [3, 4]])
    sheet["KN40"] = " "
    sheet["A5000"].font = openpyxl.styles.Font(bold=True)
    assert read(book).frame.shape == (2, 2)


def test_numbers_stored_as_text_are_numbers_and_codes_are_not(book, read):
    fill(book.active, [["lot", "t"], ["00012", "20.5"], ["00013", "２１"]])
    table = read(book)
    assert table.frame["lot"].tolist() == ["00012", "00013"]
    assert table.frame["t"].tolist() == [20.5, 21.0]


def test_two_runs_of_the_same_file_give_equal_tables(book, read):
    fill(book.active, [["x", "y"], [1, "a"], [2, None]])
    first, second = read(book), read(book)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.notes == second.notes


CELLS = {
    "number": st.one_of(
        st.none(),
        st.integers(-(10**9), 10**9),
        st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 6)),
    ),
    "word": st.one_of(
        st.none(),
        st.text("abcXYZ温度号機 '\"{}[]", min_size=1, max_size=6).filter(lambda w: w.strip() != '"'),
    ),
    "date": st.one_of(
        st.none(),
        st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1)).map(
            lambda d: d.replace(microsecond=0)
        ),
    ),
    "code": st.integers(0, 99999).map(lambda n: f"{n:06d}"),
}


@st.composite
def tables(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5))
    count = draw(st.integers(1, 8))
    anchor = [f"r{i}" for i in range(count)]  # no row is blank, so none is dropped
    columns = [draw(st.lists(CELLS[kind], min_size=count, max_size=count)) for kind in kinds]
    names = ["row", *(f"{kind} {i} [℃]" for i, kind in enumerate(kinds))]
    return kinds, names, [list(row) for row in zip(anchor, *columns, strict=True)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_our_reader_and_openpyxl_agree_on_generated_workbooks(table, tmp_path):
    kinds, names, rows = table
    book = openpyxl.Workbook()
    fill(book.active, [names, *rows])
    path = tmp_path / "generated.xlsx"
    book.save(path)
    ours = read_table(path)
    theirs = list(openpyxl.load_workbook(path, data_only=True).active.iter_rows(values_only=True))
    assert list(ours.frame.columns) == [name.strip() for name in theirs[0]]
    for position, kind in enumerate(kinds, start=1):
        column = ours.frame.iloc[:, position]
        for cell, expected in zip(column, (row[position] for row in theirs[1:]), strict=True):
            if expected is None or (isinstance(expected, str) and not expected.strip()):
                assert pd.isna(cell)
            elif kind == "number":
                assert cell == expected
            elif kind == "date":
                assert abs(cell - pd.Timestamp(expected)) < pd.Timedelta(milliseconds=1)
            else:
                assert cell == expected or (kind == "code" and not expected.startswith("0"))
