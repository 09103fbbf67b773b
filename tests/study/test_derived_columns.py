"""Columns that the study makes from others are made again for a new file."""

import json

import numpy as np
import pandas as pd
import pytest
from small_study import run

ROLES = """
targets = ["strength"]
inputs = ["temp", "hour"]
context = ["month"]
time = "date"
derive = { month = { from = "date", part = "month" }, hour = { from = "clock", part = "int" } }
"""


def parts(n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    day = pd.date_range("2024-01-03", periods=n, freq="36h")
    temp, hour = rng.normal(180, 5, n), rng.integers(6, 20, n)
    strength = 40 + 0.5 * (temp - 180) + 0.2 * hour + day.month + rng.normal(0, 0.3, n)
    return pd.DataFrame(
        {
            "date": day.strftime("%d/%m/%Y"),
            "clock": [f"{h} h" for h in hour],
            "temp": temp.round(2),
            "strength": strength.round(2),
        }
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    from tabcouce.study import panel

    folder = tmp_path_factory.mktemp("derived")
    parts().to_csv(folder / "parts.csv", index=False)
    (folder / "parts.roles.toml").write_text(ROLES, encoding="utf-8")
    whole = panel.panel
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tabcouce.study.fit.panel", lambda *a, **k: whole(*a, **k)[:2])
        answer = run("fit", folder / "parts.csv", "--out", folder / "o", "--effort", "quick", "--quiet")
    assert answer.exit_code == 0, answer.output
    return folder / "o"


def predicted(study, tmp_path, frame):
    path = tmp_path / "new.csv"
    frame.to_csv(path, index=False)
    return run("predict", study, path, "--out", tmp_path / "p.xlsx", "--json")


def test_months_of_the_training_file_are_known_and_others_are_new(study, tmp_path):
    frame = parts()
    assert json.loads(predicted(study, tmp_path, frame).stdout)[0]["known_rows"] == 80
    frame.loc[:4, "date"] = "15/12/2024"
    assert json.loads(predicted(study, tmp_path, frame).stdout)[0]["known_rows"] == 75


def test_without_the_date_every_row_is_of_a_new_context_and_that_is_said(study, tmp_path):
    [document] = json.loads(predicted(study, tmp_path, parts().drop(columns="date")).stdout)
    assert document["known_rows"] == 0 and any("'month'" in note for note in document["notes"])


def test_an_input_whose_source_is_missing_names_the_source(study, tmp_path):
    answer = predicted(study, tmp_path, parts().drop(columns="clock"))
    assert answer.exit_code == 3
    assert "'clock' is missing" in answer.stderr and "'hour'" in answer.stderr
    given = parts().drop(columns="clock").assign(hour=12)
    assert predicted(study, tmp_path, given).exit_code == 0
