"""The approved period in role file and command line: which rows, and what a wrong one is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import RoleError
from tabcouce.roles import datasets
from tabcouce.study.inputs import open_inputs

HEAD = 'task = "anomaly"\ncontext = ["機番"]\ntime = "日付"\n'


def table(folder, **columns):
    n = 90
    frame = pd.DataFrame(
        {
            "機番": np.repeat(["M1", "M2", "M3"], n // 3),
            "日付": np.tile(pd.date_range("2024-03-01", periods=n // 3).strftime("%Y-%m-%d 07:30"), 3),
            "温度[℃]": np.random.default_rng(0).normal(size=n),
            "工程": np.where(np.arange(n) % 30 < 20, "承認", "監視"),
            **columns,
        }
    )
    path = folder / "line.csv"
    frame.to_csv(path, index=False)
    return path, frame


def approved(path, **given):
    inputs = open_inputs(path, unlabelled=True, **given)
    (dataset,) = datasets(inputs.table, inputs.roles, name="line")
    return dataset


def test_a_period_ends_with_its_last_day(tmp_path):
    path, frame = table(tmp_path)
    (tmp_path / "line.roles.toml").write_text(
        HEAD + "approved = { from = 2024-03-02, to = 2024-03-20 }\n", encoding="utf-8"
    )
    dataset = approved(path)
    day = frame["日付"].str[:10]
    np.testing.assert_array_equal(dataset.approved, (day >= "2024-03-02") & (day <= "2024-03-20"))
    assert not dataset.labelled and dataset.task == "anomaly" and not dataset.y.any()


def test_a_value_marks_rows_and_its_column_is_no_input(tmp_path):
    path, frame = table(tmp_path)
    (tmp_path / "line.roles.toml").write_text(
        HEAD + 'approved = { column = "工程", value = "承認" }\n', encoding="utf-8"
    )
    dataset = approved(path)
    np.testing.assert_array_equal(dataset.approved, frame["工程"] == "承認")
    assert list(dataset.X.columns) == ["温度[℃]"]


def test_a_number_may_bound_the_period(tmp_path):
    path, _ = table(tmp_path, 連番=np.arange(90) * 1.0)
    (tmp_path / "line.roles.toml").write_text(
        HEAD.replace("日付", "連番") + "approved = { to = 44.5 }\n", encoding="utf-8"
    )
    np.testing.assert_array_equal(np.flatnonzero(approved(path).approved), np.arange(45))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("approved = { }", "beginning or an end"),
        ('approved = { from = "2024-03-01", column = "工程", value = "承認" }', "beginning or an end"),
        ('approved = { until = "2024-03-01" }', "Write approved"),
        ('approved = { column = "工程", value = "承忍" }', "Did you mean '承認'"),
        ('approved = { from = "2025-01-01" }', "0 rows are in the approved period"),
        ('approved = { from = "03/04/2024" }', "reads in one way"),
        ('approved = { from = "spring" }', "reads in one way"),
        ('approved = { column = "phase", value = "OK" }', "phase"),
    ],
)
def test_a_period_that_cannot_be_is_told_what_to_write(tmp_path, line, says):
    path, _ = table(tmp_path)
    (tmp_path / "line.roles.toml").write_text(HEAD + line + "\n", encoding="utf-8")
    with pytest.raises(RoleError, match=says):
        approved(path)


def test_a_bound_without_a_time_column_is_refused(tmp_path):
    path, _ = table(tmp_path)
    (tmp_path / "line.roles.toml").write_text(
        'task = "anomaly"\ncontext = ["機番"]\napproved = { to = "2024-03-20" }\n', encoding="utf-8"
    )
    with pytest.raises(RoleError, match="no column gives the time"):
        approved(path)


def test_the_written_role_file_keeps_the_period(tmp_path):
    from tabcouce.roles import read_role_file, write_role_file

    path, _ = table(tmp_path)
    (tmp_path / "line.roles.toml").write_text(
        HEAD + 'approved = { column = "工程", value = "承認" }\n', encoding="utf-8"
    )
    inputs = open_inputs(path)
    write_role_file(inputs.roles, tmp_path / "again.toml", inputs.table.source)
    assert read_role_file(tmp_path / "again.toml").approved == inputs.roles.approved
