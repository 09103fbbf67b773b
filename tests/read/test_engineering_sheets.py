"""Layouts of engineers' sheets, each made here: limits, turned, stacked and joined sheets, ranges."""

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest

from tabcouce.errors import MissingExtraError, ReadError
from tabcouce.read import Layout, read_table, read_tables


@pytest.fixture
def saved(tmp_path):
    def saved(sheets, merges=()):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
            for area in merges:
                sheet.merge_cells(area)
        path = tmp_path / "book.xlsx"
        book.save(path)
        return path

    return saved


def notes(table):
    return {note.rule: note for note in table.notes}


def rows_of(count, lot="L", start=0):
    return [[f"{lot}{i}", 200.0 + i, 5.0 + i / 10] for i in range(start, start + count)]


def test_rows_of_limits_become_limits_of_their_columns(saved):
    path = saved(
        {
            "data": [
                ["ロット", "温度[℃]", "厚さ[mm]", "粗さ"],
                ["規格上限", 250, 5.5, None],
                ["規格下限", 150, 4.5, None],
                ["目標", 200, 5, None],
                ["管理上限", 240, 5.4, 1.0],
                *[[*row, 0.5] for row in rows_of(8)],
                ["平均", 203.5, 5.35, 0.5],
            ]
        }
    )
    table = read_table(path)
    limits = {c.name: (c.lower, c.upper, c.target_value) for c in table.columns}
    assert limits["温度[℃]"] == (150.0, 250.0, 200.0) and limits["厚さ[mm]"] == (4.5, 5.5, 5.0)
    assert limits["粗さ"] == limits["ロット"] == (None, None, None)  # a control limit is no specification
    assert len(table.frame) == 8 and notes(table)["spec-rows"].count == 4


@pytest.mark.parametrize(
    ("rows", "limits"),
    [
        ([["規格", "10±0.5"]], (9.5, 10.5, 10.0)),
        ([["規格", "9.5～10.5"]], (9.5, 10.5, None)),
        ([["規格", "≦12"]], (None, 12.0, None)),
        ([["nominal", 10], ["tolerance", "±0.2"]], (9.8, 10.2, 10.0)),
    ],
)
def test_limits_in_every_spelling(saved, rows, limits):
    data = [[f"L{i}", 10 + i / 10] for i in range(6)]
    column = read_table(saved({"data": [["lot", "width"], *rows, *data]})).columns[1]
    assert (column.lower, column.upper, column.target_value) == pytest.approx(limits)


def test_a_turned_sheet_is_turned_back_with_addresses_as_in_the_sheet(saved):
    rows = [
        ["ロット", "L1", "L2", "L3", "L4", "L5"],
        ["作業者", "佐藤", "鈴木", "佐藤", "鈴木", "佐藤"],
        ["温度[℃]", 200, 201, "<150", 203, 204],
        ["強度[MPa]", 50, 51, 52, 53, 54],
    ]
    table = read_table(saved({"data": rows}))
    assert table.frame.shape == (5, 4) and list(table.frame["強度[MPa]"]) == [50, 51, 52, 53, 54]
    assert "transposed" in notes(table)
    assert [cell.address for cell in notes(table)["limit-below"].cells] == ["D3"]
    assert table.place(position=2).column == "D"


def test_a_turned_text_file_of_rows_of_unequal_length_is_read_on_request(tmp_path):
    path = tmp_path / "turned.csv"
    path.write_text("lot,L1,L2,L3,L4\nmachine,M1,M2,M1\ntemp,1,2,3,4\n")
    with pytest.raises(ReadError, match="row 2"):  # not turned for certain
        read_table(path)
    table = read_table(path, Layout(transpose=True))
    assert table.frame["machine"].tolist() == ["M1", "M2", "M1", None]
    assert table.frame["temp"].tolist() == [1, 2, 3, 4]


def test_numbers_below_sample_names_are_asked_about_not_turned(saved):
    rows = [
        ["項目", "L1", "L2", "L3", "L4", "L5"],
        ["温度[℃]", *range(5)],
        ["圧力[MPa]", *range(5)],
        ["x", *range(5)],
    ]
    path = saved({"data": rows})
    table = read_table(path)
    assert "maybe-transposed" in notes(table) and table.frame.shape == (3, 6)
    assert read_table(path, Layout(transpose=True)).frame.shape == (5, 4)
    assert "maybe-transposed" not in notes(read_table(path, Layout(transpose=False)))


def test_sheets_of_the_same_columns_are_offered_and_stacked_on_request(saved):
    head = ["lot", "temp", "thickness"]
    sheets = {"4月": [head, *rows_of(3)], "5月": [head, *rows_of(4, "M")], "memo": [["text"], ["hello"]]}
    path = saved(sheets)
    assert notes(read_table(path))["same-columns"].facts["names"] == ("5月",)
    table = read_table(path, Layout(stack_sheets=True))
    assert table.frame["sheet"].tolist() == ["4月"] * 3 + ["5月"] * 4
    assert table.rows.tolist() == list(range(1, 8))
    assert (table.place(position=4).sheet, table.place(position=4).row) == ("5月", 3)
    assert notes(table)["stack-left-out"].facts["part"] == "memo"


