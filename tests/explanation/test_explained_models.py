"""Which models are explained: never the constant, all of the panel where the effort says so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_effects import dataset

from tabcouce.evaluation import Candidate
from tabcouce.evaluation.run import run_trial
from tabcouce.explanation.factors import contexts_of, within_share
from tabcouce.models import BoostingModel, ConstantModel, LinearModel
from tabcouce.splits import plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.explain import explain
from tabcouce.study.judge import JudgedModels

SMALL = replace(EFFORTS["quick"], explained_rows=40, permuted=3, draws=20)
MAKERS = {"constant": ConstantModel, "linear": LinearModel, "lightgbm": lambda: BoostingModel(threads=1)}


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    y = X["a"] - 0.5 * X["b"] + 0.2 * rng.normal(size=120)
    data = dataset(X, y, pd.DataFrame({"m": np.arange(120) % 6}))
    plan = plan_splits(data, folds=3, seed=0)
    split = plan.of(plan.headline)
    trials = {k: run_trial(Candidate(k, make), data, split, known=False) for k, make in MAKERS.items()}
    return data, split, trials


def explained(judged, recommended, effort):
    data, split, trials = judged
    final = {"lightgbm": MAKERS["lightgbm"]().fit(data.X, data.y, None)}
    models = JudgedModels(recommended, trials, final, data, split, effort, seed=0)
    return explain(models, report=lambda *_: None)


def test_where_the_constant_is_recommended_lightgbm_is_explained_with_its_curves(judged):
    found = explained(judged, "constant", SMALL)
    assert [a.model for a in found.attributions] == ["lightgbm"]
    assert found.factors[0].name == "a" and found.factors[0].strength > 0
    assert found.shapes and found.profiler is not None


def test_the_recommended_model_and_lightgbm_are_explained_else_and_all_where_asked(judged):
    assert {a.model for a in explained(judged, "linear", SMALL).attributions} == {"linear", "lightgbm"}
    every = explained(judged, "lightgbm", replace(SMALL, explain_all=True))
    assert {a.model for a in every.attributions} == {"linear", "lightgbm"}
    assert EFFORTS["thorough"].explain_all and not EFFORTS["standard"].explain_all


def test_a_setting_fixed_within_each_group_still_varies_within_its_context():
    set_of, batch = np.repeat(np.arange(24), 5), np.repeat(np.arange(24), 5) % 2
    X = pd.DataFrame({"speed": (set_of // 2) % 2 * 2.0 - 1, "z": np.random.default_rng(1).normal(size=120)})
    data = replace(dataset(X, X["speed"] + batch, pd.DataFrame({"batch": batch})), group=set_of)
    plan = plan_splits(data, folds=3, seed=0)
    split = plan.of("group")
    assert within_share(X["speed"], split.unit) == pytest.approx(0)
    assert within_share(X["speed"], contexts_of(data, split)) == pytest.approx(1)
