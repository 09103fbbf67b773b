"""The vectorised bootstrap against a plain loop that really copies rows."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tabcouce.evaluation.metrics import metrics_of, recall_at_false_alarm_rate
from tabcouce.evaluation.resample import draw_units, interval, resampled, with_interval


def by_copying_rows(y: np.ndarray, prediction: np.ndarray, unit: np.ndarray, counts: np.ndarray) -> dict:
    """Each metric of each draw, from rows that are really repeated."""
    out: dict[str, list[float]] = {key: [] for key in metrics_of(prediction)}
    for draw in counts.astype(int):
        rows = np.concatenate([np.repeat(np.flatnonzero(unit == u), c) for u, c in enumerate(draw)])
        for key, metric in metrics_of(prediction).items():
            value = metric(y[rows], prediction[rows])
            out[key].append(np.nan if value is None else value)
    return {key: np.array(values) for key, values in out.items()}


def units_of_unequal_size(n: int, units: int, rng: np.random.Generator) -> np.ndarray:
    return np.r_[
        np.arange(units), rng.choice(units, n - units, p=np.arange(1, units + 1) / sum(range(units + 1)))
    ]


def test_value_scores_of_each_draw_equal_copied_rows() -> None:
    rng = np.random.default_rng(0)
    unit = units_of_unequal_size(80, 6, rng)
    y = 1e6 + 5.0 * unit + rng.normal(size=80)  # units of different mean, far from zero
    prediction = y + rng.normal(size=80)
    counts = draw_units(6, draws=40, seed=1)
    fast, slow = resampled(y, prediction, unit, counts), by_copying_rows(y, prediction, unit, counts)
    assert fast.keys() == slow.keys()
    for key in fast:
        np.testing.assert_allclose(fast[key], slow[key], rtol=1e-8, err_msg=key)


@pytest.mark.parametrize("classes", [2, 3])
def test_class_scores_of_each_draw_equal_copied_rows_with_ties(classes: int) -> None:
    rng = np.random.default_rng(classes)
    unit = units_of_unequal_size(90, 5, rng)
    y = rng.integers(0, classes, 90).astype(float)
    y[unit == 2] = 0.0  # a unit with one class
    raw = np.round(rng.random((90, classes)) + 0.6 * (y[:, None] == np.arange(classes)), 1) + 0.1
    prediction = raw / raw.sum(axis=1, keepdims=True)
    counts = draw_units(5, draws=60, seed=2)
    counts[0] = [0, 0, 5, 0, 0]  # a draw with one class only
    fast, slow = resampled(y, prediction, unit, counts), by_copying_rows(y, prediction, unit, counts)
    assert fast.keys() == slow.keys()
    for key in fast:
        np.testing.assert_allclose(fast[key], slow[key], atol=1e-12, err_msg=key)


def test_each_draw_holds_as_many_units_as_there_are_and_the_seed_decides() -> None:
    counts = draw_units(7, draws=50, seed=3)
    assert (counts.sum(axis=1) == 7).all()
    np.testing.assert_array_equal(counts, draw_units(7, draws=50, seed=3))
    assert (counts != draw_units(7, draws=50, seed=4)).any()
    assert abs(draw_units(7, draws=4000, seed=5).mean(axis=0) - 1).max() < 0.1


def test_fewer_than_two_units_have_no_interval() -> None:
    assert with_interval(0.5, np.array([0.4, 0.5, 0.6]), n=10, units=1).low is None
    score = with_interval(0.5, np.linspace(0, 1, 101), n=10, units=3)
    assert (score.low, score.high) == pytest.approx((0.025, 0.975))


def test_draws_without_a_value_are_left_out_and_too_many_leave_no_interval() -> None:
    assert interval(np.r_[np.full(20, np.nan), np.full(80, 3.0)]) == (3.0, 3.0)
    assert interval(np.r_[np.full(60, np.nan), np.full(40, 3.0)]) is None


def test_intervals_over_units_are_wider_than_over_rows_when_units_differ() -> None:
    rng = np.random.default_rng(6)
    unit = np.repeat(np.arange(8), 50)
    y = rng.normal(size=400)
    prediction = y + rng.normal(size=8)[unit]
    wide = interval(resampled(y, prediction, unit, draw_units(8, draws=300, seed=0))["rmse"])
    narrow = interval(resampled(y, prediction, np.arange(400), draw_units(400, draws=300, seed=0))["rmse"])
    assert wide and narrow and wide[1] - wide[0] > 3 * (narrow[1] - narrow[0])


def test_recall_at_false_alarm_rate_by_trying_every_threshold() -> None:
    rng = np.random.default_rng(7)
    y = (rng.random(120) < 0.3).astype(float)
    p = np.round(np.clip(0.3 * y + 0.7 * rng.random(120), 0, 1), 2)
    best = 0.0
    for threshold in [*np.unique(p), 2.0]:
        alarm = p >= threshold
        if alarm[y == 0].mean() <= 0.05:
            best = max(best, alarm[y == 1].mean())
    assert recall_at_false_alarm_rate(y, np.column_stack([1 - p, p]), 0.05) == pytest.approx(best)


def test_macro_auc_is_the_mean_of_each_class_against_the_rest() -> None:
    rng = np.random.default_rng(8)
    y = rng.integers(0, 3, 60).astype(float)
    P = rng.dirichlet(np.ones(3), 60)
    expected = np.mean([roc_auc_score(y == c, P[:, c]) for c in range(3)])
    assert metrics_of(P)["auc"](y, P) == pytest.approx(expected)
    assert metrics_of(P)["auc"](np.zeros(60), P) is None


def test_scores_that_do_not_exist_are_none() -> None:
    values = metrics_of(np.zeros(3))
    assert values["r2"](np.ones(3), np.zeros(3)) is None
    assert values["rmse"](np.zeros(0), np.zeros(0)) is None
    P = np.full((3, 2), 0.5)
    found = {key: metric(np.ones(3), P) for key, metric in metrics_of(P).items()}
    assert [key for key, value in found.items() if value is None] == [
        "auc",
        "average_precision",
        "f1",
        "recall_at_5pct_false_alarms",
    ]
