"""`suggest` on the small study, its sheet filled in, and `fit --add` with it."""

from __future__ import annotations

import json

import pytest
from openpyxl import load_workbook
from small_study import FLOW, TARGET, TEMPERATURE, run

from tabcouce.report.run_reader import read_runs
from tabcouce.study.inputs import open_inputs


@pytest.fixture
def sheet(fitted, tmp_path):
    path = tmp_path / "runs.xlsx"
    result = run("suggest", fitted.folder, "--goal", "maximise", "--n", "3", "--out", path)
    assert result.exit_code == 0, result.output
    assert "Only these are set" in result.stdout
    return path


def test_runs_are_hotter_where_heat_gives_strength_and_only_conditions_are_set(fitted, tmp_path):
    path = tmp_path / "runs.xlsx"
    result = run("suggest", fitted.folder, "--goal", "maximise", "--n", "3", "--out", path, "--json")
    told = json.loads(result.stdout)
    assert [each["why"] for each in told["runs"]][-1] == "control"
    for each in told["runs"][:-1]:
        assert set(each["settings"]) == {TEMPERATURE}
        assert each["settings"][TEMPERATURE] > 185


def test_without_a_direction_the_goal_is_asked_for(fitted, tmp_path):
    result = run("suggest", fitted.folder, "--out", tmp_path / "runs.xlsx")
    assert result.exit_code == 3
    assert "--goal" in result.output


def test_a_sensor_cannot_be_separated_and_a_constraint_cannot_name_it(fitted, tmp_path):
    path = tmp_path / "runs.xlsx"
    result = run("suggest", fitted.folder, "--separate", FLOW, "機番", "--out", path)
    assert result.exit_code == 3 and FLOW in result.output
    result = run("suggest", fitted.folder, "--goal", "maximise", "--constraint", f"{FLOW} = 3", "--out", path)
    assert result.exit_code == 3 and "not understood" in result.output
    assert not path.exists()


def test_the_user_says_at_the_call_what_can_be_set(fitted, tmp_path):
    path = tmp_path / "runs.xlsx"
    asked = ("suggest", fitted.folder, "--goal", "maximise", "--n", "2", "--out", path)
    result = run(*asked, "--set", FLOW, "--json")
    assert result.exit_code == 0, result.output
    for each in json.loads(result.stdout)["runs"]:
        assert set(each["settings"]) == {FLOW}
    heads = [cell.value for cell in load_workbook(path)["runs"][1]]
    assert heads.count(FLOW) == 1 and heads.count(TEMPERATURE) == 1
    path.unlink()
    result = run(*asked, "--set", "no such column")
    assert result.exit_code == 3 and "--set" in result.output
    result = run(*asked, "--search", "magic")
    assert result.exit_code == 2


def test_a_sheet_that_exists_is_never_overwritten(fitted, sheet):
    before = sheet.read_bytes()
    result = run("suggest", fitted.folder, "--goal", "maximise", "--out", sheet)
    assert result.exit_code == 2
    assert sheet.read_bytes() == before


def test_the_filled_sheet_is_read_as_further_rows_of_the_data(fitted, sheet):
    book = load_workbook(sheet)
    page = book["runs"]
    heads = {cell.value: cell.column for cell in page[1]}
    for row in range(3, 7):
        page.cell(row, heads[TARGET]).value = 46.0 + row
        page.cell(row, heads["機番"]).value = "M2"
    book.save(sheet)
    before = open_inputs(fitted.data)
    inputs = open_inputs(fitted.data, added=[read_runs(sheet)])
    assert len(inputs.table.rows) == len(before.table.rows) + 4
    assert list(inputs.table.frame[TARGET][-4:]) == [49.0, 50.0, 51.0, 52.0]
    assert inputs.roles == before.roles


def test_fit_names_the_cells_of_an_unfilled_sheet(fitted, sheet, tmp_path):
    result = run("fit", fitted.data, "--add", sheet, "--out", tmp_path / "out", "--effort", "quick")
    assert result.exit_code == 3
    assert "the result is missing" in result.output
    assert not (tmp_path / "out").exists()


def test_the_replay_is_in_the_result_of_the_study(fitted):
    told = json.loads((fitted.folder / "result.json").read_text("utf-8"))["experiments_saved"]
    assert told["settable"] and not told["declared"]
    assert [each["aim"] for each in told["replays"]] == ["maximise", "minimise"]
