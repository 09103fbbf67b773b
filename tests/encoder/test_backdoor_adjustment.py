"""Context atoms, their shrinkage and the explicit sum over contexts."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.backdoor import (
    ContextLevels,
    Prior,
    intercepts,
    log_odds_intercepts,
    shrinkage,
)
from tabcouce.encoder.linear_start import linear_start, within
from tabcouce.simulation import common_cause, target_offset

FAST = {"members": 2, "epochs": 4, "width": 16, "embedding": 8, "threads": 1}


def test_an_atom_of_twenty_rows_counts_half():
    np.testing.assert_allclose(shrinkage(np.array([0.0, 20.0, 180.0])), [0.0, 0.5, 0.9])


def test_intercepts_equal_the_closed_form_of_one_way_random_effects():
    rng = np.random.default_rng(0)
    place = np.repeat([0, 1, 2, 3], [50, 10, 30, 5])
    residual = np.array([2.0, -1.0, 0.5, -3.0])[place] + 0.7 * rng.standard_normal(95)
    residual -= residual.mean()
    effect = intercepts(residual, place[:, None], 4)
    n, J = 95, 4
    within_ss = between_ss = 0.0
    sizes = []
    for k in range(J):
        own = residual[place == k]
        sizes.append(len(own))
        within_ss += ((own - own.mean()) ** 2).sum()
        between_ss += len(own) * (own.mean() - residual.mean()) ** 2
    sigma2 = within_ss / (n - J)
    tau2 = (between_ss / (J - 1) - sigma2) / ((n - sum(s**2 for s in sizes) / n) / (J - 1))
    for k in range(J):
        own = residual[place == k]
        expected = len(own) / (len(own) + sigma2 / tau2) * own.mean()
        assert effect[k] == pytest.approx(expected, rel=1e-9)
    assert effect[4] == 0.0


def test_two_context_columns_share_the_effect_additively():
    rng = np.random.default_rng(1)
    index = np.column_stack([rng.integers(0, 3, 3000), 3 + rng.integers(0, 2, 3000)])
    truth = np.array([1.0, 0.0, -1.0, 0.8, -0.8, 0.0])
    y = truth[index].sum(axis=1) + 0.1 * rng.standard_normal(3000)
    effect = intercepts(y - y.mean(), index, 5)
    np.testing.assert_allclose(effect[0] - effect[2], 2.0, atol=0.05)
    np.testing.assert_allclose(effect[3] - effect[4], 1.6, atol=0.05)


def test_a_context_without_effect_gets_none():
    rng = np.random.default_rng(2)
    effect = intercepts(rng.standard_normal(4000), rng.integers(0, 8, (4000, 1)), 8)
    assert np.abs(effect).max() < 0.05


def test_log_odds_intercepts_approach_the_odds_ratio_of_a_large_context():
    y = np.r_[np.repeat([0, 1], [900, 100]), np.repeat([0, 1], [500, 500])]
    index = np.repeat([0, 1], 1000)[:, None]
    effect = log_odds_intercepts(np.zeros((2000, 2)), y, index, 2, sweeps=60)
    assert effect[0, 1] - effect[0, 0] == pytest.approx(np.log(1 / 9), abs=0.05)
    assert effect[1] == pytest.approx([0, 0], abs=1e-6)


def test_levels_are_numbered_over_columns_and_a_new_level_is_unknown():
    seen = pd.DataFrame({"機械": ["a", "b", "a"], "lot": ["1", "2", "1"]})
    levels = ContextLevels.of(seen)
    np.testing.assert_array_equal(levels.index(seen), [[0, 2], [1, 3], [0, 2]])
    np.testing.assert_array_equal(levels.index(pd.DataFrame({"機械": ["z"], "lot": ["2"]})), [[4, 3]])
    prior = Prior.of(levels.index(seen))
    np.testing.assert_array_equal(prior.combination, [[0, 2], [1, 3]])
    np.testing.assert_allclose(prior.weight, [2 / 3, 1 / 3])


def test_the_linear_start_within_contexts_is_the_dummy_variable_regression():
    rng = np.random.default_rng(3)
    index = np.column_stack([rng.integers(0, 4, 400), 4 + rng.integers(0, 3, 400)])
    Z = rng.standard_normal((400, 3)) + index[:, :1]
    y = Z @ [1.0, -2.0, 0.5] + 3.0 * index[:, 0] - index[:, 1] + 0.01 * rng.standard_normal(400)
    start = linear_start(Z, y[:, None], Z[:0], y[:0, None], index, index[:0])
    dummies = np.column_stack([index[:, 0] == k for k in range(4)] + [index[:, 1] == k for k in range(4, 7)])
    full = np.linalg.lstsq(np.column_stack([Z, dummies]), y, rcond=None)[0]
    np.testing.assert_allclose(start.weight[:, 0], full[:3], atol=1e-3)
    means = pd.DataFrame(within(Z, index)).groupby(index[:, 0]).mean()
    np.testing.assert_allclose(means, 0, atol=1e-6)


@pytest.mark.parametrize("task", ["regression", "classes"])
def test_the_do_prediction_is_the_explicit_sum_over_training_contexts(task):
    process = common_cause(seed=0, rows=240, contexts=4)
    if task == "regression":
        model = CouceRegressor(**FAST, view="do").fit(process.X, process.y, process.context)
        # The range would be applied term by term otherwise.
        model.range_ = (-1e9, 1e9)
        answer = model.predict
    else:
        label = np.digitize(process.y, np.quantile(process.y, [0.4, 0.7])).astype(float)
        model = CouceClassifier(**FAST, view="do").fit(process.X, label, process.context)
        answer = model.predict_proba
    total = 0.0
    for machine, share in process.context["machine"].value_counts(normalize=True).items():
        total = total + share * answer(process.X, pd.DataFrame({"machine": [machine] * 240}))
    np.testing.assert_allclose(model.predict_do(process.X), total, rtol=1e-9, atol=1e-9)
    assert model.view_ == "do"
    np.testing.assert_array_equal(answer(process.X), model.predict_do(process.X))


def test_a_context_never_seen_is_predicted_like_no_context():
    process = target_offset(seed=0, rows=240, contexts=4)
    model = CouceRegressor(**FAST).fit(process.X, process.y, process.context)
    new = pd.DataFrame({"machine": ["never seen"] * 240})
    np.testing.assert_array_equal(model.predict(process.X, new), model.predict(process.X))
    known = model.predict(process.X, process.context)
    blind = model.predict(process.X)
    assert ((known - process.y) ** 2).mean() < 0.5 * ((blind - process.y) ** 2).mean()
