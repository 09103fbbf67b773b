"""The share of a prediction's distance from the mean that left-out contexts confirm."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import t as student

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.calibration_slope import CalibrationSlope
from tabcouce.encoder.couce import CouceEstimator

SMALL = {"members": 3, "epochs": 6, "width": 16, "embedding": 8, "threads": 1}


def contexts(slope: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions, targets about `slope` times them, and eight contexts of unequal size and mean."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(8), [9, 14, 20, 11, 30, 17, 25, 12])
    prediction = rng.normal(size=len(unit)) + np.linspace(-1, 1, 8)[unit]
    return prediction, slope * prediction + rng.normal(scale=0.3, size=len(unit)), unit


def test_values_are_shrunk_by_the_upper_bound_of_the_regression_through_the_mean():
    prediction, y, unit = contexts(0.3)
    found = CalibrationSlope.of(prediction[:, None], y, unit, 0)
    d, e = prediction - y.mean(), y - y.mean()
    A = np.array([np.mean(d[unit == g] ** 2) for g in range(8)])
    B = np.array([np.mean(d[unit == g] * e[unit == g]) for g in range(8)])
    slope = B.sum() / A.sum()
    error = np.sqrt(8 / 7 * np.sum((slope * A - B - np.mean(slope * A - B)) ** 2)) / A.sum()
    reach = student.ppf(0.975, 7) * error
    assert found.share == pytest.approx(slope + reach)
    assert 0.3 < found.share < 0.6
    for g in range(8):
        rest = np.arange(8) != g
        own = y.mean() + (B[rest].sum() / A[rest].sum() + reach) * d[unit == g]
        np.testing.assert_allclose(found.left_out[unit == g, 0], own)


def test_log_odds_are_shrunk_towards_the_frequencies_of_the_classes():
    rng = np.random.default_rng(3)
    unit, score = np.repeat(np.arange(10), 30), rng.normal(scale=2.0, size=(300, 3))
    y = np.array([rng.choice(3, p=np.exp(row)) for row in log_softmax(0.2 * score, axis=1)])
    found = CalibrationSlope.of(np.exp(log_softmax(score, axis=1)), y.astype(float), unit, 3)
    count = np.bincount(y, minlength=3) + 0.5
    d = log_softmax(score, axis=1) - np.log(count / count.sum())

    def loss(s: float) -> float:
        return -log_softmax(np.log(count / count.sum()) + s * d, axis=1)[np.arange(300), y].sum()

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded").x
    assert best < found.share < best + 0.2
    np.testing.assert_allclose(found.left_out.sum(axis=1), 1.0)


def test_a_prediction_that_contexts_confirm_and_one_that_few_contexts_judge_stay_as_they_are():
    prediction, y, unit = contexts(1.0)
    assert CalibrationSlope.of(prediction[:, None], y, unit, 0).share == 1.0
    prediction, y, unit = contexts(0.0)
    few = CalibrationSlope.of(prediction[:, None], y, np.minimum(unit, 1), 0)
    assert few.share == 1.0 and (few.left_out[:, 0] == prediction).all()


def noise_table() -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(160, 8)), columns=list("abcdefgh"))
    machine = np.arange(160) % 8
    return X, rng.normal(size=160), pd.DataFrame({"machine": [f"M{k}" for k in machine]})


def test_inputs_that_say_nothing_are_hardly_believed_and_the_saved_model_agrees():
    X, y, context = noise_table()
    model = CouceRegressor(**SMALL | {"epochs": 40}).fit(X[:80], y[:80], context[:80])
    assert model.calibration_slope_ < 0.5
    assert np.var(model.predict(X[80:])) < 0.1 * np.var(y)
    again = CouceEstimator.from_state.__func__(CouceRegressor, model.state())
    np.testing.assert_allclose(again.predict(X), model.predict(X))


def test_a_shrunken_answer_is_the_plain_one_moved_towards_the_centre():
    X, y, context = noise_table()
    view = CouceRegressor(**SMALL).fit(X, y, context).adjusted_
    u = np.random.default_rng(0).normal(size=(5, view.net.shape.inputs))
    near = view.shrunk(0.25, np.array([2.0]))
    np.testing.assert_allclose(near.plain(u), 2.0 + 0.25 * (view.plain(u) - 2.0))
