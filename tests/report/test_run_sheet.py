"""The run sheet: written, filled in, read back; every wrong cell named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from tabcouce.advice.goal import Goal
from tabcouce.advice.space import Setting
from tabcouce.advice.suggest import Expected, Run
from tabcouce.errors import CellError, ReadError
from tabcouce.read.table import Column, Source, Table
from tabcouce.report.run_reader import read_runs
from tabcouce.report.run_sheet import write_runs
from tabcouce.roles.role import ColumnRole
from tabcouce.study.filled_runs import with_runs
from tabcouce.study.run_plan import PlanColumn
from tabcouce.study.suggest import Suggestion

T, Y = "温度[℃]", "=強度"


@pytest.fixture
def sheet(tmp_path):
    setting = Setting.of(ColumnRole(T, "condition", unit="℃"), pd.Series(np.linspace(170, 190, 30)))
    columns = (
        PlanColumn(T, "setting", "℃", 170.0, 190.0, 170.0, 190.0),
        PlanColumn("等級", "setting", None, None, None, None, None, ("A", "B")),
        PlanColumn("機番", "context", None, None, None, None, None, ("M1", "M2")),
        PlanColumn(Y, "response", "MPa", 0.0, 90.0, 30.0, 50.0),
        PlanColumn("室温", "reading", None, -5.0, 60.0, 15.0, 30.0),
    )
    expected = {Y: Expected(48.0, 45.0, 51.0)}
    runs = (
        Run({T: 185.5, "等級": "A"}, "better", expected, chance=0.7, beyond=(T,)),
        Run({T: 171.0, "等級": "B"}, "control", expected, row=17),
    )
    found = Suggestion(runs, (setting,), Y, Goal("maximise"), (), 0)
    return write_runs(found, columns, "study", tmp_path / "runs.xlsx", lang="ja")


def fill(path, **cells):
    book = load_workbook(path)
    for row in (3, 4):
        book["runs"].cell(row, 4).value = "M2"
        book["runs"].cell(row, 5).value = 47.5
    for address, value in cells.items():
        book["runs"][address] = value
    book.save(path)
    return path


def table():
    frame = pd.DataFrame({T: [180.0, 181.0], "等級": ["A", "B"], "備考": [None, "x"], Y: [40.0, 41.0]})
    frame = frame.assign(機番=["M1", "M2"], 室温=[20.0, 21.0])
    frame["備考"] = frame["備考"].astype(object)
    columns = tuple(Column(name, letter) for name, letter in zip(frame.columns, "ABCDEF", strict=True))
    return Table(Source("press.csv", "0" * 64), columns, frame, np.array([2, 3]), (1,))


def test_the_sheet_has_units_empty_results_reasons_and_excels_own_checks(sheet):
    page = load_workbook(sheet)["runs"]
    assert [cell.value for cell in page[1]][1:6] == [T, "等級", "機番", Y, "室温"]
    assert [cell.value for cell in page[2]][1:5] == ["℃", None, None, "MPa"]
    assert page["B3"].value == 185.5 and page["E3"].value is None
    assert page["E1"].data_type == "s"
    assert "70" in page["H3"].value and T in page["H3"].value and "17" in page["H4"].value
    checks = {str(check.sqref).split(":")[0]: check for check in page.data_validations.dataValidation}
    assert (checks["B3"].type, checks["B3"].formula1, checks["B3"].formula2) == ("decimal", "170.0", "190.0")
    assert checks["C3"].type == "list" and checks["C3"].errorStyle is None  # None means 'stop'
    assert checks["D3"].errorStyle == "warning"


def test_filled_runs_become_rows_below_the_data(sheet):
    runs = read_runs(fill(sheet, F3=22))
    joined = with_runs(table(), [runs])
    assert list(joined.frame.columns) == list(table().frame.columns)
    assert list(joined.frame[Y]) == [40.0, 41.0, 47.5, 47.5]
    assert list(joined.frame[T]) == [180.0, 181.0, 185.5, 171.0]
    assert list(joined.frame["機番"]) == ["M1", "M2", "M2", "M2"]
    assert joined.frame["室温"].isna().tolist() == [False, False, False, True]
    assert joined.frame["備考"].isna().tolist() == [True, False, True, True]
    place = joined.place(position=3, column=Y)
    assert (place.file, place.sheet, place.row) == ("runs.xlsx", "runs", 4)


def test_the_columns_may_stand_in_another_order(sheet):
    book = load_workbook(fill(sheet))
    page = book["runs"]
    for row in (1, 2, 3, 4):
        page.cell(row, 2).value, page.cell(row, 5).value = page.cell(row, 5).value, page.cell(row, 2).value
    page["B1"].data_type = "s"
    book.save(sheet)
    assert read_runs(sheet).cells[T] == (185.5, 171.0)


def test_every_wrong_cell_is_named(sheet):
    with pytest.raises(CellError) as caught:
        read_runs(fill(sheet, E2="kPa", E3=None, E4=4750, B4=300, C3="Q", D4=" ", F3="about 20"))
    told = str(caught.value)
    for part in (
        "E2 (=強度): the unit is 'kPa', in the data it is 'MPa'",
        "E3 (=強度): the result is missing",
    ):
        assert part in told
    assert "E4 (=強度): 4750 is impossible; plausible is 0 to 90" in told
    assert "B4 (温度[℃]): 300 is impossible; allowed is 170 to 190" in told
    assert "C3 (等級): 'Q' is none of A, B" in told
    assert "D4 (機番): the label is missing" in told
    assert "F3 (室温): 'about 20' is not a number" in told


def test_a_unit_written_another_way_is_the_same_unit(sheet):
    assert len(read_runs(fill(sheet, B2="°C", E2="[MPa]")).rows) == 2


def test_a_new_label_is_taken_and_a_deleted_row_left_out(sheet):
    book = load_workbook(fill(sheet, D3="M9"))
    book["runs"].delete_rows(4)
    book.save(sheet)
    assert read_runs(sheet).cells["機番"] == ("M9",)


def test_another_workbook_is_no_run_sheet(tmp_path):
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "x.xlsx")
    with pytest.raises(ReadError, match="no sheets"):
        read_runs(tmp_path / "x.xlsx")
    (tmp_path / "y.xlsx").write_text("no workbook")
    with pytest.raises(ReadError, match=r"no \.xlsx"):
        read_runs(tmp_path / "y.xlsx")


def test_a_sheet_without_a_column_is_refused(sheet):
    with pytest.raises(ReadError, match="機番"):
        read_runs(fill(sheet, D1="machine"))
