"""Strength against its closed form: straight part from the slope, bent part from the model."""

import numpy as np
import pytest
from scipy import stats

from tabcouce.explanation.factor import Effect
from tabcouce.explanation.strength import strength

UNIT = np.repeat(np.arange(6), 50)


def effect(slope, error, clusters=12):
    half = stats.t.ppf(0.975, clusters - 1) * error
    return Effect(slope, slope - half, slope + half, 0.5, clusters, 0.2)


def test_a_straight_factor_has_the_size_of_its_shrunken_adjusted_slope():
    x = np.random.default_rng(0).normal(size=300) + 3 * UNIT
    found = strength(x, 99 * x, UNIT, 2.0, effect(0.5, 0.1), lost=True)
    assert found == pytest.approx(0.5 * 2.0 * (1 - 1 / 25))  # whatever slope the model believes in


def test_a_slope_within_its_noise_and_a_proxy_of_the_context_count_nothing():
    x = np.random.default_rng(1).normal(size=300)
    assert strength(x, 5.0 * UNIT, UNIT, 1.0, effect(0.05, 0.1), lost=True) == pytest.approx(0, abs=1e-9)


def test_a_peak_without_slope_has_the_spread_of_its_contributions():
    x = np.random.default_rng(2).normal(size=300)
    found = strength(x, -(x**2), UNIT, 1.0, effect(0.0, 0.1), lost=True)
    within = -(x**2) - np.array([-(x[u == UNIT] ** 2).mean() for u in UNIT])
    assert 0.8 * within.std() < found <= within.std() + 1e-9


def test_without_an_interval_only_the_model_can_tell_within_contexts():
    x = np.full(300, np.nan)
    contribution = np.tile([1.0, -1.0], 150) + 7 * UNIT
    assert strength(x, contribution, UNIT, 1.0, None, lost=True) == pytest.approx(1.0)


def test_the_models_word_counts_nothing_where_held_out_contexts_do_not_confirm_it():
    x = np.random.default_rng(3).normal(size=300)
    assert strength(x, -(x**2), UNIT, 1.0, None, lost=False) == 0
    assert strength(x, -(x**2), UNIT, 1.0, effect(0.0, 0.1), lost=False) == 0
    found = strength(x, -(x**2), UNIT, 2.0, effect(0.5, 0.1), lost=False)
    assert found == pytest.approx(0.5 * 2.0 * (1 - 1 / 25))


def test_an_open_slope_counts_only_where_the_model_loses_without_the_column():
    x = np.random.default_rng(4).normal(size=300)
    open_slope = effect(0.15, 0.1)
    assert strength(x, x, UNIT, 5.0, open_slope, lost=False) == 0
    expected = 0.15 * 5.0 * (1 - (0.1 / 0.15) ** 2)
    assert strength(x, 99 * x, UNIT, 5.0, open_slope, lost=True) == pytest.approx(expected)
