"""`--with`: installed libraries compete too; what is missing or unknown is said before any training."""

from __future__ import annotations

import json
import sys
import types
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from random_checkpoint import random_checkpoint
from small_study import ROLES, process, run

from tabcouce.errors import FitError
from tabcouce.evaluation import run_trials
from tabcouce.evaluation.metrics import r2
from tabcouce.evaluation.stacked import stacked_trials
from tabcouce.models.checkpoint import Checkpoint
from tabcouce.models.further import check_further, further
from tabcouce.roles import datasets
from tabcouce.splits import SplitPlan, plan_splits
from tabcouce.study import panel as panel_module
from tabcouce.study.alarms import detectors
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
    models = panel(dataset, replace(EFFORTS["quick"], also=(further("xgboost"),)), seed=0, device="cpu")
    some = [model for model in models if model.key in ("constant", "lightgbm", "xgboost")]
    assert len(some) == 3
    trials = tuple(run_trials(some, dataset, plan))
    assert r2(dataset.y, trials[-1].prediction) > 0.3
    (stack,) = stacked_trials(trials, dataset, plan)
    model = stack.fitted[0]
    assert "xgboost" in model.mix("blind").members
    again = type(model).from_state(model.state())
    assert again.estimate(dataset.X) == pytest.approx(model.estimate(dataset.X))


@pytest.fixture
def few_models(monkeypatch):
    """A panel of two quick models and the further ones."""
    whole = panel_module.panel

    def chosen(*arguments, **settings):
        few = ("constant", "lightgbm", "xgboost", "tabicl")
        return tuple(one for one in whole(*arguments, **settings) if one.key in few)

    monkeypatch.setattr("tabcouce.study.fit.panel", chosen)


def result_of(folder):
    return json.loads((folder / "result.json").read_text("utf-8"))


def test_the_command_takes_an_installed_library_in(data, few_models) -> None:
    xgboost = pytest.importorskip("xgboost")
    folder = data.parent / "o"
    result = run("fit", data, "--with", "xgboost", "--effort", "quick", "--out", folder, "--quiet")
    assert result.exit_code == 0, result.stderr
    found = result_of(folder)
    assert "xgboost" in found["splits"]["shuffled"]["models"]
    assert found["environment"]["versions"]["xgboost"] == xgboost.__version__


def test_a_checkpoint_takes_part_and_its_place_is_in_no_report(data, few_models, tmp_path) -> None:
    pytest.importorskip("tabicl")
    checkpoint = random_checkpoint(tmp_path / "kept" / "numbers.ckpt", classes=0)
    folder = data.parent / "o"
    named = f"tabicl:{checkpoint}"
    result = run("fit", data, "--with", named, "--effort", "quick", "--out", folder, "--quiet")
    assert result.exit_code == 0, result.stderr
    assert "tabicl" in result_of(folder)["splits"]["shuffled"]["models"]
    for path in (folder / "report.html", folder / "result.json", folder / "study" / "summary.json"):
        assert "numbers.ckpt" not in path.read_text("utf-8")
    classes = f"tabicl:{random_checkpoint(tmp_path / 'classes.ckpt', classes=3)}"
    refused = run("fit", data, "--with", classes, "--out", folder)
    assert refused.exit_code == 3 and "regressor" in refused.stderr


def test_two_checkpoints_for_one_task_are_refused() -> None:
    same = Checkpoint("tabicl", "a.ckpt", "0", 0), Checkpoint("tabicl", "b.ckpt", "1", 0)
    with pytest.raises(FitError, match="same task"):
        check_further(same, {"regression"})
    check_further((same[0], Checkpoint("tabicl", "c.ckpt", "2", 10)), {"regression", "binary"})


def test_a_checkpoint_that_is_not_there_is_named_with_the_remedy(data) -> None:
    result = run("fit", data, "--with", f"tabicl:{data.parent / 'none.ckpt'}", "--out", data.parent / "o")
    assert result.exit_code == 3
    assert "none.ckpt" in result.stderr and "nothing is downloaded" in result.stderr


def test_a_library_that_is_not_installed_is_named_at_once(data, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "catboost", None)
    result = run("fit", data, "--with", "catboost", "--effort", "quick", "--out", data.parent / "o")
    assert result.exit_code == 2
    assert "tabcouce[catboost]" in result.stderr
    assert "lightgbm" not in result.stderr


def test_an_unknown_library_is_refused_with_the_known_ones(data) -> None:
    result = run("fit", data, "--with", "prophet", "--out", data.parent / "o")
    assert result.exit_code == 2
    for known in ("xgboost", "catboost", "tabicl:", "pyod:"):
        assert known in result.output


@pytest.fixture
def pyod(monkeypatch):
    """A library of PyOD's shape with one detector: squared distance from the middle."""

    class Middle:
        def fit(self, z):
            self.middle = z.mean(axis=0)
            return self

        def decision_function(self, z):
            return ((z - self.middle) ** 2).sum(axis=1)

    module = types.ModuleType("pyod.models.middle")
    module.Middle = Middle
    for name in ("pyod", "pyod.models"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_a_detector_of_pyod_watches_beside_the_others_and_opens_again(pyod) -> None:
    effort = replace(EFFORTS["quick"], also=(further("pyod:middle.Middle"), further("xgboost")))
    made = detectors(effort, labelled=True, seed=0, device="cpu")
    assert list(made) == ["t2", "spe", "isolation_forest", "lof", "pyod:middle.Middle", "lightgbm", "couce"]
    rng = np.random.default_rng(0)
    normal = pd.DataFrame(rng.normal(size=(80, 3)), columns=list("abc"))
    odd = pd.DataFrame(rng.normal(size=(20, 3)) + 6, columns=list("abc"))
    model = made["pyod:middle.Middle"]().fit(normal)
    assert model.abnormality(odd).min() > model.abnormality(normal).max()
    again = type(model).from_state(model.state())
    assert again.abnormality(odd) == pytest.approx(model.abnormality(odd))


def test_a_detector_is_refused_at_once_where_nothing_is_watched_or_it_is_unknown(pyod, data) -> None:
    result = run("fit", data, "--with", "pyod:middle.Middle", "--out", data.parent / "o")
    assert result.exit_code == 3
    assert "--task anomaly" in result.stderr
    for name in ("pyod:middle.Other", "pyod:nowhere.Middle"):
        result = run("fit", data, "--with", name, "--out", data.parent / "o")
        assert result.exit_code == 3
        assert name.removeprefix("pyod:") in result.stderr and "pyod:ecod.ECOD" in result.stderr


def test_a_package_that_a_detector_needs_is_named(pyod, data, monkeypatch, tmp_path) -> None:
    models = sys.modules["pyod.models"]
    models.__path__ = [str(tmp_path)]
    (tmp_path / "needy.py").write_text("import suod_that_is_not_there", encoding="utf-8")
    result = run("fit", data, "--with", "pyod:needy.Needy", "--out", data.parent / "o")
    assert result.exit_code == 2
    assert "'suod_that_is_not_there'" in result.stderr and "no detector" not in result.stderr


def test_pyod_that_is_not_installed_is_named_at_once(data, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyod", None)
    result = run("fit", data, "--with", "pyod:ecod.ECOD", "--out", data.parent / "o")
    assert result.exit_code == 2
    assert "tabcouce[pyod]" in result.stderr
