"""Accumulated effects, what-if grids, groups and pairs, on models whose form is written down."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_effects import dataset

from tabcouce.explanation.accumulated import accumulated_effect
from tabcouce.explanation.factor import Attribution
from tabcouce.explanation.joint_reading import read
from tabcouce.explanation.together import column_groups, pair_effects
from tabcouce.explanation.what_if import grid_ends, profiler
from tabcouce.splits import plan_splits


@dataclass(frozen=True)
class Written:
    """A model that is a formula."""

    formula: object

    def estimate(self, X, context=None):
        return np.asarray(self.formula(X), float)


def setting(formula, X, contexts=6):
    machine = pd.DataFrame({"m": np.arange(len(X)) % contexts})
    data = dataset(X, np.zeros(len(X)) + np.arange(len(X)), machine)
    plan = plan_splits(data, folds=5, seed=0)
    split = plan.of(plan.headline)
    return SimpleNamespace(fitted=tuple(Written(formula) for _ in split.folds)), data, split


def correlated(n=1200, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame({"x": x, "z": x + 0.1 * rng.normal(size=n), "w": rng.normal(size=n)})


def test_the_curve_of_an_additive_model_is_its_own_term_also_among_correlated_columns():
    trial, data, split = setting(lambda X: X["x"] ** 2 - 3 * X["z"] + X["w"], correlated())
    curve = accumulated_effect(trial, data, split, "x", seed=0)
    np.testing.assert_allclose(np.diff(curve.effect), np.diff(curve.edges**2), atol=1e-9)


def test_an_interaction_is_averaged_over_the_rows_that_lie_near_not_over_absurd_ones():
    X = correlated()
    trial, data, split = setting(lambda X: X["x"] * X["z"], X)
    curve = accumulated_effect(trial, data, split, "x", seed=0)
    values = X["x"].to_numpy()
    for k in range(len(curve.edges) - 1):
        near = (values > curve.edges[k]) & (values <= curve.edges[k + 1])
        near |= (k == 0) & (values == curve.edges[0])
        step = (curve.edges[k + 1] - curve.edges[k]) * X["z"][near].mean()
        assert curve.effect[k + 1] - curve.effect[k] == pytest.approx(step)


def test_the_mean_of_the_curve_over_the_rows_is_zero_and_each_context_has_its_line():
    trial, data, split = setting(lambda X: 2 * X["x"], correlated(), contexts=5)
    curve = accumulated_effect(trial, data, split, "x", seed=0)
    assert set(curve.per_context) == set(split.units)
    for line in curve.per_context.values():
        known = np.isfinite(line)
        np.testing.assert_allclose(line[known], curve.effect[known], atol=0.2)
    place = np.clip(np.searchsorted(curve.edges, data.X["x"], side="left") - 1, 0, 15)
    assert np.mean((curve.effect[place] + curve.effect[place + 1]) / 2) == pytest.approx(0, abs=1e-9)


def test_where_only_one_context_has_rows_the_curve_is_not_supported():
    X = correlated(300)
    X["x"] = np.where(np.arange(300) % 6 == 2, X["x"] + 20, X["x"])
    trial, data, split = setting(lambda X: X["x"], X)
    curve = accumulated_effect(trial, data, split, "x", seed=0)
    assert not curve.supported[curve.edges[:-1] > 10].any()
    assert curve.supported[(curve.edges[1:] > -1) & (curve.edges[1:] < 1)].all()
    other = next(line for name, line in curve.per_context.items() if name != "2")
    assert np.isnan(other[-1]) and np.isfinite(curve.per_context["2"][-1])


def test_a_category_has_no_curve():
    X = correlated(120).assign(grade=pd.Categorical(["a", "b"] * 60))
    trial, data, split = setting(lambda X: X["x"], X)
    assert accumulated_effect(trial, data, split, "grade", seed=0) is None


def test_what_if_moves_one_column_and_marks_what_no_row_is_near():
    X = correlated(400)
    trial, data, split = setting(lambda X: X["x"] + 10 * X["w"], X)
    found = profiler(trial.fitted[0], data, ["x", "w"], split.unit)
    grid = found.factors[0]
    own = data.X.iloc[found.rows]
    for r in range(len(found.rows)):
        np.testing.assert_allclose(grid.prediction[r], grid.values + 10 * own["w"].iloc[r])
    assert found.prediction == pytest.approx((own["x"] + 10 * own["w"]).to_numpy())
    assert grid.outside[:, [0, -1]].all()  # x and z go together: x alone cannot leave
    nearest = np.abs(grid.values - grid.start[0]).argmin()
    assert not grid.outside[0, nearest]


def read_at(found, r, at):
    return read(
        [f.values for f in found.factors],
        [f.prediction[r] for f in found.factors],
        [(p.first, p.second, p.prediction[r]) for p in found.joint.pairs],
        found.joint.every,
        np.array([f.start[r] for f in found.factors]),
        float(found.prediction[r]),
        np.asarray(at, float),
    )


def test_factors_moved_at_once_are_read_as_the_model_predicts_them_where_pairs_make_it():
    X = correlated(400)
    made = setting(lambda X: 2 * X["x"] - X["z"] + 3 * X["x"] * X["w"], X)
    found = profiler(made[0].fitted[0], made[1], ["x", "z", "w"], made[2].unit)
    for r in range(len(found.rows)):
        own = made[1].X.iloc[found.rows[r]]
        assert read_at(found, r, own[["x", "z", "w"]]) == pytest.approx(found.prediction[r])
        for x, z, w in ((0.3, -0.4, 0.9), (-1.0, 0.2, 0.1)):
            assert read_at(found, r, (x, z, w)) == pytest.approx(2 * x - z + 3 * x * w, abs=1e-8)
    assert found.joint.error == pytest.approx(0, abs=1e-8)


def test_what_three_factors_do_together_is_told_as_the_error_of_the_reading():
    X = correlated(400)
    trial, data, split = setting(lambda X: X["x"] * X["z"] * X["w"], X)
    found = profiler(trial.fitted[0], data, ["x", "z", "w"], split.unit)
    own = data.X.iloc[found.rows[0]]
    at = own[["x", "z", "w"]] + [0.5, 0.5, 0.5]
    # What the pairs miss is the product of the three moves.
    missed = at["x"] * at["z"] * at["w"] - read_at(found, 0, at)
    assert missed == pytest.approx(0.125, abs=1e-8)
    assert found.joint.error > 0.1


def test_columns_that_move_together_leave_the_data_apart_but_not_at_once():
    X = correlated(400)
    trial, data, split = setting(lambda X: X["x"], X)
    found = profiler(trial.fitted[0], data, ["x", "z"], split.unit)
    (pair,) = found.joint.pairs
    m = pair.outside.shape[1]
    assert pair.outside[0, 2, m - 3] and pair.outside[0, m - 3, 2]
    assert not pair.outside[0, 2, 2] and not pair.outside[0, m - 3, m - 3]


def test_columns_that_move_together_are_one_group_with_one_importance():
    _, data, split = setting(lambda X: X["x"], correlated(200))
    values = np.column_stack([data.X["x"], -0.5 * data.X["x"], data.X["w"]])
    rows = np.arange(200)
    attribution = Attribution("m", ("x", "z", "w"), values, np.zeros(200), rows, rows % 5, 0.0, "")
    (group,) = column_groups(data, split, attribution)
    assert group.columns == ("x", "z")
    assert group.importance == pytest.approx(0.5 * np.abs(data.X["x"]).mean())


def test_pairs_that_add_up_have_no_interaction_and_products_have_the_written_one():
    X = correlated(600)
    trial, data, split = setting(lambda X: 5 * X["x"] + X["w"] * X["z"], X)
    found = {(p.first, p.second): p for p in pair_effects(trial, data, split, ["x", "z", "w"], seed=0)}
    assert found["x", "z"].size == pytest.approx(0, abs=1e-9)
    assert found["x", "w"].size == pytest.approx(0, abs=1e-9)
    # |dw dz| of independent normal differences with variances 2 and 2.02: 2 / pi times both spreads
    assert found["z", "w"].size == pytest.approx(2 / np.pi * np.sqrt(2 * 2.02), rel=0.15)


def test_one_glitched_cell_does_not_stretch_the_what_if_grid():
    known = np.random.default_rng(0).normal(10, 1, 146)
    clean = grid_ends(known)
    known[7] = 1e26
    low, high = grid_ends(known)
    assert low == pytest.approx(clean[0], abs=0.3) and high < 17


def test_a_column_with_one_common_value_keeps_its_whole_range():
    known = np.r_[np.zeros(97), [1.0, 2.0, 3.0]]
    low, high = grid_ends(known)
    assert low == 0 and high == pytest.approx(np.quantile(known, 0.995))


def test_a_setting_with_two_levels_has_a_curve_of_its_step():
    X = pd.DataFrame({"x": np.tile([-1.0, 1.0], 60), "z": np.linspace(0, 1, 120)})
    trial, data, split = setting(lambda X: 3 * X["x"] + X["z"], X)
    curve = accumulated_effect(trial, data, split, "x", seed=0)
    assert curve.edges.tolist() == [-1.0, 1.0] and np.diff(curve.effect) == pytest.approx([6.0])
