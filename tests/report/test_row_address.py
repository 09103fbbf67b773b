"""Hover names the address of a row as the user's own sheet has it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from fake_study import fake_study, fake_target

from tabcouce.read.table import Part, Source
from tabcouce.report import summarize
from tabcouce.report.catalogue import words
from tabcouce.report.charts import observed_against_predicted
from tabcouce.report.charts.control import control_chart
from tabcouce.report.row_address import row_text, row_title


def test_a_row_of_one_sheet_stands_under_file_and_sheet(regression_summary):
    target = regression_summary.targets[0]
    assert row_title(target, words("en")) == "Row in 成形条件.xlsx, sheet “3月”"
    assert row_text(target, 214) == "214"


def test_rows_of_stacked_sheets_keep_their_own_numbers():
    study = fake_study(fake_target())
    first, second = Source("成形条件.xlsx", "x" * 64, "3月"), Source("成形条件.xlsx", "x" * 64, "4月")
    numbers = np.arange(1, 481)
    parts = (Part(first, np.arange(5, 205)), Part(second, np.arange(3, 283)))
    source = replace(first, sheet="3月, 4月")
    table = replace(study.table, source=source, rows=numbers, parts=parts)
    dataset = replace(study.targets[0].dataset, rows=numbers)
    target = replace(study.targets[0], dataset=dataset, advice=None)

    made = summarize(replace(study, source=source, table=table, targets=(target,))).targets[0]

    assert row_text(made, 1) == "3月, 5" and row_text(made, 201) == "4月, 3"
    assert row_title(made, words("en")) == "Row in 成形条件.xlsx"
    spec = observed_against_predicted(made, made.points, "couce", words("en"))
    assert {row["f4"] for row in spec["datasets"]["rows"]} == {
        row_text(made, row) for row in made.points.rows
    }


def test_a_row_of_the_alarm_chart_has_its_address_too():
    study = fake_study(fake_target())
    first, second = Source("成形条件.xlsx", "x" * 64, "3月"), Source("成形条件.xlsx", "x" * 64, "4月")
    parts = (Part(first, np.arange(5, 205)), Part(second, np.arange(3, 283)))
    source = replace(first, sheet="3月, 4月")
    table = replace(study.table, source=source, rows=np.arange(1, 481), parts=parts)
    dataset = replace(study.targets[0].dataset, rows=np.arange(1, 481))
    one = replace(study.targets[0], dataset=dataset, advice=None)
    target = summarize(replace(study, source=source, table=table, targets=(one,))).targets[0]
    points = SimpleNamespace(
        context=("a", "b"), place=(0, 0), score=(0.5, 1.5), abnormal=(False, True), rows=(1, 201)
    )
    alarms = SimpleNamespace(points=points, approved=None, labelled=True, limit=SimpleNamespace(limit=1.0))

    spec = control_chart(target, alarms, words("en"))

    assert [row["f4"] for row in spec["datasets"]["rows"]] == ["3月, 5", "4月, 3"]
    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == ["normal", "abnormal"]
    points.abnormal = (False, False)
    healthy = control_chart(target, alarms, words("en"))["layer"][0]["encoding"]
    assert healthy["color"]["scale"]["domain"] == healthy["shape"]["scale"]["domain"] == ["normal"]
    assert spec["layer"][0]["encoding"]["tooltip"][0]["title"] == "Row in 成形条件.xlsx"
