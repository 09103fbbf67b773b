"""What a report shows to others: persons never by name, and under --mask nothing of the original."""

import io
import json
import re
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_study import run

from tabcouce.bundle import load_summary
from tabcouce.checks.finding import Finding
from tabcouce.errors import Place
from tabcouce.roles.approved import approved_rows
from tabcouce.roles.role import Approved
from tabcouce.study.inputs import masked_inputs, open_inputs

PEOPLE = ("佐藤", "鈴木", "Tanaka", "Müller")
ROLES = """
targets = ["引張強度 (MPa)"]
context = ["作業者", "Furnace"]
split_context = "作業者"
derive.bake_month = { from = "焼成開始", part = "month" }

[columns."引張強度 (MPa)"]
lower = 30.0
upper = 55.5
unit = "MPa"
"""


def persons_table(n: int = 96) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(4), n // 4)
    x = rng.normal(731.0, 6.0, n)
    return pd.DataFrame(
        {
            "作業者": [PEOPLE[k] for k in who],
            "Furnace": rng.choice(["Nabertherm", "Carbolite", "Elino"], n),
            "焼成開始": pd.Timestamp("2023-05-17") + pd.to_timedelta(np.arange(n) * 37, unit="h"),
            "Zonentemperatur": x.round(6),
            "Rohstoff": rng.choice(["Aldrich", "Merck"], n),
            "引張強度 (MPa)": (43 + 0.5 * (x - 731) + who + rng.normal(0, 0.5, n)).round(6),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Studies of the two quickest models: as it is, and masked."""
    from tabcouce.study import panel

    whole = panel.panel
    place = tmp_path_factory.mktemp("people")
    persons_table().to_csv(place / "brennofen7.csv", index=False)
    (place / "brennofen7.roles.toml").write_text(ROLES, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tabcouce.study.fit.panel", lambda *a, **k: whole(*a, **k)[:2])
        for out, more in (("plain", ()), ("masked", ("--mask",))):
            answer = run(
                "fit", place / "brennofen7.csv", "--out", place / out, "--effort", "quick", "--quiet", *more
            )
            assert answer.exit_code == 0, answer.output
    return place


def text_of(file) -> str:
    """All text of a file, workbooks unpacked, escapes of JSON resolved."""
    content = file.read_bytes()
    if file.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    text = content.decode("utf-8", "replace")
    return (
        text
        if "\\u" not in text
        else text + re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    )


def outputs(folder) -> str:
    return "".join(text_of(folder / name) for name in ("report.html", "results.xlsx", "result.json"))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_persons_are_not_named_unless_asked_for(folder, lang):
    assert run("report", folder / "plain", "--lang", lang).exit_code == 0
    hidden = outputs(folder / "plain")
    assert not [name for name in PEOPLE if name in hidden]
    alias = {"en": "Person ", "ja": "作業者"}[lang]
    assert all(f"{alias}{letter}" in hidden for letter in "ABCD") and "Nabertherm" in hidden
    assert run("report", folder / "plain", "--show-persons").exit_code == 0
    assert all(name in outputs(folder / "plain") for name in PEOPLE)


def test_nothing_of_the_original_is_left_under_the_mask(folder):
    text = "".join(text_of(p) for p in (folder / "masked").rglob("*") if p.is_file())
    table = persons_table()
    words = [*table.columns, *PEOPLE, "Nabertherm", "Carbolite", "Elino", "Aldrich", "Merck", "bake_month"]
    words += ["brennofen7", "MPa", "2023-05", "2023/05"]
    assert not [word for word in words if word in text]
    values = [repr(value) for name in ("Zonentemperatur", "引張強度 (MPa)") for value in table[name]]
    assert not [value for value in values if value in text]
    assert "Sensor 1" in text and "Context 1-1" in text


def test_a_report_is_masked_only_where_the_study_was_fitted_so(folder):
    plain = outputs(folder / "plain")
    answer = run("report", folder / "plain", "--mask")
    assert answer.exit_code != 0
    assert "tabcouce fit brennofen7.csv --mask --effort quick --seed 0" in answer.stderr
    assert outputs(folder / "plain") == plain
    assert run("report", folder / "masked", "--mask", "--lang", "ja").exit_code == 0
    japanese = outputs(folder / "masked")
    assert run("report", folder / "masked", "--mask").exit_code == 0
    own = {"作業者"}  # a word of the Japanese report itself
    words = {*persons_table().columns, *PEOPLE, "Nabertherm", "MPa"} - own
    assert not [word for word in words if word in japanese]
    assert 'lang="ja"' in japanese and "Sensor 1" in japanese


def test_a_comparison_is_masked_only_where_both_studies_were_fitted_so(folder):
    page = folder / "compared.html"
    answer = run("report", "compare", folder / "masked", folder / "plain", "--mask", "--out", page)
    assert answer.exit_code != 0 and not page.exists()
    assert "tabcouce fit brennofen7.csv --mask --effort quick --seed 0" in answer.stderr
    answer = run("report", "compare", folder / "masked", folder / "masked", "--mask", "--out", page)
    assert answer.exit_code == 0
    shown = answer.stdout + page.read_text("utf-8")
    assert not [word for word in (*persons_table().columns, *PEOPLE, "Nabertherm", "MPa") if word in shown]
    assert "Sensor 1" in shown and "masked (2)" in shown


@pytest.mark.parametrize("more", [(), ("--show-persons",)])
def test_persons_are_not_named_in_a_comparison_unless_asked_for(folder, more, monkeypatch):
    summary, predictions = load_summary(folder / "plain")
    finding = Finding("role-file", "note", "Tanaka has few rows.", Place(), "Collect more.")
    target = summary.targets[0]
    later = replace(summary, targets=(replace(target, findings=(*target.findings, finding)),))
    found = iter([(summary, predictions), (later, predictions)])
    monkeypatch.setattr("tabcouce.bundle.load_summary", lambda place: next(found))
    page = folder / "persons.html"
    answer = run("report", "compare", folder / "plain", folder / "plain", "--out", page, *more)
    assert answer.exit_code == 0, answer.output
    assert "has few rows." in page.read_text("utf-8")
    assert ("Tanaka" in page.read_text("utf-8")) == bool(more)


@pytest.mark.parametrize(
    "approved", [Approved("焼成開始", start="2023-06-01"), Approved("Rohstoff", value="Merck")]
)
def test_the_approved_period_is_masked_and_names_the_same_rows(approved, folder):
    inputs = open_inputs(folder / "brennofen7.csv", approved=approved)
    hidden = masked_inputs(inputs)
    rows = approved_rows(inputs.table, inputs.roles.approved)
    assert 0 < rows.sum() < len(rows)
    assert approved_rows(hidden.table, hidden.roles.approved).tolist() == rows.tolist()
    text = repr((hidden.roles, hidden.table.columns)) + hidden.table.frame.to_csv()
    words = [str(approved.value), str(approved.start), *inputs.table.frame.columns]
    assert not [word for word in words if word != "None" and word in text]


def test_the_masked_study_finds_what_the_open_one_finds(folder):
    def headline(name):
        document = json.loads((folder / name / "result.json").read_text("utf-8"))
        split = next(part for key, part in document["splits"].items() if key.startswith("unseen:"))
        return {key: part["metrics"] for key, part in split["models"].items()}

    plain, masked = headline("plain"), headline("masked")
    spread = persons_table()["引張強度 (MPa)"].std(ddof=0)
    assert set(plain) == set(masked) and "linear" in plain
    for model in plain:
        assert plain[model]["r2"]["value"] == pytest.approx(masked[model]["r2"]["value"], abs=1e-6)
        rmse = masked[model]["rmse"]["value"] * spread
        assert plain[model]["rmse"]["value"] == pytest.approx(rmse, rel=1e-5)
