"""Slopes against ordinary least squares with dummies, closed forms and simulated truth."""

import numpy as np
import pandas as pd
import pytest

from tabcouce import simulation
from tabcouce.explanation.effects import adjusted_effect, demeaned, naive_effect, robustness, slope
from tabcouce.read.table import Source
from tabcouce.roles import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits import plan_splits


def dataset(X, y, contexts):
    columns = [ColumnRole(str(c), "sensor") for c in X.columns]
    columns += [ColumnRole(str(c), "context") for c in contexts.columns] + [ColumnRole("y", "target")]
    return Dataset(
        name="made",
        source=Source("made.csv", ""),
        task="regression",
        target="y",
        X=X.reset_index(drop=True),
        y=np.asarray(y, float),
        classes=(),
        contexts=contexts.astype(str).astype(object).reset_index(drop=True),
        group=None,
        order=None,
        rows=np.arange(2, len(y) + 2),
        roles=Roles(tuple(columns), ("y",)),
    )


def effects(data, column):
    split = plan_splits(data, folds=5, seed=0)
    headline = split.of(split.headline)
    return naive_effect(data, column, headline), adjusted_effect(data, column, headline, seed=0)


def test_demeaning_over_two_context_columns_equals_least_squares_on_their_dummies():
    rng = np.random.default_rng(0)
    machine, lot = rng.integers(0, 4, 120), rng.integers(0, 7, 120)
    x = rng.normal(size=120) + 3.0 * machine - 2.0 * lot
    dummies = np.column_stack([machine[:, None] == np.arange(4), lot[:, None] == np.arange(7)]).astype(float)
    written = x - dummies @ np.linalg.lstsq(dummies, x, rcond=None)[0]
    np.testing.assert_allclose(demeaned(x, [machine, lot]), written, atol=1e-8)


def test_without_other_inputs_the_adjusted_slope_is_that_of_least_squares_with_dummies():
    rng = np.random.default_rng(1)
    machine = np.repeat(np.arange(6), 20)
    x = rng.normal(size=120) + machine
    y = 0.7 * x - 2.0 * machine + rng.normal(size=120)
    _, adjusted = effects(dataset(pd.DataFrame({"x": x}), y, pd.DataFrame({"m": machine})), "x")
    design = np.column_stack([x, (machine[:, None] == np.arange(6)).astype(float)])
    assert adjusted.slope == pytest.approx(np.linalg.lstsq(design, y, rcond=None)[0][0], rel=1e-9)


def test_the_interval_is_the_written_cluster_robust_sandwich():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(8), 10)
    x = rng.normal(size=80)
    y = 1.5 * x + rng.normal(size=80) + 0.4 * x * cluster
    found = slope(x, y, cluster, overlap=1.0)
    theta = sum(x * y) / sum(x * x)
    meat = sum(sum(x[i] * (y[i] - theta * x[i]) for i in np.flatnonzero(cluster == g)) ** 2 for g in range(8))
    error = np.sqrt(8 / 7 * meat) / sum(x * x)
    assert found.high - found.low == pytest.approx(2 * 2.364624 * error, rel=1e-5)  # t(0.975, 7)


def test_under_a_common_cause_the_naive_slope_is_wrong_and_the_adjusted_one_covers_the_truth():
    process = simulation.PROCESSES["common_cause"](seed=0, rows=1080, contexts=12)
    data = dataset(process.X, process.y, process.context)
    moved = max(
        (c for c in process.causes if c in process.X.columns),
        key=lambda c: abs(effects(data, c)[0].slope - process.effects[c]),
    )
    naive, adjusted = effects(data, moved)
    truth = process.effects[moved]
    assert abs(naive.slope - truth) > 3 * abs(adjusted.slope - truth)
    assert naive.low is not None and not naive.low <= truth <= naive.high


def test_a_factor_that_does_not_vary_within_contexts_gets_no_interval():
    rng = np.random.default_rng(3)
    machine = np.repeat(np.arange(6), 20)
    X = pd.DataFrame({"x": machine * 1.5, "z": rng.normal(size=120)})
    _, adjusted = effects(dataset(X, machine + X["z"], pd.DataFrame({"m": machine})), "x")
    assert adjusted is None or adjusted.low is None


def test_few_contexts_give_a_slope_but_no_interval():
    rng = np.random.default_rng(4)
    machine = np.repeat(np.arange(3), 30)
    X = pd.DataFrame({"x": rng.normal(size=90)})
    _, adjusted = effects(dataset(X, X["x"] + machine, pd.DataFrame({"m": machine})), "x")
    assert adjusted.low is None and adjusted.slope == pytest.approx(1.0)


def test_robustness_solves_its_defining_equation():
    value = robustness(0.8, 0.2, 102)
    f = 4.0 / 10.0  # |t| / sqrt(degrees of freedom)
    assert value / np.sqrt(1 - value) == pytest.approx(f)  # Cinelli and Hazlett 2020, eq. 9


def test_a_category_has_no_slope():
    X = pd.DataFrame({"grade": pd.Categorical(["a", "b"] * 30), "x": np.arange(60.0)})
    machine = pd.DataFrame({"m": np.repeat(np.arange(6), 10)})
    assert effects(dataset(X, X["x"], machine), "grade") == (None, None)
