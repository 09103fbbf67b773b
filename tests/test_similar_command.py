"""`tabcouce similar` from the command line: lines, workbook, JSON, and errors by place."""

import json

import openpyxl
import pandas as pd
import pytest
from small_study import ROOM, TARGET, TEMPERATURE, process, run

from tabcouce.report.catalogue import LANGUAGES, words


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "new.csv"
    process(machines=7, rows=2, seed=4).drop(columns=[TARGET]).to_csv(path, index=False)
    return path


def test_neighbours_are_named_by_their_rows_of_the_training_file(fitted, new):
    answer = run("similar", fitted.folder, new, "--k", "2", "--json")
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)[0]
    training = pd.read_csv(fitted.data, encoding="cp932")
    assert len(document["rows"]) == 14
    for row in document["rows"]:
        assert len(row["neighbours"]) == 2
        for near in row["neighbours"]:
            found = training.iloc[near["row"] - 2]
            assert near["outcome"] == pytest.approx(found[TARGET])
            assert near["context"] == {"機番": found["機番"]}
            for change in near["except"]:
                if change["column"] in (TEMPERATURE, ROOM):
                    assert change["past"] == pytest.approx(found[change["column"]])


def test_a_training_row_is_its_own_nearest_row_in_every_space(fitted, tmp_path):
    path = tmp_path / "same.csv"
    process().iloc[[3, 100]].to_csv(path, index=False)
    for space in ("encoder", "scaled", "leaves"):
        answer = run("similar", fitted.folder, path, "--k", "1", "--space", space, "--json")
        rows = json.loads(answer.stdout)[0]["rows"]
        assert [row["neighbours"][0]["distance"] for row in rows] == pytest.approx([0, 0], abs=2e-3), space
        if space != "leaves":
            assert [row["neighbours"][0]["row"] for row in rows] == [5, 102]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_lines_and_workbook_say_the_same(fitted, new, lang):
    answer = run("similar", fitted.folder, new, "--k", "1", "--lang", lang)
    assert answer.exit_code == 0, answer.output
    answer.stdout.encode("cp932")
    sheet = openpyxl.load_workbook(new.with_name("new.similar.xlsx")).active
    assert sheet.max_row == 2 + 14
    differs = [sheet.cell(row=r, column=sheet.max_column).value for r in range(3, sheet.max_row + 1)]
    assert all(text in answer.stdout for text in differs)


def test_machines_are_compared_by_their_means(fitted, new):
    answer = run("similar", fitted.folder, new, "--by", "機番", "--json")
    rows = json.loads(answer.stdout)[0]["rows"]
    assert [row["label"] for row in rows] == [f"M{k}" for k in range(1, 8)]
    assert rows[0]["neighbours"][0]["rows"] == 24


def test_an_unknown_context_column_is_named_with_those_there_are(fitted, new):
    answer = run("similar", fitted.folder, new, "--by", "機")
    assert answer.exit_code == 3
    assert "機番" in answer.output


def test_the_report_says_whether_the_encoder_finds_better_neighbours(fitted):
    found = json.loads((fitted.folder / "result.json").read_text("utf-8"))["neighbours"]
    assert {each["space"] for each in found["spaces"]} == {"scaled", "leaves", "encoder"}
    assert found["split"] == "unseen:機番" and found["neighbours"] == 5
    best = next(each for each in found["spaces"] if each["space"] == found["best"])
    assert found["best"] == "scaled" or best["gain"]["low"] > 0
    # Another test may have rendered the shared study again in its other language.
    page = (fitted.folder / "report.html").read_text("utf-8")
    assert any(words(lang)("similar.title") in page for lang in LANGUAGES)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_new_rows_are_compared_with_a_golden_lot_and_the_book_holds_every_block(fitted, new, lang):
    answer = run("similar", fitted.folder, new, "--golden", "機番=M2", "--lang", lang)
    assert answer.exit_code == 0, answer.output
    answer.stdout.encode("cp932")
    assert "M2" in answer.stdout and words(lang)("golden.claim") in answer.stdout
    sheet = openpyxl.load_workbook(new.with_name("new.similar.xlsx")).active
    assert sheet.max_row == 2 + 14
    says = [sheet.cell(row=r, column=3).value for r in range(3, sheet.max_row + 1)]
    assert all(text in answer.stdout for text in says)
    heads = [cell.value for cell in sheet[2]]
    assert {TEMPERATURE, ROOM} <= set(heads)


def test_the_golden_lot_itself_is_all_alike_and_other_machines_differ_in_the_room(fitted, new):
    answer = run("similar", fitted.folder, new, "--golden", "機番=M2", "--by", "機番", "--json")
    (document,) = json.loads(answer.stdout)
    rows = {row["label"]: row for row in document["rows"]}
    assert document["golden"]["rows"] == 24 and rows["M2"]["likeness"] > rows["M6"]["likeness"]
    assert rows["M6"]["blocks"][0]["block"] == ROOM


def test_an_unknown_golden_lot_is_named(fitted, new):
    answer = run("similar", fitted.folder, new, "--golden", "機番=M99")
    assert answer.exit_code == 3 and "M99" in answer.output
