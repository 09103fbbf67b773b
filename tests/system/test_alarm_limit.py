"""Alarm limits, corrections per context and match probabilities against simulation and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from tabcouce.errors import FitError
from tabcouce.evaluation.threshold_consistency import threshold_consistency
from tabcouce.system.alarm_limit import AlarmLimit, rows_needed
from tabcouce.system.context_correction import ContextCorrection, Shrinkage, Spread, choose_shrinkage
from tabcouce.system.match_probability import (
    IsotonicMap,
    PlattMap,
    cross_context_pairs,
    per_context_maps,
)


def test_the_intervals_cover_the_true_rate_and_the_true_limit():
    rng = np.random.default_rng(0)
    true_limit = -np.log(0.05)  # exponential scores
    rate_in = limit_in = 0
    rates = []
    for _ in range(1000):
        found = AlarmLimit.of(rng.exponential(size=300), 0.05)
        true_rate = np.exp(-found.limit)
        rates.append(true_rate)
        rate_in += found.rate_low <= true_rate <= found.rate_high
        limit_in += found.limit_low <= true_limit <= found.limit_high
    assert 0.93 <= rate_in / 1000 <= 0.97
    assert limit_in / 1000 >= 0.94
    assert np.mean(rates) == pytest.approx(found.expected, abs=0.002)
    assert found.expected <= 0.05


def test_too_few_rows_say_what_the_limit_costs():
    found = AlarmLimit.of(np.arange(9.0), 0.01)
    assert (found.limit, found.expected, found.limit_high) == (8.0, 0.1, np.inf)
    with pytest.raises(FitError, match="no finite scores"):
        AlarmLimit.of(np.zeros(0), 0.05)
    with pytest.raises(FitError, match="between 0 and 1"):
        AlarmLimit.of(np.ones(5), 1.5)


def test_rows_needed_are_enough_and_grow_as_the_rate_falls():
    for allowed in (0.01, 0.05):
        n = rows_needed(allowed)
        assert AlarmLimit.of(np.arange(float(n)), allowed).rate_high <= 2 * allowed
    assert rows_needed(0.01) > 3 * rows_needed(0.05)


def machines(rows, sizes, seed):
    """Scores whose middle and width differ by machine."""
    rng = np.random.default_rng(seed)
    context = np.repeat([f"m{k:02d}" for k in range(len(sizes))], rows).astype(object)
    shift, width = np.repeat([a for a, _ in sizes], rows), np.repeat([b for _, b in sizes], rows)
    return shift + width * rng.normal(size=len(context)), context


SIZES = [(0.0, 1.0), (1.0, 1.0), (0.0, 1.5), (-1.0, 0.8), (0.5, 1.2), (2.0, 1.0), (0.0, 0.6), (1.0, 2.0)]


def test_the_correction_makes_one_limit_ring_equally_often_on_every_machine():
    score, context = machines(1500, SIZES, seed=0)
    shrinkage = choose_shrinkage(score, context, np.arange(len(score)) * 1.0, allowed=0.05, start_up=200)
    correction = ContextCorrection.of(score, context, shrinkage)
    fresh, where = machines(5000, SIZES, seed=1)
    limit = AlarmLimit.of(correction(score, context), 0.05).limit
    moved = correction(fresh, where)
    rates = np.array([(moved[where == c] > limit).mean() for c in np.unique(where)])
    plain = np.array([(fresh[where == c] > np.quantile(score, 0.95)).mean() for c in np.unique(where)])
    assert shrinkage.moves
    assert np.ptp(rates) < 0.04 < 0.15 < np.ptp(plain)


def test_machines_that_are_alike_are_mostly_left_alone():
    weights = []
    for seed in range(8):
        score, context = machines(60, [(0.0, 1.0)] * 8, seed=seed)
        found = choose_shrinkage(score, context, np.arange(len(score)) * 1.0, allowed=0.05, start_up=20)
        assert found.scale >= found.location
        weights.append([20 / (20 + count) for count in (found.location, found.scale)])
    location, scale = np.median(weights, axis=0)
    assert location < 0.5 and scale < 0.1


def test_the_shrinkage_is_that_of_the_written_play():
    score, context = machines(90, SIZES[:4], seed=5)
    order = np.random.default_rng(0).permutation(len(score)).astype(float)
    found = choose_shrinkage(score, context, order, allowed=0.1, start_up=30)

    def loss(location: float, scale: float) -> np.ndarray:
        parts = {c: score[context == c][np.argsort(order[context == c])] for c in np.unique(context)}
        own = {c: Spread.of(rows[:30]) for c, rows in parts.items()}
        middle = np.median([one.location for one in own.values()])
        width = np.median([one.log_scale for one in own.values()])
        moved = {}
        for c, rows in parts.items():
            to = middle + 30 / (30 + location) * (own[c].location - middle)
            log_to = width + 30 / (30 + scale) * (own[c].log_scale - width)
            moved[c] = middle + (rows[30:] - to) * np.exp(width - log_to)
        total = []
        for c in moved:
            others = np.concatenate([moved[other] for other in moved if other != c])
            total.append(((moved[c] > AlarmLimit.of(others, 0.1).limit).mean() - 0.1) ** 2)
        return np.array(total)

    counts = (5.0, 20.0, 80.0, 320.0, 1280.0)
    tried = [(np.inf, np.inf), *((a, b) for a in counts for b in (np.inf, *counts) if b >= a)]
    best = min(tried, key=lambda pair: loss(*pair).mean())
    assert found.location == best[0]
    close = []
    for scale in (s for a, s in tried if a == best[0]):
        excess = loss(best[0], scale) - loss(*best)
        if excess.mean() <= excess.std(ddof=1) / np.sqrt(4):
            close.append(scale)
    assert found.scale == max(close)


def test_shrinkage_is_the_weight_n_over_n_plus_count_and_new_contexts_keep_their_scores():
    score, context = machines(50, [(0.0, 1.0), (4.0, 1.0), (4.0, 1.0)], seed=3)
    correction = ContextCorrection.of(score, context, Shrinkage(50.0, 100.0))
    pooled = correction.pooled.location
    own = correction.own["m00"]
    to = own.location + 0.5 * (pooled - own.location)
    log_to = own.log_scale + 2 / 3 * (correction.pooled.log_scale - own.log_scale)
    expected = pooled + (score[:50] - to) * np.exp(correction.pooled.log_scale - log_to)
    assert correction(score, context)[:50] == pytest.approx(expected)
    new = np.array(["new"] * 3, object)
    assert correction(score[:3], new).tolist() == score[:3].tolist()
    assert correction.with_context("new", np.zeros(3)) is correction
    started = correction.with_context("new", score[:50] + 7.0)
    assert abs(np.median(started(score[:50] + 7.0, np.full(50, "new", object))) - pooled) < 5
    again = ContextCorrection.from_settings(correction.settings())
    assert again(score, context).tolist() == correction(score, context).tolist()


def rows_on_a_sphere(seed=0, n=240):
    rng = np.random.default_rng(seed)
    label, context = rng.integers(0, 4, n), np.arange(n) % 4
    noise = np.array([0.2, 0.3, 0.4, 0.9])[context][:, None]
    Z = np.eye(6)[label] + noise * rng.normal(size=(n, 6))
    return Z / np.linalg.norm(Z, axis=1, keepdims=True), label, context


def test_a_global_map_cannot_change_opis_and_maps_per_context_are_calibrated_in_each():
    Z, label, context = rows_on_a_sphere()
    before = threshold_consistency(Z, label, context)
    pairs = cross_context_pairs(Z, label, context, most=20_000, seed=0)
    assert (context[pairs.first] != context[pairs.second]).all()
    platt = PlattMap.of(pairs.similarity, pairs.same)
    # Thresholds indexed by false-accept rate: the same pairs are accepted before and after the map.
    for far in (0.01, 0.05, 0.10):
        s, p = pairs.similarity, platt(pairs.similarity)
        accepted = s >= np.quantile(s[~pairs.same], 1 - far, method="higher")
        mapped = p >= np.quantile(p[~pairs.same], 1 - far, method="higher")
        assert (accepted == mapped).all()
    assert before.opis > 0

    maps = per_context_maps(pairs, context)
    off = {"pooled": 0.0, "own": 0.0}
    for c in range(4):
        own = (context[pairs.first] == c) | (context[pairs.second] == c)
        s, rate = pairs.similarity[own], pairs.same[own].mean()
        off["pooled"] += abs(platt(s).mean() - rate)
        off["own"] += abs(maps[c](s).mean() - rate)
    assert off["own"] < 0.1 * off["pooled"]


def test_platt_recovers_the_law_it_was_drawn_from_and_isotonic_never_falls():
    rng = np.random.default_rng(5)
    s = rng.uniform(-1, 1, 20_000)
    same = rng.random(20_000) < 1 / (1 + np.exp(-(4 * s - 1)))
    platt = PlattMap.of(s, same)
    assert (platt.slope, platt.intercept) == pytest.approx((4.0, -1.0), abs=0.2)
    steps = IsotonicMap.of(s, same)
    assert (np.diff(steps(np.linspace(-1, 1, 200))) >= 0).all()
    assert np.abs(steps(s) - platt(s)).mean() < 0.02
    moved = platt.shifted(s, same[::-1].copy() & same)
    assert moved(s).mean() == pytest.approx((same[::-1] & same).mean(), abs=1e-3)
    with pytest.raises(FitError, match="all match"):
        PlattMap.of(s, np.ones(len(s), bool))