def test_files_are_stacked_and_a_missing_column_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("lot,x,y\nA,1,2\nB,2,3\n")
    (tmp_path / "b.csv").write_text("lot,x,y,z\nC,3,4,5\n")
    table = read_tables([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert table.frame["file"].tolist() == ["a.csv", "a.csv", "b.csv"]
    np.testing.assert_array_equal(table.frame["z"], [np.nan, np.nan, 5])
    assert dict(notes(table)["stack-columns"].facts) == {"part": "a.csv", "names": ("z",)}
    assert str(table.place(position=2)) == "b.csv, row 2"
    (tmp_path / "c.csv").write_text("p,q\n1,2\n")
    with pytest.raises(ReadError, match="cannot be stacked"):
        read_tables([tmp_path / "a.csv", tmp_path / "c.csv"])


def test_process_and_inspection_are_joined_by_lot_and_lonely_rows_are_named(saved):
    process = [["lot", "temp"], ["L1", 200], ["L2", 210], ["L9", 220]]
    inspection = [
        ["ロットNo", "lot", "強度"],
        [1, "Ｌ１", 50.0],
        [2, "L1 ", 51.0],
        [3, "L2", 60.0],
        [4, "L7", 70.0],
    ]
    path = saved({"工程": process, "検査": inspection})
    table = read_table(path, Layout(sheet="工程", join="検査", on=("lot",)))
    restated = [  # plain loops: every inspected piece with the settings of its lot
        (piece[2], lot[1])
        for piece in inspection[1:]
        for lot in process[1:]
        if lot[0] == piece[1].replace("Ｌ１", "L1").strip()
    ]
    assert list(zip(table.frame["強度"], table.frame["temp"], strict=True)) == restated
    alone = {
        note.facts["part"]: [c.found for c in note.cells]
        for note in table.notes
        if note.rule == "join-unmatched"
    }
    assert alone == {"検査": ["L7"], "工程": ["L9"]}


def test_a_join_that_cannot_be_told_is_refused(saved):
    path = saved({"a": [["lot", "x"], ["L1", 1], ["L1", 2]], "b": [["lot", "y"], ["L1", 1], ["L1", 2]]})
    with pytest.raises(ReadError, match="repeats in both"):
        read_table(path, Layout(sheet="a", join="b", on=("lot",)))
    with pytest.raises(ReadError, match="no key is named"):
        read_table(path, Layout(sheet="a", join="b"))
    with pytest.raises(ReadError, match="no column 'piece'"):
        read_table(path, Layout(sheet="a", join="b", on=("piece",)))


def test_labels_on_first_rows_are_pointed_out_and_filled_down_on_request(saved):
    rows = [["lot", "x"], ["L1", 1], [None, 2], [None, 3], ["L2", 4], [None, 5]]
    path = saved({"data": rows})
    assert notes(read_table(path))["sparse-labels"].facts["column"] == "lot"
    table = read_table(path, Layout(fill_down=("lot",)))
    assert table.frame["lot"].tolist() == ["L1", "L1", "L1", "L2", "L2"]
    assert [c.address for c in notes(table)["filled-down"].cells] == ["A3", "A4", "A6"]


def test_a_range_chooses_one_of_two_tables_and_keeps_its_addresses(saved):
    rows = [["a", "b", None, "c", "d"], *[[i, i, None, 10 * i, f"w{i}"] for i in range(1, 5)]]
    path = saved({"data": rows})
    table = read_table(path, Layout(range="D1:E4"))
    assert list(table.frame.columns) == ["c", "d"] and table.frame["c"].tolist() == [10, 20, 30]
    assert [column.letter for column in table.columns] == ["D", "E"]
    with pytest.raises(ReadError, match="no range of cells"):
        read_table(path, Layout(range="D1-E4"))


def test_ditto_marks_take_the_value_above_with_their_address(saved):
    rows = [["lot", "x"], ["L1", 1], ["〃", 2], ['"', 3], ["同上", 4], ["L2", 5]]
    table = read_table(saved({"data": rows}))
    assert table.frame["lot"].tolist() == ["L1"] * 4 + ["L2"]
    assert [(c.address, c.taken) for c in notes(table)["repeat-marks"].cells] == [
        ("A3", "L1"), ("A4", "L1"), ("A5", "L1"),
    ]  # fmt: skip


def test_the_picture_shows_what_each_row_was_taken_for(saved):
    rows = [
        ["Report"],
        [],
        ["lot", "temp", "w"],
        [None, "℃", "g"],
        ["USL", 250, 9],
        *rows_of(6),
        ["平均", 1, 2],
    ]
    table = read_table(saved({"data": rows}))
    kinds = [(row.number, row.kind) for row in table.picture]
    assert kinds == [
        (1, "above"), (3, "names"), (4, "units"), (5, "limits"),
        (6, "data"), (7, "data"), (8, "data"), (11, "data"), (12, "below"),
    ]  # fmt: skip
    assert table.picture[4].cells == ("L0", "200", "5")


def test_strict_open_xml_is_read_like_the_other_kind(saved, tmp_path):
    import zipfile

    path, strict = saved({"data": [["lot", "x"], ["L1", "#N/A"], ["L2", 2]]}), tmp_path / "strict.xlsx"
    names = {
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
            b"http://purl.oclc.org/ooxml/officeDocument/relationships"
        ),
    }
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(strict, "w") as target:
        for item in source.namelist():
            data = source.read(item)
            for old, new in names.items():
                data = data.replace(old, new)
            target.writestr(item, data)
    table = read_table(strict)
    np.testing.assert_array_equal(table.frame["x"], [np.nan, 2])
    assert notes(table)["error-cell"].cells[0].address == "B2"


def test_dates_of_the_1904_epoch_are_not_four_years_off(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["date", "x"])
    book.active.append([dt.datetime(2021, 1, 1), 1])
    book.save(tmp_path / "mac.xlsx")
    assert read_table(tmp_path / "mac.xlsx").frame["date"].tolist() == [pd.Timestamp(2021, 1, 1)]


def test_parquet_is_read_with_its_types_or_names_its_extra(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 no more than the first bytes")
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        with pytest.raises(MissingExtraError, match="pyarrow") as caught:
            read_table(path)
        assert "tabcouce[parquet]" in caught.value.remedy
        return
    with pytest.raises(ReadError, match="damaged"):
        read_table(path)
    made = {
        "lot": ["A", "B", None],
        "n": [1, 2, 3],
        "x": [1.5, None, 2.5],
        "t": [dt.datetime(2024, 4, 1)] * 3,
    }
    pyarrow.parquet.write_table(pyarrow.table(made), path)
    table = read_table(path)
    assert [str(dtype) for dtype in table.frame.dtypes] == ["object", "float64", "float64", "datetime64[ns]"]
    assert table.frame["lot"].tolist() == ["A", "B", None] and table.rows.tolist() == [2, 3, 4]


def test_subtotals_between_the_rows_are_left_out_with_their_addresses(saved):
    rows = [["lot", "temp", "y"]]
    for lot in ("A", "B"):
        rows += [[lot, 200.0 + i, 5.0 + i] for i in range(4)] + [["小計", 806.0, 26.0]]
    table = read_table(saved({"data": [*rows, ["A", 1.0, 2.0]]}))
    assert len(table.frame) == 9 and set(table.frame["lot"]) == {"A", "B"}
    note = notes(table)["subtotal-rows"]
    assert note.count == 2 and note.facts["rows"] == ("6", "11")


def test_lines_of_the_subtotal_command_are_subtotals_only_where_their_group_is_a_level(saved):
    body = [["L1", 1.0], ["L1", 2.0], ["L1 Total", 3.0], ["設計", 4.0], ["oil total", 5.0], ["L2", 6.0]]
    table = read_table(saved({"data": [["group", "y"], *body]}))
    assert list(table.frame["group"]) == ["L1", "L1", "設計", "oil total", "L2"]


def test_tables_side_by_side_are_refused_with_the_range_of_each(saved):
    rows = [["lot", "temp", None, "tool", "wear"]]
    rows += [[f"L{i}", 200.0 + i, None, *(["T1", 0.1 * i] if i < 5 else [None, None])] for i in range(12)]
    with pytest.raises(ReadError, match=r"(?s)side by side.*A1:B13, D1:E6.*--range A1:B13"):
        read_table(saved({"data": rows}))
    assert read_table(saved({"data": rows}), Layout(range="D1:E6")).frame.shape == (5, 2)


def test_a_blank_column_or_a_remark_beside_one_table_is_no_second_table(saved):
    rows = [["lot", "temp", None, "press", "y", None, "remark"]]
    rows += [[f"L{i}", 200.0 + i, None, 50.0, i, None, "odd" if i == 3 else None] for i in range(12)]
    assert read_table(saved({"data": rows})).frame.shape == (12, 5)


def test_a_bracketed_dash_in_the_units_row_is_no_unit(saved):
    rows = [["lot", "temp", "ratio"], ["[-]", "[℃]", "[-]"], *rows_of(6)]
    table = read_table(saved({"data": rows}))
    assert [(c.name, c.unit) for c in table.columns] == [("lot", None), ("temp", "℃"), ("ratio", None)]


def test_a_number_named_as_missing_is_missing_in_number_cells(saved):
    rows = [["lot", "temp", "y"], *rows_of(6), ["L9", -999, 1.0], ["L9", -999.0, 1.0]]
    table = read_table(saved({"data": rows}), Layout(missing=("-999",)))
    assert table.frame["temp"].isna().sum() == 2 and table.frame["temp"].min() == 200.0
