"""Slopes against ordinary least squares with dummies, closed forms and simulated truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tabcouce import simulation
from tabcouce.explanation.cluster_slope import cluster_slope, placebo_share, robustness
from tabcouce.explanation.effects import adjusted_effect, naive_effect, slopes
from tabcouce.explanation.factor import ContextSlope
from tabcouce.explanation.heterogeneity import context_slopes, equal_slopes
from tabcouce.explanation.natural_step import natural_step
from tabcouce.explanation.partialling import (
    OtherInputs,
    context_labels,
    demeaned,
    held_contexts,
    held_out_fit,
    other_inputs,
)
from tabcouce.read.table import Source
from tabcouce.roles import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits import plan_splits


def dataset(X, y, contexts, kinds=None):
    columns = [ColumnRole(str(c), (kinds or {}).get(c, "sensor")) for c in X.columns]
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


def test_the_interval_is_the_bias_reduced_sandwich_written_with_matrices():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(8), [4, 5, 6, 8, 10, 12, 15, 20])
    x = rng.normal(size=80) * (1 + cluster)
    y = 1.5 * x + rng.normal(size=80) + 0.4 * x * cluster
    found = cluster_slope(x, y, cluster)
    theta = sum(x * y) / sum(x * x)
    hat = np.outer(x, x) / (x @ x)
    meat, columns = 0.0, []
    for g in range(8):
        own = np.flatnonzero(cluster == g)
        value, vector = np.linalg.eigh(np.eye(len(own)) - hat[np.ix_(own, own)])
        adjust = vector @ np.diag(value**-0.5) @ vector.T
        meat += (x[own] @ adjust @ (y[own] - theta * x[own])) ** 2
        columns.append((np.eye(80) - hat)[:, own] @ adjust @ x[own])
    inner = np.column_stack(columns).T @ np.column_stack(columns)
    assert found.error == pytest.approx(np.sqrt(meat) / (x @ x))
    assert found.freedom == pytest.approx(np.trace(inner) ** 2 / np.trace(inner @ inner))


def test_cross_fitting_predicts_each_cluster_from_the_others():
    rng = np.random.default_rng(5)
    Z, cluster = rng.normal(size=(60, 2)), np.repeat(np.arange(5), 12)
    target = Z @ [1.0, -2.0] + 0.1 * rng.normal(size=60)
    before = held_out_fit(Z, target[:, None], cluster, 0)
    target[cluster == 2] += 0.5 * Z[cluster == 2, 0]
    after = held_out_fit(Z, target[:, None], cluster, 0)
    np.testing.assert_allclose(before[cluster == 2], after[cluster == 2])
    assert not np.allclose(before[cluster != 2], after[cluster != 2])


def test_a_lot_of_its_own_for_every_row_is_not_held_fixed_but_lots_of_three_are():
    rows = np.arange(60)
    contexts = pd.DataFrame({"row": rows.astype(str), "lot": (rows // 3).astype(str)})
    assert held_contexts(contexts) == ("lot",)


def test_many_small_lots_that_move_factor_and_target_alike_do_not_move_the_slope():
    rng = np.random.default_rng(6)
    lot = np.repeat(np.arange(150), 3)
    level = rng.normal(size=150)[lot]
    X = pd.DataFrame({"x": level + rng.normal(size=450), "z": rng.normal(size=450)})
    X.loc[::9, "z"] = np.nan
    y = 0.5 * X["x"] - 3 * level + X["z"].fillna(0.7) + 0.3 * rng.normal(size=450)
    naive, adjusted = effects(dataset(X, y, pd.DataFrame({"lot": lot})), "x")
    assert naive.slope < 0 and adjusted.low <= 0.5 <= adjusted.high and adjusted.claimed


def test_rows_without_the_factor_are_left_out_and_counted():
    rng = np.random.default_rng(7)
    X = pd.DataFrame({"x": rng.normal(size=120)})
    y = 2 * X["x"] + 0.1 * rng.normal(size=120)
    X.loc[:29, "x"] = np.nan
    _, adjusted = effects(dataset(X, y, pd.DataFrame({"m": np.arange(120) % 6})), "x")
    assert adjusted.rows == 90 and adjusted.slope == pytest.approx(2, abs=0.05)


def test_a_setting_that_acts_through_a_sensor_shows_its_whole_effect_beside_the_direct_one():
    rng = np.random.default_rng(8)
    setting = rng.normal(size=600)
    sensor = setting + 0.5 * rng.normal(size=600)
    X = pd.DataFrame({"set": setting, "read": sensor})
    data = dataset(
        X,
        1.0 * sensor + 0.1 * rng.normal(size=600),
        pd.DataFrame({"m": np.arange(600) % 8}),
        kinds={"set": "condition"},
    )
    _, adjusted = effects(data, "set")
    assert abs(adjusted.slope) < 0.1 and adjusted.without_readings == pytest.approx(1.0, abs=0.05)


def test_effects_of_equal_size_everywhere_do_not_disagree_and_unequal_ones_do():
    rng = np.random.default_rng(9)
    machine = np.repeat(np.arange(8), 40)
    X = pd.DataFrame({"x": rng.normal(size=320)})
    contexts, noise = pd.DataFrame({"m": machine}), 0.3 * rng.normal(size=320)
    _, alike = effects(dataset(X, X["x"] + noise, contexts), "x")
    _, unlike = effects(dataset(X, X["x"] * (machine - 3) + noise, contexts), "x")
    assert alike.i2 < 0.6 < 0.9 < unlike.i2
    found = {s.context: s for s in unlike.per_context}
    assert all(found[str(m)].low < m - 3 < found[str(m)].high for m in (0, 4, 7))


def test_placebos_shuffle_within_clusters_only():
    rng = np.random.default_rng(10)
    cluster = np.repeat(np.arange(6), 20)
    between = cluster - 2.5  # all of x and y is between clusters: no shuffle changes the slope
    assert placebo_share(between, between, cluster, draws=99, seed=0) is None
    x = rng.normal(size=120)
    assert placebo_share(x, x + 0.1 * rng.normal(size=120), cluster, draws=99, seed=0) == 0.01


def test_q_values_are_benjamini_hochberg_over_the_factors():
    rng = np.random.default_rng(11)
    X = pd.DataFrame(rng.normal(size=(240, 4)), columns=list("abcd"))
    y = X["a"] + 0.1 * X["b"] + rng.normal(size=240)
    data = dataset(X, y, pd.DataFrame({"m": np.arange(240) % 8}))
    plan = plan_splits(data, folds=5, seed=0)
    found = slopes(data, list("abcd"), plan.of(plan.headline), seed=0)
    p = {c: found[c].adjusted.p for c in "abcd"}
    for c in "abcd":
        written = min(p[o] * 4 / sum(p[r] <= p[o] for r in "abcd") for o in "abcd" if p[o] >= p[c])
        assert found[c].adjusted.q == pytest.approx(min(1.0, written))


def test_the_natural_step_is_declared_or_a_gap_or_one_two_five():
    normal = np.random.default_rng(0).normal(size=4000)
    assert natural_step(220 + 6 * normal) == 5.0
    assert natural_step(0.08 + 0.0018 * normal) == 0.002
    assert natural_step(np.array([1.0, 4.0, 4.0, np.nan])) == 3.0
    assert natural_step(normal, declared=0.25) == 0.25


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


def test_a_context_in_which_one_row_alone_makes_the_slope_has_none():
    rng = np.random.default_rng(9)
    unit = np.repeat([0, 1], 20)
    x, y = rng.normal(size=40), rng.normal(size=40)
    x[20:] = 0.0
    x[25] = 3.0
    found = context_slopes(x, y, unit, ["a", "b"])
    assert [one.context for one in found] == ["a"]
    assert np.isfinite([found[0].low, found[0].high]).all()


def test_two_slopes_are_compared_as_welch_compares_two_means():
    one, two = (ContextSlope("a", 1.2, 0, 0, 20, 0.3, 18.0), ContextSlope("b", 0.1, 0, 0, 9, 0.4, 7.0))
    v = (0.3**2, 0.4**2)
    freedom = (v[0] + v[1]) ** 2 / (v[0] ** 2 / 18 + v[1] ** 2 / 7)  # Welch and Satterthwaite
    written = 2 * stats.t.sf(1.1 / np.sqrt(v[0] + v[1]), freedom)
    assert equal_slopes([one, two]) == pytest.approx(written)
    assert equal_slopes([one]) is None


def test_one_slope_everywhere_is_seldom_called_different_even_with_few_noisy_rows():
    rng = np.random.default_rng(12)
    unit = np.repeat(np.arange(6), 12)
    scale = np.linspace(0.5, 3, 6)[unit]
    found = []
    for _ in range(300):
        x = rng.normal(size=72)
        y = 0.5 * x + scale * rng.normal(size=72)
        found.append(equal_slopes(context_slopes(x, y, unit, list("abcdef"))))
    assert np.mean(np.array(found) < 0.05) < 0.09


def test_a_batch_by_which_a_factor_acts_differently_is_named_with_its_slopes():
    rng = np.random.default_rng(13)
    machine, batch = np.repeat(np.arange(8), 40), np.tile([0, 1], 160)
    X = pd.DataFrame({"x": rng.normal(size=320), "z": rng.normal(size=320)})
    y = np.where(batch == 1, -1.0, 0.2) * X["x"] + 0.5 * X["z"] + 3.0 * batch + 0.5 * rng.normal(size=320)
    data = dataset(X, y, pd.DataFrame({"m": machine, "batch": batch}))
    plan = plan_splits(data, folds=5, seed=0)
    found = slopes(data, ["x", "z"], plan.of(plan.headline), seed=0)
    by = {one.column: one for one in found["x"].adjusted.modifiers}
    assert by["batch"].claimed and not by["m"].claimed
    assert [one.slope for one in by["batch"].slopes] == pytest.approx([0.2, -1.0], abs=0.15)
    assert all(one.low < truth < one.high for one, truth in zip(by["batch"].slopes, (0.2, -1.0), strict=True))
    assert not any(one.claimed for one in found["z"].adjusted.modifiers)


def test_inputs_coded_once_for_all_factors_equal_those_coded_for_one():
    rng = np.random.default_rng(5)
    X = pd.DataFrame({"a": rng.normal(size=90), "b": rng.normal(size=90), "c": rng.choice(["u", "v"], 90)})
    X.loc[3:7, "b"] = np.nan
    machine, lot = np.repeat(np.arange(5), 18), rng.integers(0, 6, 90)
    X["a"] += machine
    data = dataset(X, rng.normal(size=90), pd.DataFrame({"m": machine, "l": lot}))
    every = np.ones(90, dtype=bool)
    shared = OtherInputs.of(data)
    for known in (every, np.isfinite(X["b"].to_numpy())):
        labels = context_labels(data, known)
        alone = demeaned(other_inputs(X.loc[known, ["b", "c"]]), labels)
        np.testing.assert_allclose(shared.of_rows(known, ["b", "c"], labels), alone, atol=1e-8)
