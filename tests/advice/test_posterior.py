"""The kernel posterior against scikit-learn's Gaussian process and plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from tabcouce.advice.posterior import Posterior, Runs, Shape, choose_shape, membership
from tabcouce.models.feature_machine import CONSTANT, Metric


def some_runs(n=25, contexts=0, seed=0):
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, 3))
    code = np.zeros((n, 0), np.int64) if not contexts else rng.integers(0, contexts, (n, 1))
    y = 5 + 2 * Z[:, 0] + np.sin(2 * Z[:, 1]) + rng.normal(0, 0.05, n)
    return Runs(Z, y + (3.0 * code[:, 0] if contexts else 0.0), membership(code))


def test_mean_and_deviation_equal_those_of_scikit_learn():
    runs = some_runs()
    shape = Shape(Metric(np.ones(3), 1.7, 0.0), 0.05)
    found = Posterior.of(runs, shape)
    new = np.random.default_rng(1).normal(size=(7, 3))
    # Matern 1/2 is the Laplace kernel; the constant's variance is CONSTANT.
    kernel = Matern(1.7, "fixed", nu=0.5) + CONSTANT
    oracle = GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None)
    oracle.fit(runs.Z, (runs.y - found.centre) / found.scale)
    mean, sd = oracle.predict(new, return_std=True)
    told_mean, told_sd = found.at(new)
    assert told_mean == pytest.approx(found.centre + found.scale * mean, rel=1e-6)
    assert told_sd == pytest.approx(found.scale * np.sqrt(found.amplitude) * sd, rel=1e-5)


def test_the_amplitude_maximises_the_density_of_left_out_runs():
    runs = some_runs(12)
    shape = Shape(Metric(np.ones(3), 2.0, 1.0), 0.1)
    found = Posterior.of(runs, shape)

    def density(amplitude):
        total = 0.0
        y = (runs.y - found.centre) / found.scale
        for i in range(len(y)):
            rest = np.arange(len(y)) != i
            K = shape.metric.kernel(runs.Z[rest], runs.Z[rest]) + 0.1 * np.eye(rest.sum())
            k = shape.metric.kernel(runs.Z[[i]], runs.Z[rest])[0]
            own = shape.metric.kernel(runs.Z[[i]], runs.Z[[i]])[0, 0] + 0.1
            mean, var = k @ np.linalg.solve(K, y[rest]), own - k @ np.linalg.solve(K, k)
            total -= 0.5 * (np.log(amplitude * var) + (y[i] - mean) ** 2 / (amplitude * var))
        return total

    there = density(found.amplitude)
    assert there > density(0.9 * found.amplitude)
    assert there > density(1.1 * found.amplitude)


def test_a_believed_run_leaves_the_mean_and_takes_the_doubt_away():
    runs = some_runs()
    found = Posterior.of(runs, choose_shape(runs))
    z = np.array([2.0, -2.0, 2.0])
    before, after = found.at(z[None]), found.believing(z).at(z[None])
    assert after[0] == pytest.approx(before[0], rel=1e-6)
    assert after[1] < 0.9 * before[1]


def test_with_offsets_between_contexts_the_slope_is_that_within_them():
    runs = some_runs(80, contexts=4)
    number = runs.member @ np.arange(4)
    # Higher contexts run at higher settings and give less: over all rows the slope is too flat.
    slanted = replace(runs, Z=runs.Z + np.array([1.5, 0, 0]) * number[:, None], y=runs.y - 3.0 * number)
    blind = replace(slanted, member=np.zeros((80, 0)))
    two = np.array([[1.5, 0, 0], [3.5, 0, 0]])
    adjusted, naive = (
        np.diff(Posterior.of(rows, choose_shape(rows)).at(two)[0])[0] / 2 for rows in (slanted, blind)
    )
    assert naive < 1.3
    assert adjusted == pytest.approx(2.0, abs=0.25)


def test_the_prediction_is_the_mean_over_the_contexts_and_its_doubt_is_honest():
    rng = np.random.default_rng(2)
    code = np.column_stack([rng.integers(0, 3, 60), rng.integers(0, 2, 60)])
    Z = rng.normal(size=(60, 2))
    y = Z[:, 0] + 2.0 * code[:, 0] - 5.0 * code[:, 1] + rng.normal(0, 0.05, 60)
    found = Posterior.of(Runs(Z, y, membership(code)), Shape(Metric(np.ones(2), 6.0, 1.0), 1e-3, 3.0))
    assert found.average == pytest.approx(np.array([[1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2]]))
    new = rng.normal(size=(40, 2)) * 0.7
    mean, sd = found.at(new)
    error = mean - (new[:, 0] + 2.0 - 2.5)
    assert abs(error.mean()) < 0.1
    assert 0.3 < np.sqrt(np.mean((error / sd) ** 2)) < 2.0


def test_sets_of_settings_share_the_covariance_that_one_large_solve_gives():
    rng = np.random.default_rng(4)
    Z = rng.normal(size=(20, 3))
    machine = np.arange(20) % 4
    y = Z[:, 0] + np.array([0.0, 3.0, -2.0, 1.0])[machine] + 0.1 * rng.normal(size=20)
    runs = Runs(Z, y, membership(machine[:, None]))
    shape = Shape(Metric(np.array([1.5, 1.0, 0.5]), 2.0, 1.0), 0.05, 0.3)
    posterior = Posterior.of(runs, shape)
    sets = rng.normal(size=(3, 2, 3))
    sets[2, 1] = sets[2, 0]
    mean, cover = posterior.jointly(sets)
    system = (
        shape.metric.kernel(Z, Z) + 0.3 * (machine[:, None] == machine[None]) + 0.05 * np.eye(20)
    )  # each new setting belongs to all four machines by a quarter
    for b in range(3):
        near = shape.metric.kernel(sets[b], Z) + 0.3 / 4
        own = shape.metric.kernel(sets[b], sets[b]) + 0.3 / 4
        due = own - near @ np.linalg.solve(system, near.T)
        np.testing.assert_allclose(cover[b], posterior.amplitude * y.std() ** 2 * due, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(mean[b], posterior.at(sets[b])[0], rtol=1e-9)
        np.testing.assert_allclose(np.sqrt(np.diag(cover[b])), posterior.at(sets[b])[1], rtol=1e-5)
