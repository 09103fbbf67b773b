"""What models say of training contexts they had left out, and what that tells about new ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ContextBoostingModel,
    ForestModel,
    LinearModel,
)
from tabcouce.models.calibration import calibrated
from tabcouce.models.contract import CrossEstimated

Floats = npt.NDArray[np.float64]
LEARNERS = [LinearModel, ForestModel, BoostingModel, ContextBoostingModel]
LEVEL = {"A": -3.0, "B": -1.0, "C": 0.0, "D": 1.0, "E": 3.0}


def process(n: int = 200, seed: int = 0) -> tuple[pd.DataFrame, Floats, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["温度[℃]", "流量, L/min", "c"])
    context = pd.DataFrame({"machine": rng.choice(list(LEVEL), n), "two": rng.choice(["x", "y"], n)})
    y = 2 * X["温度[℃]"].to_numpy() + context["machine"].map(LEVEL).to_numpy() + 0.1 * rng.normal(size=n)
    return X, y, context


def test_the_constant_leaves_out_whole_contexts_as_in_a_plain_loop() -> None:
    X, y, context = process(40)
    model = ConstantModel().fit(X, y, context)
    for i, machine in enumerate(context["machine"]):
        others = [y[j] for j in range(len(y)) if context["machine"][j] != machine]
        assert model.left_out_[i] == pytest.approx(sum(others) / len(others))
    label = (y > 0).astype(float)
    shares = ConstantModel("classification").fit(X, label).left_out_
    for i in range(len(y)):
        rest = np.delete(label, i)
        assert shares[i] == pytest.approx([np.mean(rest == 0), np.mean(rest == 1)])


@pytest.mark.parametrize("cls", LEARNERS)
def test_a_context_far_from_all_others_is_not_foreseen(cls: type) -> None:
    X, y, context = process()
    mine = (context["machine"] == "E").to_numpy()
    far = y + 40.0 * mine
    model = cls().fit(X, far, context)
    assert isinstance(model, CrossEstimated) and model.left_out_.shape == y.shape
    assert np.isfinite(model.left_out_).all()
    assert model.left_out_[mine].mean() < 10  # the fits that saw machine E would say 43


@pytest.mark.parametrize("cls", LEARNERS)
def test_without_a_context_each_row_is_left_out_and_well_predicted(cls: type) -> None:
    X, _, _ = process()
    y = 3 * X["温度[℃]"].to_numpy()
    left_out = cls().fit(X, y).left_out_
    assert np.corrcoef(left_out, y)[0, 1] > 0.9
    assert np.abs(left_out - y).max() > 1e-9


@pytest.mark.parametrize("cls", [ConstantModel, *LEARNERS])
def test_two_levels_are_too_few_to_leave_one_out(cls: type) -> None:
    X, y, context = process(60)
    model = cls().fit(X, y, context[["two"]])
    assert np.isnan(model.left_out_).all() and model.shot_prior_.between == 0


@pytest.mark.parametrize("cls", LEARNERS)
def test_left_out_probabilities_add_to_one_although_a_context_has_a_class_of_its_own(cls: type) -> None:
    X, y, context = process()
    label = np.digitize(y, [-1.0, 2.0]).astype(float)
    label[(context["machine"] == "A").to_numpy()] = 5.0
    label[(context["machine"] != "A").to_numpy() & (label == 5.0)] = 0.0
    left_out = cls("classification").fit(X, label, context).left_out_
    known = np.isfinite(left_out).all(axis=1)
    assert left_out.shape == (len(y), 4) and known.any()
    assert left_out[known].sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("cls", LEARNERS)
def test_five_labels_of_a_new_machine_are_worth_their_level(cls: type) -> None:
    X, y, context = process()
    model = cls().fit(X, y, context)
    assert model.shot_prior_.between > 1.0
    new, _, _ = process(100, seed=5)
    truth = 2 * new["温度[℃]"].to_numpy() + 4.0
    blind = np.mean((model.estimate(new.iloc[5:]) - truth[5:]) ** 2)
    moved = calibrated(model, new.iloc[:5], truth[:5])
    assert np.mean((moved.estimate(new.iloc[5:]) - truth[5:]) ** 2) < 0.25 * blind
    again = cls.from_state(model.state())
    assert again.shot_prior_ == model.shot_prior_


def test_labels_of_a_new_machine_move_the_log_odds_of_a_classifier() -> None:
    X, y, context = process(400)
    model = BoostingModel("classification").fit(X, (y > 0).astype(float), context)
    assert model.shot_prior_.between > 0.2
    new, _, _ = process(200, seed=6)
    truth = (2 * new["温度[℃]"].to_numpy() + 4.0 > 0).astype(float)
    moved = calibrated(model, new.iloc[:10], truth[:10]).estimate(new.iloc[10:])
    blind = model.estimate(new.iloc[10:])
    assert np.mean((moved[:, 1] - truth[10:]) ** 2) < np.mean((blind[:, 1] - truth[10:]) ** 2)
