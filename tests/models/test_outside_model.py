"""Boosting libraries of others under our contract; what is not installed is said, not passed over."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import MissingExtraError
from tabcouce.evaluation.metrics import auc, r2
from tabcouce.models.contract import State
from tabcouce.models.outside_model import LIBRARIES, OutsideModel


def machines(n: int = 240, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    machine = np.arange(n) % 6
    X = pd.DataFrame({"温度[℃]": rng.normal(180, 5, n), "b": rng.normal(size=n)})
    X["材料"] = pd.Categorical(rng.choice(["A", "B"], n))
    X.loc[3, "b"] = np.nan
    y = 1e-4 * (X["温度[℃]"] - 180) + 4e-4 * (X["材料"] == "B") + 1e-4 * machine + 2e-5 * rng.normal(size=n)
    return X, y.to_numpy(), pd.DataFrame({"機番": machine.astype(str)})


@pytest.fixture(params=sorted(LIBRARIES))
def library(request) -> str:
    pytest.importorskip(request.param)
    return request.param


def test_it_learns_and_leaves_whole_machines_out(library) -> None:
    X, y, context = machines()
    model = OutsideModel(library).fit(X, y, context)
    new, truth, _ = machines(seed=1)
    assert r2(truth, model.predict(new)) > 0.7  # a target of 1e-4 is no constant
    assert np.isfinite(model.left_out_).all()
    assert 0.5 < r2(y, model.left_out_) < r2(y, model.predict(X))


def test_classes_have_probabilities(library) -> None:
    X, y, context = machines()
    bad = (y > np.median(y)).astype(float)
    model = OutsideModel(library, "classification").fit(X, bad, context)
    told = model.predict_proba(X)
    assert told.sum(axis=1) == pytest.approx(1.0)
    assert auc(bad, told) > 0.9
    three = np.digitize(y, np.quantile(y, [0.3, 0.7])).astype(float)
    assert OutsideModel(library, "classification").fit(X, three, context).estimate(X).shape == (240, 3)


def test_it_comes_back_from_its_state_exactly(library) -> None:
    X, y, context = machines()
    model = OutsideModel(library).fit(X, y, context)
    state = model.state()
    again = OutsideModel.from_state(State(state.settings, dict(state.arrays)))
    assert (again.predict(X) == model.predict(X)).all()


def test_contributions_add_up_to_the_prediction(library) -> None:
    X, y, context = machines()
    model = OutsideModel(library).fit(X, y, context)
    parts = model.contributions(X)
    inside = np.abs(parts.sum(axis=1) - model.predict(X)) < 1e-3 * y.std()
    assert parts.shape == (240, 4) and inside.mean() > 0.95  # the others are held within the range
    assert np.abs(parts[:, 0]).mean() > 5 * np.abs(parts[:, 1]).mean()


def test_a_library_that_is_not_there_is_named_with_its_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "catboost", None)
    X, y, _ = machines()
    with pytest.raises(MissingExtraError, match="catboost") as caught:
        OutsideModel("catboost").fit(X, y)
    assert "tabcouce[catboost]" in str(caught.value)
