"""`--with`: installed libraries compete too; what is missing or unknown is said before any training."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from small_study import ROLES, process, run

from tabcouce.evaluation import run_trials
from tabcouce.evaluation.metrics import r2
from tabcouce.evaluation.stacked import stacked_trials
from tabcouce.roles import datasets
from tabcouce.splits import SplitPlan, plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.inputs import open_inputs
from tabcouce.study.panel import panel


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "press.csv"
    path.write_bytes(process().to_csv(index=False).encode("cp932"))
    (tmp_path / "press.roles.toml").write_text(ROLES, encoding="utf-8")
    return path


def test_a_further_model_is_a_member_of_the_stack_and_is_stored_with_it(data) -> None:
    pytest.importorskip("xgboost")
    inputs = open_inputs(data, role_file=data.with_name("press.roles.toml"))
    dataset = datasets(inputs.table, inputs.roles, name="press")[0]
    plan = plan_splits(dataset, folds=3, seed=0)
    plan = SplitPlan((plan.of(plan.headline),), plan.headline)
    models = panel(dataset, replace(EFFORTS["quick"], also=("xgboost",)), seed=0, device="cpu")
    some = [model for model in models if model.key in ("constant", "lightgbm", "xgboost")]
    assert len(some) == 3
    trials = tuple(run_trials(some, dataset, plan))
    assert r2(dataset.y, trials[-1].prediction) > 0.3
    (stack,) = stacked_trials(trials, dataset, plan)
    model = stack.fitted[0]
    assert "xgboost" in model.mix("blind").members
    again = type(model).from_state(model.state())
    assert again.estimate(dataset.X) == pytest.approx(model.estimate(dataset.X))


def test_a_library_that_is_not_installed_is_named_at_once(data, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "catboost", None)
    result = run("fit", data, "--with", "catboost", "--effort", "quick", "--out", data.parent / "o")
    assert result.exit_code == 2
    assert "tabcouce[catboost]" in result.stderr
    assert "lightgbm" not in result.stderr


def test_an_unknown_library_is_refused_with_the_known_ones(data) -> None:
    result = run("fit", data, "--with", "prophet", "--out", data.parent / "o")
    assert result.exit_code == 2
    assert "xgboost" in result.output and "catboost" in result.output
