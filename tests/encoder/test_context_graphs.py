"""Graph kinds of context columns, overlap and random slopes."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.overlap import overlap
from tabcouce.encoder.random_slopes import random_slopes, shrunken_singular_values
from tabcouce.errors import FitError
from tabcouce.simulation import effect_modifier, target_offset

SMALL = {"members": 2, "epochs": 4, "width": 16, "threads": 1}


def test_overlap_is_the_share_of_rows_whose_neighbours_come_from_two_contexts():
    rng = np.random.default_rng(0)
    x, context = rng.standard_normal((90, 2)), np.repeat([0, 1, 2], 30)
    x[context == 2] += 40.0  # clipped to the edge of what counts, still its own place
    x[context == 2] *= 0.01
    x[context == 2] += 2.9
    share = []
    for i in range(90):
        distance = [
            np.inf if j == i else np.linalg.norm(np.clip(x[i], -3, 3) - np.clip(x[j], -3, 3))
            for j in range(90)
        ]
        share.append(len({context[j] for j in np.argsort(distance)[:10]}) > 1)
    assert overlap(x, context, seed=0) == pytest.approx(np.mean(share), abs=1e-12)
    assert 0.3 < np.mean(share) < 0.9
    assert overlap(x, np.zeros(90, dtype=np.int64), seed=0) is None


def far_apart():
    rng = np.random.default_rng(1)
    machine = np.arange(120) % 4
    X = pd.DataFrame({"a": rng.standard_normal(120) + 50 * machine, "b": rng.standard_normal(120)})
    return X, X["a"].to_numpy() + rng.standard_normal(120), pd.DataFrame({"machine": machine.astype(str)})


def test_the_do_claim_is_refused_where_machines_never_run_at_the_same_point():
    X, y, context = far_apart()
    model = CouceRegressor(**SMALL).fit(X, y, context)
    assert model.overlap_ < 0.3 and "no-overlap" in model.notes_
    with pytest.raises(FitError, match="neighbours from two contexts"):
        model.predict_do(X)
    assert np.isfinite(model.predict(X)).all(), "prediction makes no such claim"
    with pytest.raises(FitError):
        CouceRegressor.from_state(model.state()).predict_do(X)
    # A column declared as a proxy gives the machine away by definition and is no input to meet in.
    met = CouceRegressor(**SMALL, proxy_columns=("a",)).fit(X, y, context)
    assert met.overlap_ > 0.9 and np.isfinite(met.predict_do(X)).all()


def test_a_context_that_only_changes_the_measurement_gets_no_effect_of_its_own():
    process = target_offset(seed=0, rows=200, contexts=4)
    context = process.context.assign(gauge=np.where(np.arange(200) % 3, "old", "new"))
    model = CouceRegressor(**SMALL, view="do", graphs={"gauge": "measurement", "machine": "common_cause"})
    model.fit(process.X, process.y, context)
    assert model.levels_.names == ("machine",)
    other = context.assign(gauge="unheard of")
    np.testing.assert_array_equal(model.predict(process.X, context), model.predict(process.X, other))
    alone = CouceRegressor(**SMALL, view="do", graphs={"machine": "measurement"})
    alone.fit(process.X, process.y, process.context)
    np.testing.assert_array_equal(alone.predict(process.X, process.context), alone.predict(process.X))


def test_an_unknown_kind_of_graph_is_refused():
    process = target_offset(seed=0, rows=60, contexts=4)
    with pytest.raises(ValueError, match="graphs"):
        CouceRegressor(graphs={"machine": "confounder"}).fit(process.X, process.y, process.context)


def slope_data(rng, strength, groups=20, rows=80, p=6):
    group = np.repeat(np.arange(groups), rows)
    x = rng.standard_normal((groups * rows, p)) + 0.5 * rng.standard_normal((groups, p))[group]
    direction = np.array([1.0, -1.0, 0, 0, 0, 0]) / np.sqrt(2)
    code = strength * rng.standard_normal(groups)
    code -= code.mean()
    slopes = code[:, None] * direction
    residual = ((x - x.mean(0)) * slopes[group]).sum(1) + 0.5 * rng.standard_normal(len(group))
    return x, residual, group, slopes, direction


def test_random_slopes_find_the_one_direction_in_which_machines_differ():
    rng = np.random.default_rng(2)
    x, residual, group, slopes, _ = slope_data(rng, 0.6)
    found = random_slopes(x, residual, group[:, None], 0, 20)
    np.testing.assert_allclose(found.atoms @ found.atoms.T, np.eye(len(found.atoms)), atol=1e-12)
    got = found.codes[:20] @ found.atoms @ found.whiten.T
    assert np.corrcoef(got[:, 0], slopes[:, 0])[0, 1] > 0.95
    assert np.mean((got - slopes) ** 2) < 0.1 * np.mean(slopes**2)
    np.testing.assert_allclose(found.spread[:2], np.sqrt((slopes**2).mean(0))[:2], rtol=0.15)
    # Mean code zero: the sum over contexts is f itself.
    total = sum(found.shift(x, np.full((len(x), 1), k)) for k in range(20))
    np.testing.assert_allclose(total / 20, 0.0, atol=1e-10)
    # A machine never seen has no slope of its own.
    assert not found.shift(x, np.full((len(x), 1), 20)).any()
    moved = residual - found.shift(x, group[:, None])
    assert np.var(moved) < 0.75 * np.var(residual)


def test_slopes_of_pure_noise_and_of_few_rows_are_not_invented():
    empty = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, residual, group, _, _ = slope_data(rng, 0.0)
        empty += random_slopes(x, residual, group[:, None], 0, 20) is None
    assert empty >= 14, "the noise edge is passed by chance now and then, by little"
    x, residual, group, _, _ = slope_data(np.random.default_rng(0), 2.0, rows=40)
    assert random_slopes(x, residual, group[:, None], 0, 20) is None


def test_shrinkage_of_singular_values_is_none_far_above_the_noise_and_all_below_its_edge():
    shape = (30, 10)
    edge = np.sqrt(30) + np.sqrt(10)
    assert shrunken_singular_values(np.array([edge * 0.99]), shape)[0] == 0.0
    assert shrunken_singular_values(np.array([1e4]), shape)[0] == pytest.approx(1e4, rel=1e-4)
    # The best shrinkage in squared error, found by search on simulated matrices.
    rng = np.random.default_rng(3)
    signal = 12.0
    u, v = np.zeros(30), np.zeros(10)
    u[0] = v[0] = 1.0
    best, value = [], []
    for _ in range(300):
        U, s, Vt = np.linalg.svd(signal * np.outer(u, v) + rng.standard_normal(shape), full_matrices=False)
        best.append(signal * U[0, 0] * Vt[0, 0])
        value.append(shrunken_singular_values(s[:1], shape)[0])
    assert np.mean(value) == pytest.approx(np.mean(best), rel=0.03)


def test_a_declared_modifier_predicts_its_known_machines_better_and_names_the_input():
    seen = effect_modifier(seed=0, rows=1200, contexts=12)
    train = np.arange(1200) < 900  # machines take turns row by row
    errors = {}
    for graph in ("common_cause", "modifier"):
        model = CouceRegressor(epochs=16, width=32, members=2, threads=1, graphs={"machine": graph})
        model.fit(seen.X[train], seen.y[train], seen.context[train])
        error = model.predict(seen.X[~train], seen.context[~train]) - seen.y[~train]
        errors[graph] = float(np.sqrt(np.mean(error**2)))
        if graph == "modifier":
            spread = model.heterogeneity_
            assert max(spread, key=spread.get) == seen.X.columns[0]
            again = CouceRegressor.from_state(model.state())
            np.testing.assert_allclose(
                again.predict(seen.X, seen.context), model.predict(seen.X, seen.context), atol=1e-4
            )
        else:
            assert model.heterogeneity_ == {}
    assert errors["modifier"] < 0.85 * errors["common_cause"]
