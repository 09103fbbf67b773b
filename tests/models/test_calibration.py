"""Shots: variance components and shrunken offsets against plain loops and grids."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tabcouce.models import ConstantModel, LinearModel
from tabcouce.models.calibration import NO_PRIOR, ShotOffset, ShotPrior, calibrated

UNIT = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2])
RESIDUAL = np.array([1.0, 1.4, 0.9, -2.0, -1.7, 0.2, 0.1, 0.4, -0.3, 0.2])


def test_variance_components_equal_the_analysis_of_variance_written_in_loops() -> None:
    groups = [[float(r) for r, u in zip(RESIDUAL, UNIT, strict=True) if u == g] for g in range(3)]
    n = len(RESIDUAL)
    means = [sum(group) / len(group) for group in groups]
    grand = sum(RESIDUAL) / n
    within = sum((r - m) ** 2 for group, m in zip(groups, means, strict=True) for r in group) / (n - 3)
    between = sum(len(group) * (m - grand) ** 2 for group, m in zip(groups, means, strict=True)) / 2
    n0 = (n - sum(len(group) ** 2 for group in groups) / n) / 2
    prior = ShotPrior.of_values(RESIDUAL, UNIT)
    assert prior.within == pytest.approx(within)
    assert prior.between == pytest.approx((between - within) / n0)
    assert prior.units == 3


def test_rows_without_a_left_out_prediction_count_for_nothing() -> None:
    padded = np.append(RESIDUAL, [np.nan, np.nan])
    assert ShotPrior.of_values(padded, np.append(UNIT, [0, 7])) == ShotPrior.of_values(RESIDUAL, UNIT)


def test_contexts_that_differ_by_less_than_noise_move_nothing() -> None:
    residual = np.array([-1.0, 1.0, -1.1, 1.1, -0.9, 0.9])
    prior = ShotPrior.of_values(residual, np.array([0, 0, 1, 1, 2, 2]))
    assert prior.between == 0.0
    assert ShotOffset.of_values(np.array([9.0, 9.0]), np.zeros(2), prior).shift == 0.0


def test_the_components_come_back_from_simulated_contexts() -> None:
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(400), rng.integers(2, 12, 400))
    residual = rng.normal(0, 1.5, 400)[unit] + rng.normal(0, 0.8, len(unit))
    prior = ShotPrior.of_values(residual, unit)
    assert math.sqrt(prior.between) == pytest.approx(1.5, rel=0.1)
    assert math.sqrt(prior.within) == pytest.approx(0.8, rel=0.05)


def test_the_offset_is_the_mean_residual_shrunk_by_the_number_of_shots() -> None:
    prior = ShotPrior(within=4.0, between=2.0, units=5)
    y, prediction = np.array([5.0, 6.0, 10.0]), np.array([4.0, 4.0, 4.0])
    shift = ShotOffset.of_values(y, prediction, prior).shift
    assert shift == pytest.approx(3 / (3 + 4.0 / 2.0) * 3.0)
    assert ShotOffset.of_values(np.zeros(0), np.zeros(0), prior).shift == 0.0


def test_the_shrunken_offset_beats_none_and_the_plain_mean_on_new_contexts() -> None:
    rng = np.random.default_rng(1)
    prior = ShotPrior(within=1.0, between=0.25, units=50)
    level = rng.normal(0, 0.5, 4000)
    shots = level[:, None] + rng.normal(0, 1.0, (4000, 5))
    shrunk = [float(ShotOffset.of_values(row, np.zeros(5), prior).shift) for row in shots]
    error = np.mean((np.array(shrunk) - level) ** 2)
    assert error < min(np.mean(level**2), np.mean((shots.mean(axis=1) - level) ** 2))


def test_the_shift_of_classes_is_the_most_probable_one_of_a_grid() -> None:
    prior = ShotPrior(float("nan"), 0.7, 6)
    probability = np.array([[0.8, 0.2], [0.6, 0.4], [0.7, 0.3]])
    y = np.array([1.0, 1.0, 0.0])
    best, most = 0.0, -math.inf
    for step in range(-4000, 4001):
        d = step / 1000  # shift of the log-odds
        value = -d * d / (2 * 0.7)
        for p, label in zip(probability, y, strict=True):
            odds = math.log(p[1] / p[0]) + d
            value += -math.log1p(math.exp(-odds)) if label == 1 else -math.log1p(math.exp(odds))
        if value > most:
            best, most = d, value
    shift = ShotOffset.of_classes(y, probability, prior).shift
    assert shift[1] - shift[0] == pytest.approx(best, abs=2e-3)
    moved = ShotOffset(shift)(probability)
    assert moved.sum(axis=1) == pytest.approx(1.0)
    assert np.log(moved[:, 1] / moved[:, 0]) - np.log(probability[:, 1] / probability[:, 0]) == pytest.approx(
        best, abs=2e-3
    )


def test_the_spread_of_log_odds_comes_back_from_simulated_contexts() -> None:
    rng = np.random.default_rng(2)
    unit = np.repeat(np.arange(300), 60)
    odds = rng.normal(0, 1.0, 300)[unit]
    y = (rng.random(len(unit)) < 1 / (1 + np.exp(-odds))).astype(float)
    prior = ShotPrior.of_classes(y, np.full((len(y), 2), 0.5), unit)
    assert prior.between == pytest.approx(1.0, rel=0.25)


def _two_contexts() -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"温度[℃]": rng.normal(size=60)})
    return X, 2.0 * X["温度[℃]"].to_numpy() + np.repeat([0.0, 5.0], 30)


def test_any_fitted_model_is_moved_and_left_alone_without_a_prior() -> None:
    X, y = _two_contexts()
    model = LinearModel().fit(X.iloc[:30], y[:30])
    few, prior = slice(30, 35), ShotPrior(1.0, 9.0, 4)
    moved = calibrated(model, X.iloc[few], y[few], prior)
    expected = 5 / (5 + 1 / 9) * np.mean(y[few] - model.estimate(X.iloc[few]))
    assert moved.estimate(X) == pytest.approx(model.estimate(X) + expected)
    assert calibrated(model, X.iloc[few], y[few], NO_PRIOR).estimate(X) == pytest.approx(model.estimate(X))


def test_a_class_that_the_model_never_saw_is_passed_over() -> None:
    X = pd.DataFrame({"x": np.arange(6.0)})
    model = ConstantModel("classification").fit(X, np.array([0.0, 0.0, 2.0, 2.0, 2.0, 0.0]))
    prior = ShotPrior(float("nan"), 1.0, 5)
    with_unknown = calibrated(model, X.iloc[:3], np.array([2.0, 1.0, 2.0]), prior).estimate(X)
    without = calibrated(model, X.iloc[[0, 2]], np.array([2.0, 2.0]), prior).estimate(X)
    assert with_unknown == pytest.approx(without)
    assert with_unknown[0, 1] > 0.6


class OwnWay(ConstantModel):
    def calibrate(self, X: pd.DataFrame, y: npt.NDArray[np.float64]) -> OwnWay:
        copy = OwnWay()
        copy.value_ = np.array([y.mean()])
        return copy


def test_a_model_with_a_way_of_its_own_uses_it() -> None:
    X, y = _two_contexts()
    model = OwnWay().fit(X, y)
    assert calibrated(model, X.iloc[30:32], y[30:32], NO_PRIOR).estimate(X)[0] == y[30:32].mean()


def test_a_prior_survives_its_json_form() -> None:
    for prior in (NO_PRIOR, ShotPrior(1.5, 0.5, 7)):
        again = ShotPrior.from_settings(prior.settings())
        assert (again.between, again.units) == (prior.between, prior.units)
        assert again.within == pytest.approx(prior.within, nan_ok=True)
