"""Ridge, PLS and the linear design against their written formulas."""

import numpy as np
import pandas as pd

from tabcouce.models import LinearModel
from tabcouce.models.linear import RIDGE_PENALTIES, _pls_path
from tabcouce.models.scaling import FAR, RobustScale


def test_the_ridge_penalty_has_the_least_leave_one_out_error_by_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    n, p = 40, 6
    X = pd.DataFrame(rng.normal(size=(n, p)), columns=list("abcdef"))
    y = X["a"].to_numpy() + rng.normal(size=n)
    model = LinearModel().fit(X, y)
    Z = model.design_(X)
    errors = []
    for penalty in RIDGE_PENALTIES:
        total = 0.0
        for i in range(n):
            keep = np.arange(n) != i
            zm, ym = Z[keep].mean(axis=0), y[keep].mean()
            A = (Z[keep] - zm).T @ (Z[keep] - zm) + penalty * np.eye(p)
            w = np.linalg.solve(A, (Z[keep] - zm).T @ (y[keep] - ym))
            total += (y[i] - ym - (Z[i] - zm) @ w) ** 2
        errors.append(total)
    assert model.kind_ == "ridge"
    assert model.strength_ == RIDGE_PENALTIES[int(np.argmin(errors))]


def test_the_pls_path_equals_written_nipals_deflation() -> None:
    rng = np.random.default_rng(1)
    Z, y = rng.normal(size=(15, 8)) + 3.0, rng.normal(size=15) + 5.0
    path = _pls_path(Z, y, 4)
    E, f = Z - Z.mean(axis=0), y - y.mean()
    prediction = np.full(15, y.mean())
    for a in range(4):
        w = E.T @ f
        w /= np.linalg.norm(w)
        t = E @ w
        E, q = E - np.outer(t, E.T @ t) / (t @ t), f @ t / (t @ t)
        prediction, f = prediction + q * t, f - q * t
        np.testing.assert_allclose(path.predict(Z)[:, a], prediction, atol=1e-8)


def test_pls_finds_a_small_analyte_in_wide_collinear_spectra() -> None:
    rng = np.random.default_rng(2)
    wave = np.linspace(0, 1, 300)
    bands = np.stack([np.exp(-((wave - c) ** 2) / 0.01) for c in (0.3, 0.35, 0.7)])
    amount = rng.random((60, 3)) * [10.0, 1.0, 5.0]
    spectra = amount @ bands + 1e-3 * rng.normal(size=(60, 300))
    X = pd.DataFrame(spectra, columns=[f"{1100 + 2 * j} nm" for j in range(300)])
    y = amount[:, 1]
    model = LinearModel().fit(X[:40], y[:40])
    error = y[40:] - model.estimate(X[40:])
    assert model.kind_ == "pls"
    assert 1 - error.var() / y[40:].var() > 0.98


def test_the_straight_scale_is_an_exact_line_for_normal_readings_and_cuts_far_ones() -> None:
    rng = np.random.default_rng(3)
    A = rng.normal(size=(200, 3)) * [1.0, 1e-4, 1e6] + [0.0, 5.0, -1e7]
    scale = RobustScale.of(A)
    np.testing.assert_array_equal(scale.straight(A), (A - scale.centre) * scale.factor)
    A[:3, 0] = 500.0, -1e33, np.inf
    assert scale.straight(A)[:3, 0].tolist() == [FAR, 0.0, 0.0]


def test_a_blank_adds_a_flag_that_can_carry_the_effect_of_being_blank() -> None:
    rng = np.random.default_rng(4)
    X = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    blank = rng.random(200) < 0.3
    X.loc[blank, "a"] = np.nan
    y = 3.0 * blank + X["b"].to_numpy()
    model = LinearModel().fit(X, y)
    assert model.design_.columns.flagged.tolist() == [0]
    np.testing.assert_allclose(model.estimate(X), y, atol=0.1)
