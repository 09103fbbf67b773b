"""`check` and `init` on engineers' files: the sheet in small, stacked and joined tables, chosen encodings."""

import json

import numpy as np
import openpyxl
import pandas as pd
import pytest
from small_study import run

N = 24


def lots(letter="L"):
    rng = np.random.default_rng(ord(letter))
    x = rng.normal(size=N).round(3)
    columns = {"lot": [f"{letter}{i // 4}" for i in range(N)], "温度": x, "強度": 2 * x + rng.normal(size=N)}
    return pd.DataFrame(columns)


def check(*arguments):
    answer = run("check", *arguments)
    assert answer.exit_code == 0, answer.output
    return answer


def test_the_sheet_is_shown_with_row_numbers_letters_and_the_encoding(tmp_path):
    path = tmp_path / "press.csv"
    path.write_bytes(("成形日報\n\n" + lots().to_csv(index=False)).encode("cp932"))
    shown = check(path).stderr
    assert "encoding cp932" in shown and "24 rows x 3 columns" in shown
    assert all(word in shown for word in ("taken as", "NAMES", "(above)", "data"))
    document = json.loads(check(path, "--json").stdout)[0]["read"]
    assert (document["encoding"], document["header_rows"]) == ("cp932", [3])
    assert [row["kind"] for row in document["picture"]][:2] == ["above", "names"]


def test_a_wrong_encoding_is_visible_and_the_option_overrides_it(tmp_path):
    path = tmp_path / "press.csv"
    path.write_bytes(lots().to_csv(index=False).encode("cp932"))
    assert "温度" in check(path).stderr
    wrong = run("check", path, "--encoding", "latin-1").stderr
    assert "encoding latin-1" in wrong and "温度" not in wrong
    assert run("check", path, "--encoding", "utf-8").exit_code == 3


def test_files_are_stacked_with_their_name_as_context(tmp_path):
    paths = [tmp_path / "april.csv", tmp_path / "may.csv"]
    for path, letter in zip(paths, "AM", strict=True):
        lots(letter).to_csv(path, index=False)
    shown = check(*paths).stdout
    assert f"{2 * N} rows" in shown and "'april.csv', 'may.csv'" in shown


@pytest.mark.parametrize("second", ["sheet", "file"])
def test_two_tables_are_joined_and_what_did_not_match_is_said(tmp_path, second):
    frame = lots()
    process = frame.groupby("lot", as_index=False)["温度"].mean()
    process.loc[len(process)] = ["L99", 0.0]
    inspection = frame[["lot", "強度"]]
    if second == "sheet":
        path = tmp_path / "book.xlsx"
        with pd.ExcelWriter(path) as book:
            process.to_excel(book, sheet_name="process", index=False)
            inspection.to_excel(book, sheet_name="inspection", index=False)
        answer = check(path, "--join", "inspection", "--on", "lot")
    else:
        process.to_csv(tmp_path / "p.csv", index=False)
        inspection.to_csv(tmp_path / "i.csv", index=False)
        answer = check(tmp_path / "p.csv", "--join", tmp_path / "i.csv", "--on", "lot")
    assert f"強度: regression, {N} rows" in answer.stdout
    assert "1 row of" in answer.stdout and "L99" in answer.stdout


def test_init_keeps_how_the_sheet_is_to_be_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "4月"
    for sheet in (book.active, book.create_sheet("5月")):
        for row in [lots().columns.tolist(), *lots().to_numpy().tolist()]:
            sheet.append(row)
    path = tmp_path / "book.xlsx"
    book.save(path)
    before = path.read_bytes()
    assert run("init", path, "--stack-sheets").exit_code == 0
    assert "stack_sheets = true" in (tmp_path / "book.roles.toml").read_text(encoding="utf-8")
    assert f"{2 * N} rows" in check(path).stdout
    assert path.read_bytes() == before
