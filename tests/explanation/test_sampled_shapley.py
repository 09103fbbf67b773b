"""Contributions of a model that can only be asked: exact where orders leave nothing to chance."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.explanation.sampled_shapley import sampled_shapley


def test_an_interaction_is_shared_and_a_text_column_counts():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=6), "b": rng.normal(size=6), "c": rng.normal(size=6)})
    X["kind"] = pd.Categorical(list("ppqqpq"))
    start = pd.DataFrame({"a": [0.0], "b": [0.0], "c": [0.0], "kind": pd.Categorical(["p"], list("pq"))})

    def score(steps):
        return (steps["a"] * steps["b"] + 2 * steps["c"] + 5 * (steps["kind"] == "q")).to_numpy() + 1.0

    found = sampled_shapley(score, X, start, draws=2, seed=0)
    half = X["a"] * X["b"] / 2
    expected = np.column_stack([half, half, 2 * X["c"], 5.0 * (X["kind"] == "q"), np.ones(6)])
    assert found == pytest.approx(expected, abs=1e-12)


def test_contributions_add_up_for_any_number_of_orders():
    rng = np.random.default_rng(1)
    X, background = (pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc")) for n in (5, 20))

    def score(steps):
        return np.sin(steps.to_numpy().prod(axis=1) + steps["a"].to_numpy())

    for draws in (1, 3, 8):
        found = sampled_shapley(score, X, background, draws=draws, seed=2)
        assert found.sum(axis=1) == pytest.approx(score(X), abs=1e-12)
