"""Pooled and per-unit scores and paired differences against plain loops."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from tabcouce.evaluation import paired_difference, score


def case(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    machine = np.r_[np.repeat(np.arange(5), 20), [5]]  # machine 5 has one row
    y = 3.0 * machine + rng.normal(size=101)
    return pd.DataFrame({"a": rng.normal(size=101)}), y, machine


def test_scores_are_pooled_and_each_unit_has_its_own_n(dataset_of, plan_of, trial_of) -> None:
    X, y, machine = case()
    prediction = y + np.random.default_rng(1).normal(size=101)
    prediction[machine == 4] = np.nan  # no fold tested machine 4
    split = plan_of(machine).of("unseen:machine")
    scores = score(trial_of("linear", prediction), dataset_of(X, y, machine), split, draws=50, seed=0)
    seen = machine != 4
    assert scores.metrics["r2"].value == pytest.approx(r2_score(y[seen], prediction[seen]))
    assert (scores.metrics["r2"].n, scores.metrics["r2"].units) == (81, 5)
    assert scores.metrics["rmse"].low < scores.metrics["rmse"].value < scores.metrics["rmse"].high
    assert set(scores.per_context) == {"0", "1", "2", "3", "5"}
    for k in (0, 1, 2, 3):
        mine = machine == k
        found = scores.per_context[str(k)]
        assert found["r2"].value == pytest.approx(r2_score(y[mine], prediction[mine]))
        assert found["rmse"].value == pytest.approx(np.sqrt(np.mean((y[mine] - prediction[mine]) ** 2)))
        assert found["r2"].n == 20 and found["r2"].low is None
    assert scores.per_context["5"]["r2"].value is None and scores.per_context["5"]["r2"].n == 1


def test_a_unit_of_one_class_has_no_auc_but_an_accuracy(dataset_of, plan_of, trial_of) -> None:
    X, _, machine = case()
    label = (np.arange(101) % 2).astype(float)
    label[machine == 1] = 0.0
    p = np.clip(0.3 + 0.3 * label + 0.1 * np.sin(np.arange(101)), 0, 1)
    trial = trial_of("linear", np.column_stack([1 - p, p]))
    dataset = dataset_of(X, label, machine, classes=("good", "bad"))
    scores = score(trial, dataset, plan_of(machine).of("unseen:machine"), draws=50, seed=0)
    assert scores.per_context["1"]["auc"].value is None
    assert scores.per_context["1"]["accuracy"].value is not None
    assert scores.per_context["0"]["auc"].value == roc_auc_score(label[:20], p[:20])
    assert "recall_at_5pct_false_alarms" in scores.metrics


def test_unit_gains_weighted_by_their_shares_add_up_to_the_pooled_gain(dataset_of, plan_of, trial_of) -> None:
    X, y, machine = case()
    rng = np.random.default_rng(2)
    a, b = y + 0.5 * rng.normal(size=101), y + rng.normal(size=101) + 0.5 * (machine == 2)
    dataset, split = dataset_of(X, y, machine), plan_of(machine).of("unseen:machine")
    found = paired_difference(trial_of("a", a), trial_of("b", b), dataset, split, draws=100, seed=0)
    assert found.gain == pytest.approx(r2_score(y, a) - r2_score(y, b))
    for k in range(6):
        mine = machine == k
        saved = np.mean((y[mine] - b[mine]) ** 2) - np.mean((y[mine] - a[mine]) ** 2)
        assert found.per_unit[str(k)] == pytest.approx(saved / np.var(y))
    total = sum(found.per_unit[u] * found.shares[u] for u in found.per_unit)
    assert total == pytest.approx(found.gain)
    assert found.worst == min(found.per_unit.values()) == found.per_unit[found.worst_unit]


def test_the_paired_interval_equals_a_loop_that_redraws_the_same_units_for_both(
    dataset_of, plan_of, trial_of
) -> None:
    X, y, machine = case()
    rng = np.random.default_rng(3)
    a, b = y + rng.normal(size=101), y + 1.5 * rng.normal(size=101)
    dataset, split = dataset_of(X, y, machine), plan_of(machine).of("unseen:machine")
    found = paired_difference(trial_of("a", a), trial_of("b", b), dataset, split, draws=200, seed=7)
    draw = np.random.default_rng(7)
    gains = []
    for _ in range(200):
        rows = np.concatenate([np.flatnonzero(machine == u) for u in draw.integers(6, size=6)])
        gains.append(r2_score(y[rows], a[rows]) - r2_score(y[rows], b[rows]))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(gains, [0.025, 0.975])))
    assert (found.low68, found.high68) == pytest.approx(tuple(np.quantile(gains, [0.16, 0.84])))


def test_auc_gains_are_taken_within_units_of_both_classes(dataset_of, plan_of, trial_of) -> None:
    X, _, machine = case()
    rng = np.random.default_rng(4)
    label = (rng.random(101) < 0.4).astype(float)
    label[machine == 3] = 1.0
    p, q = (np.clip(w * label + rng.random(101), 0, 2) / 2 for w in (0.8, 0.2))
    dataset = dataset_of(X, label, machine, classes=("good", "bad"))
    trials = [trial_of(name, np.column_stack([1 - s, s])) for name, s in (("a", p), ("b", q))]
    split = plan_of(machine).of("unseen:machine")
    found = paired_difference(*trials, dataset, split, draws=50, seed=0)
    assert found.gain == pytest.approx(roc_auc_score(label, p) - roc_auc_score(label, q))
    assert set(found.per_unit) == {"0", "1", "2", "4"}
    mine = machine == 0
    expected = roc_auc_score(label[mine], p[mine]) - roc_auc_score(label[mine], q[mine])
    assert found.per_unit["0"] == pytest.approx(expected)
