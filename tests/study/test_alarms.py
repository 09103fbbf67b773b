"""The task 'anomaly' end to end: fit, report, result and predict on a line of unequal machines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from small_study import run

from tabcouce.bundle import save_study
from tabcouce.evaluation.alarm_trial import Held, assess, judged_rates, recommend
from tabcouce.report import summarize
from tabcouce.study.effort import EFFORTS
from tabcouce.study.fit import fit_study
from tabcouce.study.inputs import open_inputs

NAMES = ["温度[℃]", "流量, L/min", "圧力 {MPa}", '電流 "A"']
TARGET, MACHINE = "判定", "機番"


def line(machines: int = 6, rows: int = 52, seed: int = 0) -> pd.DataFrame:
    """A fault breaks the tie of the third column; machines differ in their noise."""
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(machines), rows)
    noise = np.exp(np.linspace(-0.4, 0.4, machines))[number]
    ill = rng.random(len(number)) < 0.15
    F = rng.normal(size=(len(number), 2))
    X = np.column_stack([F[:, 0], F[:, 1], F[:, 0], F[:, 0] - F[:, 1]])
    X += 0.3 * noise[:, None] * rng.normal(size=X.shape)
    X[:, 2] += 1.2 * ill * noise
    frame = pd.DataFrame(50 + 10 * X, columns=NAMES).round(3)
    frame.insert(0, MACHINE, [f"M{k + 1}" for k in number])
    frame["時刻"] = np.arange(len(frame))
    frame[TARGET] = np.where(ill, "異常", "正常")
    return frame


ROLES = f"""
targets = ["{TARGET}"]
positive_class = "異常"
context = ["{MACHINE}"]
time = "時刻"
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of little effort; the role file says nothing of the task, the caller does."""
    folder = tmp_path_factory.mktemp("alarms")
    line().to_csv(folder / "line.csv", index=False)
    (folder / "line.roles.toml").write_text(ROLES, encoding="utf-8")
    inputs = open_inputs(folder / "line.csv", task="anomaly")
    little = replace(
        EFFORTS["quick"], folds=3, trees=10, members=1, epochs=4, draws=50, explained_rows=20, permuted=1
    )
    study = fit_study(
        inputs.table, inputs.roles, name="line", layout=inputs.layout, effort=little, device="cpu"
    )
    save_study(study, summarize(study), folder / "out", lang="en")
    return folder


def test_the_result_has_every_detector_under_one_limit(fitted):
    alarms = json.loads((fitted / "out" / "result.json").read_text("utf-8"))["alarms"]
    keys = [trial["key"] for trial in alarms["detectors"]]
    assert keys == ["t2", "spe", "isolation_forest", "lof", "lightgbm", "couce"]
    assert alarms["limit"]["rate_low"] < 0.05 < alarms["limit"]["rate_high"]
    assert {one["context"] for one in alarms["contexts"]} == {f"M{k}" for k in range(1, 7)}
    assert all(one["false_alarm"]["low"] <= one["false_alarm"]["value"] for one in alarms["contexts"])
    best = next(trial for trial in alarms["detectors"] if trial["key"] == alarms["detector"])
    # A simpler detector stays within the tie of each step to a dearer one.
    assert best["plain"]["recall"] >= max(t["plain"]["recall"] for t in alarms["detectors"]) - 0.1
    assert best["plain"]["recall"] > 0.3


def test_the_page_and_the_workbook_have_an_alarm_part_in_both_languages(fitted):
    page = (fitted / "out" / "report.html").read_text("utf-8")
    assert "Alarms: one limit on every machine" in page and 'id="t1-alarms"' in page
    addresses = re.findall(r'\sid="([^"]+)"', page)  # the chart once had its heading's, and was not drawn
    assert len(addresses) == len(set(addresses)) and "t1-alarm_chart" in addresses
    assert "Hotelling T²" in page
    sheets = load_workbook(fitted / "out" / "results.xlsx", read_only=True).sheetnames
    assert {"detectors", "alarm rates"} <= set(sheets)
    assert run("report", fitted / "out", "--lang", "ja").exit_code == 0
    assert "警報: すべての機械で一つの限界値" in (fitted / "out" / "report.html").read_text("utf-8")


def test_predict_writes_score_limit_alarm_and_the_columns_that_carry_it(fitted):
    fresh = line(machines=7, seed=1)
    fresh.to_csv(fitted / "fresh.csv", index=False)
    result = run("predict", fitted / "out", fitted / "fresh.csv", "--out", fitted / "fresh.xlsx")
    assert result.exit_code == 0, result.output
    table = pd.read_excel(fitted / "fresh.xlsx", header=1, engine="openpyxl")
    assert table["limit"].nunique() == 1
    assert (table["alarm"] == (table["score"] > table["limit"])).all()
    ill = fresh[TARGET].to_numpy() == "異常"
    assert table["alarm"][ill].mean() > 0.35 > 0.15 > table["alarm"][~ill].mean()
    rung = table["alarm"] == 1
    assert table.loc[~rung, "alarm_from"].isna().all()
    assert (table["corrected"][fresh[MACHINE] == "M7"] == 0).all()
    named = table.loc[rung & ill, "alarm_from"].dropna().str.split(" \\(").str[0]
    assert named.mode()[0] == NAMES[2]


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same line without its labels, the first half of each machine's rows approved."""
    folder = tmp_path_factory.mktemp("unlabelled")
    full = line(machines=5, rows=120)
    early = np.tile(np.arange(120) < 60, 5)
    full = full[~(early & (full[TARGET] == "異常"))].reset_index(drop=True)
    full["工程"] = np.where(full["時刻"] % 120 < 60, "承認", "監視")
    full.to_csv(folder / "answers.csv", index=False)
    full.drop(columns=TARGET).to_csv(folder / "line.csv", index=False)
    result = run(
        *("fit", folder / "line.csv", "--unlabelled", "--context", MACHINE, "--effort", "quick"),
        *("--approved-where", "工程=承認", "--out", folder / "out", "--quiet"),
    )
    assert result.exit_code == 0, result.output
    return folder


