"""`tabcouce predict --calibrate`: a new machine's level from a few rows, and errors by cell."""

import json

import numpy as np
import openpyxl
import pandas as pd
import pytest
from small_study import FLOW, TARGET, TEMPERATURE, process, run


@pytest.fixture
def machine(tmp_path):
    """Rows of a machine that lies 6 units above what its readings tell."""
    rows = process(machines=3, rows=40, seed=9).query("機番 == 'M3'").assign(機番="M9")
    rows[TARGET] = (rows[TARGET] + 6).round(2)
    few, new = tmp_path / "few.csv", tmp_path / "new.csv"
    rows.iloc[:6].to_csv(few, index=False)
    rows.iloc[6:].to_csv(new, index=False)
    return few, new


def predict(fitted, few, new, *options):
    return run("predict", fitted.folder, new, "--calibrate", few, "--out", new.with_suffix(".xlsx"), *options)


def test_labelled_rows_move_the_predictions_towards_the_machine(fitted, machine):
    answer = predict(fitted, *machine, "--json")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)[0]
    shots = document["shots"]
    assert shots["rows"] == 6 and shots["shift"][0] > 0
    assert shots["after"] < shots["before"]
    assert shots["scores"]["rmse"] < document["scores"]["rmse"]
    sheet = openpyxl.load_workbook(machine[1].with_suffix(".xlsx")).active
    table = pd.DataFrame(
        list(sheet.iter_rows(min_row=3, values_only=True)), columns=[c.value for c in sheet[2]]
    )
    moved = (table["prediction_shots"] - table["prediction"]).mean()
    assert moved == pytest.approx(shots["shift"][0])


def test_the_blind_prediction_is_the_same_with_and_without_labelled_rows(fitted, machine):
    with_shots = json.loads(predict(fitted, *machine, "--json").stdout)[0]
    alone = json.loads(run("predict", fitted.folder, machine[1], "--json").stdout)[0]
    assert with_shots["scores"] == alone["scores"] and "shots" not in alone


def test_labelled_rows_that_are_in_the_new_file_too_are_not_scored(fitted, machine):
    few, new = machine
    both = pd.concat([pd.read_csv(few), pd.read_csv(new)])
    apart = json.loads(predict(fitted, few, new, "--json").stdout)[0]["shots"]["scores"]
    both.to_csv(new, index=False)
    again = json.loads(predict(fitted, few, new, "--json").stdout)[0]["shots"]["scores"]
    assert again == pytest.approx(apart)


def test_the_rows_to_measure_first_are_rows_of_the_file_and_need_no_value(fitted, machine):
    new = machine[1]
    pd.read_csv(new).drop(columns=TARGET).to_csv(new, index=False)
    answer = run("predict", fitted.folder, new, "--measure-first", "3", "--json")
    assert answer.exit_code == 0, answer.output
    first = json.loads(answer.stdout)[0]["measure_first"]
    assert len(set(first["rows"])) == 3
    assert min(first["rows"]) >= 2 and max(first["rows"]) <= len(pd.read_csv(new)) + 1
    assert 1 > first["left"][0] > first["left"][2] > 0
    line = run("predict", fitted.folder, new, "--measure-first", "3").stdout
    assert f"measure first: row {first['rows'][0]}, " in line


def test_the_line_says_shots_and_their_number(fitted, machine):
    assert "shots: 6 labelled rows" in predict(fitted, *machine).stdout


def changed(few, change):
    frame = pd.read_csv(few).astype(object)
    change(frame).to_csv(few, index=False)


def test_a_missing_target_column_is_named_with_the_column_it_may_be(fitted, machine):
    changed(machine[0], lambda frame: frame.rename(columns={TARGET: TARGET + "値"}))
    answer = predict(fitted, *machine)
    assert answer.exit_code == 3
    assert f"'{TARGET}'" in answer.output and f"'{TARGET}値'" in answer.output and "few.csv" in answer.output


@pytest.mark.parametrize("column", [TARGET, TEMPERATURE])
def test_text_among_numbers_is_named_by_its_cell(fitted, machine, column):
    def spoil(frame):
        frame.loc[2, column] = "n/m"
        return frame

    changed(machine[0], spoil)
    answer = predict(fitted, *machine)
    assert answer.exit_code == 3
    assert "'n/m'" in answer.output and "row 4" in answer.output and column in answer.output


def test_the_columns_of_another_study_are_refused(fitted, machine):
    changed(machine[0], lambda frame: frame.rename(columns={TEMPERATURE: "x", FLOW: "z"}))
    answer = predict(fitted, *machine)
    assert answer.exit_code == 3 and "missing" in answer.output and "few.csv" in answer.output


def test_blank_values_are_passed_over_and_named_and_all_blank_is_an_error(fitted, machine):
    def blank(rows):
        def change(frame):
            frame.loc[rows, TARGET] = np.nan
            return frame

        return change

    changed(machine[0], blank([1, 3]))
    answer = predict(fitted, *machine)
    assert answer.exit_code == 0 and "passed over: 3, 5" in answer.output
    changed(machine[0], blank(list(range(6))))
    assert predict(fitted, *machine).exit_code == 3


def test_the_report_draws_the_curve_of_labelled_rows(fitted):
    found = json.loads((fitted.folder / "result.json").read_text("utf-8"))["shots_curve"]
    assert found["shots"] == [0, 1, 2, 3, 5, 10]
    assert {"lightgbm", "couce", "system"} <= {curve["model"] for curve in found["curves"]}
    assert "t1-shots" in (fitted.folder / "report.html").read_text("utf-8")
