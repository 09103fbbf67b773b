"""OPIS, its relatives and the alarm rates against plain-loop restatements."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tabcouce.errors import FitError
from tabcouce.evaluation.alarm_rates import (
    alarm_spread,
    context_rates,
    pooled_limit,
    rate,
    recall_at,
    time_to_alarm,
)
from tabcouce.evaluation.threshold_consistency import distance_gaps, threshold_consistency


def embeddings(n=60, contexts=4, noise=(0.2, 0.2, 0.2, 0.9), seed=0):
    rng = np.random.default_rng(seed)
    centre = np.eye(5)
    label, context = rng.integers(0, 3, n), np.arange(n) % contexts
    Z = centre[label] + np.array(noise)[context][:, None] * rng.normal(size=(n, 5))
    return Z / np.linalg.norm(Z, axis=1, keepdims=True), label, context


def opis_by_loops(Z, label, group, far, points, share):
    n = len(Z)
    d = [[math.sqrt(max(2 - 2 * float(Z[i] @ Z[j]), 0)) for j in range(n)] for i in range(n)]
    apart = [d[i][j] for i in range(n) for j in range(n) if label[i] != label[j]]
    low, high = np.quantile(apart, far)
    U = []
    for g in sorted(set(group.tolist())):
        curve = []
        for t in np.linspace(low, high, points):
            hits = pairs = misses = others = 0
            for i in range(n):
                if group[i] != g:
                    continue
                for j in range(n):
                    if i != j and label[i] == label[j]:
                        pairs += 1
                        hits += d[i][j] <= t
                    elif label[i] != label[j]:
                        others += 1
                        misses += d[i][j] > t
            tpr, tnr = hits / pairs, misses / others
            curve.append(2 * tpr * tnr / (tpr + tnr) if tpr + tnr else 0.0)
        U.append(curve)
    U = np.array(U)
    order = np.argsort(U.mean(1))
    k = max(1, int(share * len(U)))
    gap = U[order[-k:]].mean(0) - U[order[:k]].mean(0)
    return ((U - U.mean(0)) ** 2).mean(), (gap**2).mean(), U.mean()


@pytest.mark.parametrize("by", ["class", "context"])
def test_opis_equals_its_definition_pair_by_pair(by):
    Z, label, context = embeddings()
    group = label if by == "class" else context
    found = threshold_consistency(Z, label, group, points=7, share=0.5)
    opis, gap, utility = opis_by_loops(Z, label, group, (0.01, 0.10), 7, 0.5)
    assert (found.opis, found.extreme_gap, found.utility) == pytest.approx((opis, gap, utility), abs=1e-12)
    assert opis > 0 and gap > 0


def test_the_noisy_machine_has_the_lowest_utility_and_raises_opis():
    Z, label, context = embeddings(n=400)
    equal, label_e, context_e = embeddings(n=400, noise=(0.2, 0.2, 0.2, 0.2))
    noisy, quiet = threshold_consistency(Z, label, context), threshold_consistency(equal, label_e, context_e)
    assert noisy.opis > 5 * quiet.opis
    assert min(noisy.per_group, key=noisy.per_group.get) == 3


def test_the_noisy_machine_is_the_one_whose_distances_lie_apart():
    Z, label, context = embeddings(n=400)
    gaps = {gap.group: gap for gap in distance_gaps(Z, label, context)}
    assert max(gaps, key=lambda g: gaps[g].positive) == 3
    assert gaps[3].overlap > gaps[0].overlap


def test_one_group_or_too_many_rows_are_refused():
    Z, label, _context = embeddings()
    with pytest.raises(FitError, match="consistency needs two"):
        threshold_consistency(Z, label, np.zeros(len(Z), int))
    with pytest.raises(FitError, match="pairs"):
        threshold_consistency(np.ones((3001, 1)), np.zeros(3001, int), np.zeros(3001, int))


def test_the_exact_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    drawn = rng.binomial(200, 0.03, 2000)
    covered = [rate(int(k), 200).low <= 0.03 <= rate(int(k), 200).high for k in drawn]
    assert np.mean(covered) >= 0.95
    assert (rate(0, 50).low, rate(50, 50).high, rate(0, 0).value) == (0.0, 1.0, None)


def test_rates_are_counted_in_each_context():
    alarm = np.array([1, 0, 1, 1, 0, 0], bool)
    abnormal = np.array([0, 0, 1, 0, 1, 0], bool)
    context = np.array(["a", "a", "a", "b", "b", "b"], object)
    a, b = context_rates(alarm, abnormal, context)
    assert (a.false_alarm.value, a.miss.value) == (0.5, 0.0)
    assert (b.false_alarm.value, b.miss.value) == (0.5, 1.0)


def test_the_spread_is_that_of_contexts_with_enough_normal_rows():
    alarm = np.concatenate([np.arange(100) < 30, np.arange(100) < 10, [True]])
    context = np.array(["a"] * 100 + ["b"] * 100 + ["c"], object)
    spread = alarm_spread(context_rates(alarm, np.zeros(201, bool), context))
    assert (spread.spread, spread.worst, spread.contexts) == (pytest.approx(0.2), "a", 2)
    chance = (0.3 * 0.7 + 0.1 * 0.9) / 200
    assert spread.deviation == pytest.approx(math.sqrt(0.02 - chance))


def test_the_limit_never_allows_more_than_asked_also_with_ties():
    normal = np.array([1.0, 1, 1, 2, 2, 3, 3, 3, 3, 3])
    for allowed in (0.0, 0.1, 0.49, 0.5, 0.7, 0.95):
        assert (normal > pooled_limit(normal, allowed)).mean() <= allowed
    assert pooled_limit(np.arange(100.0), 0.05) == 94.0


def test_recall_counts_abnormal_rows_above_the_limit():
    score = np.concatenate([np.arange(100.0), [50.0, 96.0, 200.0, 300.0]])
    abnormal = np.arange(104) >= 100
    assert recall_at(score, abnormal, 0.05) == 0.75
    assert recall_at(score[:100], abnormal[:100], 0.05) is None


def test_time_to_alarm_counts_rows_of_each_recording_in_time_order():
    recording = np.array(["x"] * 6 + ["y"] * 4 + ["z"] * 2, object)
    order = np.array([5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 0, 1], float)
    abnormal = np.array([1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0], bool)
    alarm = np.array([1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1], bool)
    delay = time_to_alarm(alarm, abnormal, recording, order)
    assert (delay.recordings, delay.rows, delay.median) == (("x", "y"), (2, None), None)
