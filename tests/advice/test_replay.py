"""The replay against closed forms, simulation and a process with a known optimum."""

from __future__ import annotations

import numpy as np
import pytest

from tabcouce.advice.goal import Goal
from tabcouce.advice.replay import (
    KernelSearch,
    Pool,
    chance_random,
    expected_random,
    good_rows,
    replay,
    runs_in_order,
)


class RandomSearch:
    def __init__(self, n, seed):
        self.n, self.rng = n, np.random.default_rng(seed)

    def merit(self, seen, y):
        return self.rng.random(self.n)


def bowl(n=300, seed=0):
    """One best setting at (0.7, 0.3) of two that matter and one that does not."""
    rng = np.random.default_rng(seed)
    Z = rng.random((n, 3))
    y = -((Z[:, 0] - 0.7) ** 2) - (Z[:, 1] - 0.3) ** 2
    return Pool(Z, y, good_rows(Goal("maximise"), y))


def test_random_order_needs_n_plus_one_over_m_plus_one_runs():
    rng = np.random.default_rng(0)
    good = np.zeros(40, bool)
    good[:3] = True
    drawn = [int(np.argmax(rng.permutation(good))) + 1 for _ in range(20_000)]
    assert expected_random(40, 3) == 41 / 4
    assert np.mean(drawn) == pytest.approx(41 / 4, rel=0.02)


def test_the_chance_of_random_order_sums_to_its_expectation():
    chance = chance_random(60, 4, 5, 60)
    assert chance[4] == 0 and chance[-1] == pytest.approx(1.0)
    assert (1 - chance).sum() + 1 == pytest.approx(expected_random(60, 4, 5))


def test_a_search_that_knows_nothing_saves_nothing():
    pool = bowl(120)
    found = replay(pool, lambda seed: RandomSearch(120, seed), campaigns=300, limit=120, seed=1)
    assert found.low < 0 < found.high
    assert abs(found.reduction) < 0.15


def test_a_campaign_cut_short_counts_the_rest_at_its_expectation():
    pool = bowl(120)
    full = replay(pool, lambda seed: RandomSearch(120, seed), campaigns=600, limit=120, seed=1)
    cut = replay(pool, lambda seed: RandomSearch(120, seed), campaigns=600, limit=10, seed=1)
    assert not all(cut.reached)
    assert np.mean(cut.trials) == pytest.approx(np.mean(full.trials), rel=0.12)


def test_the_kernel_search_finds_a_smooth_optimum_in_few_runs():
    pool = bowl()
    found = replay(pool, lambda seed: KernelSearch(pool.Z, Goal("maximise")), campaigns=6, limit=60, seed=0)
    assert all(found.reached)
    assert found.low > 0.7
    assert found.one_low <= found.reduction <= found.one_high


def test_the_same_seed_gives_the_same_replay():
    pool = bowl()

    def once():
        return replay(pool, lambda s: KernelSearch(pool.Z, Goal("maximise")), campaigns=3, limit=40, seed=4)

    assert once() == once()


def test_the_order_really_run_counts_until_the_first_good_row():
    good = np.array([False, False, True, False, True])
    assert runs_in_order(good, np.array([0.0, 1, 2, 3, 4])) == 3
    assert runs_in_order(good, np.array([4.0, 3, 2, 1, 0])) == 1
    # Of two rows at one moment one is good: either first, so 2.5 runs on average.
    assert runs_in_order(good, np.array([0.0, 2, 1, 1, 5])) == pytest.approx(2.5)
    assert runs_in_order(good, np.array([0.0, np.nan, 1, 1, 5])) is None


def test_a_rare_specification_is_the_goal_and_a_common_one_is_sharpened():
    y = np.linspace(0, 100, 201)
    assert set(y[good_rows(Goal("within", 98.0, 99.0), y)]) == {98.0, 98.5, 99.0}
    assert set(y[good_rows(Goal("within", 20.0, 80.0), y)]) == {49.5, 50.0, 50.5}
    assert y[good_rows(Goal("within", 20.0), y)].min() == 99.0
    assert y[good_rows(Goal("within", 120.0, 130.0), y)].min() == 99.0


def test_of_equal_settings_the_place_in_the_file_says_nothing():
    pool = Pool(np.zeros((100, 1)), np.linspace(1, 0, 100), np.arange(100) < 5)
    found = replay(pool, lambda s: KernelSearch(pool.Z, Goal("maximise")), campaigns=60, limit=100, seed=0)
    assert found.low < 0 < found.high


def test_too_few_rows_are_not_replayed():
    pool = bowl(20)
    assert replay(pool, lambda s: RandomSearch(20, s), campaigns=3, limit=9, seed=0) is None
