"""Bad input gives one clear message with place and remedy, and a non-zero exit code."""

import pytest
from small_study import TARGET, TEMPERATURE, process, run


def written(tmp_path, frame, name="press.csv"):
    path = tmp_path / name
    if name.endswith("xlsx"):
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


def refused(answer, *words, code=3):
    """The exit code is right, the message has every word, and nothing looks like a crash."""
    assert answer.exit_code == code, answer.output
    for word in words:
        assert word in answer.stderr, answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("Error:") == 1


def fit(path, tmp_path, *options):
    return run("fit", path, "--out", tmp_path / "out", "--effort", "quick", "--quiet", *options)


def test_no_such_file(tmp_path):
    refused(fit(tmp_path / "nothing.xlsx", tmp_path), "nothing.xlsx")


def test_no_such_sheet(tmp_path):
    path = written(tmp_path, process(), "press.xlsx")
    refused(fit(path, tmp_path, "--sheet", "March"), "March", "Sheet1")


def test_no_such_target(tmp_path):
    path = written(tmp_path, process())
    refused(fit(path, tmp_path, "--target", "強度2"), "強度2", TARGET)


def test_a_role_file_without_a_target(tmp_path):
    path = written(tmp_path, process())
    (tmp_path / "press.roles.toml").write_text('context = ["機番"]\n', encoding="utf-8")
    refused(fit(path, tmp_path), "press.roles.toml", "target")


def test_a_role_file_that_does_not_exist(tmp_path):
    path = written(tmp_path, process())
    refused(fit(path, tmp_path, "--roles", tmp_path / "no.toml"), "no.toml", "init")


def test_text_in_a_numeric_target(tmp_path):
    frame = process().astype({TARGET: object})
    frame.loc[3, TARGET] = "測定不可能"
    refused(fit(written(tmp_path, frame), tmp_path, "--target", TARGET), "測定不可能", "row 5", TARGET)


def test_one_class_only(tmp_path):
    frame = process().assign(判定="OK")
    refused(fit(written(tmp_path, frame), tmp_path, "--target", "判定"), "判定", "same target value")


def test_one_context_only(tmp_path):
    frame = process().assign(機番="M1")
    refused(fit(written(tmp_path, frame), tmp_path, "--target", TARGET, "--context", "機番"), "機番", "level")


def test_three_rows(tmp_path):
    refused(fit(written(tmp_path, process().head(3)), tmp_path, "--target", TARGET), "3 rows")


@pytest.mark.parametrize("column", [TARGET, TEMPERATURE])
def test_an_all_missing_column_that_is_declared(tmp_path, column):
    path = written(tmp_path, process().assign(**{column: ""}))
    (tmp_path / "press.roles.toml").write_text(
        f'targets = ["{TARGET}"]\ncontext = ["機番"]\ninputs = ["{TEMPERATURE}", "室温"]\n', encoding="utf-8"
    )
    refused(fit(path, tmp_path), column)


def test_duplicate_headers_are_told_apart_and_named(tmp_path):
    path = tmp_path / "press.csv"
    text = process().to_csv(index=False)
    path.write_text(text.replace("室温", TEMPERATURE, 1), encoding="utf-8")
    answer = run("check", path)
    assert answer.exit_code == 0, answer.output
    assert f"'{TEMPERATURE} #1', '{TEMPERATURE} #2'" in answer.stdout


def test_no_saved_study(tmp_path):
    refused(run("predict", tmp_path, written(tmp_path, process())), "no saved study", "fit")


@pytest.mark.parametrize("option", [("--effort", "huge"), ("--lang", "xx")])
def test_a_wrong_option_is_a_usage_error(tmp_path, option):
    answer = run("fit", written(tmp_path, process()), *option)
    assert answer.exit_code == 2
    assert option[1] in answer.stderr