def test_without_labels_an_approved_period_sets_the_limit_and_later_faults_ring(unlabelled):
    document = json.loads((unlabelled / "out" / "result.json").read_text("utf-8"))
    alarms = document["alarms"]
    answers = pd.read_csv(unlabelled / "answers.csv")
    assert document["verdict"]["outcome"] == "alarms_only" and not document["splits"]
    assert alarms["approved"] == (answers["工程"] == "承認").sum()
    assert {one["context"] for one in alarms["contexts"]} == {f"M{k}" for k in range(1, 6)}
    assert all(one["later"]["n"] == 60 for one in alarms["contexts"])
    book = pd.read_excel(unlabelled / "out" / "results.xlsx", sheet_name="Predictions", engine="openpyxl")
    rings = book["alarm"].to_numpy() == 1
    ill, later = answers[TARGET] == "異常", answers["工程"] == "監視"
    assert rings[ill].mean() > 0.4
    assert rings[~later].mean() < 0.12 and rings[later & ~ill].mean() < 0.15


def test_the_page_of_a_study_without_labels_has_no_models_in_either_language(unlabelled):
    for lang, title in (("en", "Alarms without labels"), ("ja", "ラベルなしの警報")):
        assert run("report", unlabelled / "out", "--lang", lang).exit_code == 0
        page = (unlabelled / "out" / "report.html").read_text("utf-8")
        assert title in page and 'id="t1-alarms"' in page and 'id="t1-models"' not in page
        assert "have no ''" not in page


def test_approved_rows_of_a_new_machine_are_used_or_the_note_says_why_not(unlabelled):
    fresh = line(machines=7, rows=60, seed=5).query(f"{MACHINE} == 'M7'").assign(工程="監視")
    good = fresh[fresh[TARGET] == "正常"].drop(columns=TARGET)
    good.head(30).to_csv(unlabelled / "start.csv", index=False)
    good.tail(10).to_csv(unlabelled / "new.csv", index=False)
    result = run(
        *("predict", unlabelled / "out", unlabelled / "new.csv", "--json"),
        *("--approved", unlabelled / "start.csv", "--out", unlabelled / "new.xlsx"),
    )
    assert result.exit_code == 0, result.output
    notes = " ".join(json.loads(result.stdout)[0]["notes"])
    used = json.loads((unlabelled / "out" / "result.json").read_text("utf-8"))["alarms"]["corrects"]
    assert ("'M7' is judged on its own scale, from 30 approved rows" in notes) == used
    assert used or "did not earn their place" in notes
    table = pd.read_excel(unlabelled / "new.xlsx", header=1, engine="openpyxl")
    assert (table["corrected"] == int(used)).all() and (table["limit"] == 1).all()


def test_options_that_contradict_each_other_are_refused(tmp_path):
    line(machines=2, rows=6).to_csv(tmp_path / "a.csv", index=False)
    for wrong in (
        ("--unlabelled", "--target", TARGET),
        ("--unlabelled", "--task", "binary"),
        ("--unlabelled", "--approved-where", "工程"),
        ("--unlabelled", "--approved-where", "工程=承認", "--approved-to", "3"),
    ):
        assert run("fit", tmp_path / "a.csv", *wrong).exit_code == 2


def held(n: int = 900) -> tuple[np.ndarray, Held]:
    rng = np.random.default_rng(0)
    machine = np.arange(n) % 6
    ill = rng.random(n) < 0.1
    score = rng.normal(size=n) + 1.5 * machine + 4.0 * ill
    names = np.array([f"M{k}" for k in machine], object)
    return score, Held(ill, names, (machine % 3).astype(np.int64), np.arange(n, dtype=float))


def test_the_start_up_of_a_machine_corrects_its_later_rows_only_from_its_own_past():
    score, rows = held()
    trial = assess("t2", score, rows, 0.05)
    assert trial.corrects
    assert trial.corrected.recall > trial.plain.recall + 0.2
    assert trial.corrected.spread.spread < 0.5 * trial.plain.spread.spread
    assert trial.used == "corrected" and trial.chosen == trial.corrected
    assert rows.start.sum() == 6 * 30 and not (rows.start & rows.abnormal).any()


def test_each_machine_is_judged_by_the_limit_of_the_others():
    score, rows = held()
    found = {one.context: one.false_alarm for one in judged_rates(score, rows, 0.05)}
    own = (rows.context == "M5") & ~rows.start & ~rows.abnormal
    others = score[(rows.context != "M5") & ~rows.start & ~rows.abnormal]
    limit = np.sort(others)[len(others) - int(0.05 * len(others)) - 1]
    assert found["M5"].hits == int((score[own] > limit).sum())
    assert found["M5"].n == int(own.sum())


def test_a_tie_keeps_the_simpler_detector():
    score, rows = held()
    same = {"t2": assess("t2", score, rows, 0.05), "couce": assess("couce", score, rows, 0.05)}
    assert recommend(same) == "t2"
    better = score + 3.0 * rows.abnormal
    assert recommend(same | {"couce": assess("couce", better, rows, 0.05)}) == "couce"


def test_an_unknown_task_is_refused_with_the_known_ones(tmp_path):
    line(machines=2, rows=6).to_csv(tmp_path / "a.csv", index=False)
    result = run("fit", tmp_path / "a.csv", "--task", "anomalies")
    assert result.exit_code == 2 and "anomaly" in result.output
