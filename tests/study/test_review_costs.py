"""A review's refit: held directions hold, excluded columns are gone, the cost is paired."""

import numpy as np
import pandas as pd

from tabcouce.advice.review import Entry, Review
from tabcouce.models import BoostingModel
from tabcouce.read.table import Layout
from tabcouce.study.effort import EFFORTS
from tabcouce.study.inputs import Inputs, open_inputs
from tabcouce.study.review import review_costs


def inputs(tmp_path) -> Inputs:
    rng = np.random.default_rng(0)
    machine = np.arange(240) % 8
    x, z = rng.normal(size=240), rng.normal(size=240)
    frame = pd.DataFrame(
        {"machine": [f"M{k}" for k in machine], "x": x, "z": z, "y": 2 * x + z + 0.1 * rng.normal(size=240)}
    )
    frame.to_csv(tmp_path / "line.csv", index=False)
    (tmp_path / "line.roles.toml").write_text('targets = ["y"]\ncontext = ["machine"]\n')
    return open_inputs(tmp_path / "line.csv")


def test_a_wrong_direction_costs_score_and_a_right_one_hardly_any(tmp_path):
    made = inputs(tmp_path)
    assert isinstance(made.layout, Layout)

    def cost(entry):
        (change,) = review_costs(made, Review((entry,)), EFFORTS["quick"], name="line", seed=0)
        assert change.after - change.before == change.cost.gain
        return change

    right = cost(Entry("x", expected="increases", decision="monotone"))
    wrong = cost(Entry("x", expected="decreases", decision="monotone"))
    gone = cost(Entry("x", decision="exclude"))
    assert right.cost.gain > -0.05
    assert wrong.cost.gain < -0.5 and wrong.cost.high < 0
    assert gone.cost.gain < -0.5 and gone.what == "exclude"


def test_without_a_decision_nothing_is_refitted(tmp_path):
    assert (
        review_costs(
            inputs(tmp_path),
            Review((Entry("x", expected="increases"),)),
            EFFORTS["quick"],
            name="line",
            seed=0,
        )
        == ()
    )


def test_a_held_direction_is_never_contradicted_by_the_model():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"x": rng.normal(size=200), "g": pd.Categorical(["a", "b"] * 100)})
    y = np.sin(3 * X["x"].to_numpy()) + X["x"].to_numpy() + 0.2 * rng.normal(size=200)
    model = BoostingModel("regression", monotone={"x": 1, "g": 1}).fit(X, y)
    grid = pd.DataFrame({"x": np.linspace(-2, 2, 80), "g": pd.Categorical(["a"] * 80, ["a", "b"])})
    assert (np.diff(model.estimate(grid)) >= -1e-9).all()
    free = BoostingModel("regression").fit(X, y)
    assert (np.diff(free.estimate(grid)) < -1e-3).any()
    again = BoostingModel.from_state(model.state())
    np.testing.assert_array_equal(again.estimate(grid), model.estimate(grid))
