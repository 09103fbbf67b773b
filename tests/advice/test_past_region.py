"""Combinations of settings that no past run had, although each value is within its limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from test_suggest import space_of

from tabcouce.advice.constraint import Constraint
from tabcouce.advice.goal import Goal
from tabcouce.advice.past_region import PastRegion
from tabcouce.advice.suggest import Objective, Past, suggest


def mixtures(n=60, seed=0):
    """Three amounts that weigh 100 together, up to 1 of weighing error, and a temperature of its own."""
    rng = np.random.default_rng(seed)
    A = rng.dirichlet([4, 4, 4], n) * 100 + rng.normal(0, 0.3, (n, 3))
    return pd.DataFrame({"a": A[:, 0], "b": A[:, 1], "c": A[:, 2], "T": rng.uniform(150, 200, n)})


def test_distance_is_the_leverage_of_a_run_over_the_largest_of_any_past_run():
    past = mixtures()
    region = PastRegion.of(space_of(Past(past, np.zeros((60, 0), np.int64), np.arange(60))).settings, past)
    X = np.column_stack([np.ones(60), past.to_numpy()])
    leverage = np.diag(X @ np.linalg.inv(X.T @ X) @ X.T) - 1 / 60
    np.testing.assert_allclose(region.distance(past), leverage / leverage.max(), rtol=1e-6)


def test_what_is_pulled_in_lies_on_the_edge_and_what_was_inside_stays():
    past = mixtures()
    settings = space_of(Past(past, np.zeros((60, 0), np.int64), np.arange(60))).settings
    region = PastRegion.of(settings, past)
    new = pd.concat([past.head(3), pd.DataFrame({"a": [60.0], "b": [60.0], "c": [60.0], "T": [175.0]})])
    new = new.reset_index(drop=True)
    pulled = region.pulled(new)
    pd.testing.assert_frame_equal(pulled.head(3), new.head(3))
    assert abs(region.distance(pulled)[3] - 1) < 1e-9
    assert abs(pulled.loc[3, ["a", "b", "c"]].sum() - 100) < 3


def test_few_runs_and_a_reach_that_limits_declare_are_not_held_back():
    past = mixtures(11)
    settings = space_of(Past(past, np.zeros((11, 0), np.int64), np.arange(11))).settings
    far = pd.DataFrame({"a": [60.0], "b": [60.0], "c": [60.0], "T": [175.0]})
    assert PastRegion.of(settings, past).distance(far)[0] == 0
    past = mixtures()
    past_runs = Past(past, np.zeros((60, 0), np.int64), np.arange(60))
    region = PastRegion.of(space_of(past_runs, T={"lower": 100, "upper": 400}).settings, past)
    mean = past.mean().to_frame().T
    hottest = mean.assign(T=past["T"].max())
    np.testing.assert_allclose(region.distance(mean.assign(T=400.0)), region.distance(hottest))


def test_suggested_mixtures_weigh_what_mixtures_weighed():
    past = mixtures()
    y = past["a"] + past["b"] + past["c"] * 0.5
    runs = suggest(
        Past(past, np.zeros((60, 0), np.int64), np.arange(2, 62)),
        [Objective("y", Goal("maximise"), y.to_numpy())],
        space_of(Past(past, np.zeros((60, 0), np.int64), np.arange(60))),
        n=4,
        seed=0,
    )
    total = pd.DataFrame([run.settings for run in runs])[["a", "b", "c"]].sum(axis=1)
    assert (abs(total - 100) < 2.5).all()
    assert past[["a", "b", "c"]].max().sum() > 150


def test_a_constraint_that_no_past_run_met_is_still_served():
    past = mixtures()
    runs_so_far = Past(past, np.zeros((60, 0), np.int64), np.arange(2, 62))
    total = Constraint({"a": 1.0, "b": 1.0, "c": 1.0}, "=", 130.0)
    space = replace(space_of(runs_so_far), constraints=(total,))
    y = past["a"].to_numpy()
    runs = suggest(runs_so_far, [Objective("y", Goal("maximise"), y)], space, n=2, seed=0)
    made = pd.DataFrame([run.settings for run in runs[:-1]])
    np.testing.assert_allclose(made[["a", "b", "c"]].sum(axis=1), 130.0)
