"""What a user of the estimators may rely on."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.errors import FitError
from tabcouce.models.contract import State
from tabcouce.simulation import target_offset

FAST = {"members": 2, "epochs": 4, "width": 16, "embedding": 8, "threads": 1}


def awkward_rows():
    """Japanese and punctuated names, a category, blanks, a glitch and a constant column."""
    process = target_offset(seed=0, rows=240, contexts=4)
    X = process.X.set_axis([f'温度[℃] {j}, "q" {{{j}}}' for j in range(15)], axis=1)
    X.insert(2, "材料", pd.Categorical(np.resize(["樹脂A", "樹脂B", None], 240)))
    X.iloc[::7, 0] = np.nan
    X.iloc[5, 1] = 1e33
    X["constant"] = 4.0
    return X, process.y, process.context


@pytest.fixture(scope="module")
def awkward():
    X, y, context = awkward_rows()
    return CouceRegressor(**FAST).fit(X, y, context), X, y, context


def test_a_prediction_does_not_depend_on_the_other_rows(awkward):
    model, X, _, context = awkward
    whole = model.predict(X, context)
    one_by_one = [model.predict(X.iloc[[i]], context.iloc[[i]])[0] for i in range(0, 240, 20)]
    np.testing.assert_allclose(whole[::20], one_by_one, rtol=1e-10)
    np.testing.assert_allclose(model.predict(X.iloc[::-1])[::-1], model.predict(X), rtol=1e-10)


def test_blanks_levels_and_glitches_give_finite_predictions_within_reach_of_the_target(awkward):
    model, X, y, _ = awkward
    new = X.copy()
    new["材料"] = "never seen"
    new.iloc[:, 3] = np.nan
    new.iloc[0, 4] = -1e300
    reach = 0.1 * (y.max() - y.min())
    for prediction in (model.predict(new), model.predict_do(new)):
        assert np.isfinite(prediction).all()
        assert prediction.min() >= y.min() - reach and prediction.max() <= y.max() + reach


def test_a_saved_model_predicts_the_same_bits(awkward):
    model, X, _, context = awkward
    state = model.state()
    again = CouceRegressor.from_state(State(json.loads(json.dumps(state.settings)), state.arrays))
    for way in (lambda m: m.predict(X), lambda m: m.predict(X, context), lambda m: m.predict_do(X)):
        np.testing.assert_array_equal(way(model), way(again))
    assert again.view_ == model.view_ and again.rows_used_ == model.rows_used_


def test_the_network_maps_gradient_inputs_to_the_blind_output(awkward):
    model, X, _, _ = awkward
    u = model.gradient_inputs(X)
    assert u.shape == (240, len(model.owner_)) and np.isfinite(u).all()
    owners = [X.columns[j] for j in model.owner_]
    assert owners.count("材料") == 2 and owners.count(X.columns[0]) == 2  # two levels; value and flag
    inputs = torch.as_tensor(u, dtype=torch.float32).requires_grad_()
    output = model.network()(inputs)
    output.sum().backward()
    np.testing.assert_allclose(output.detach().numpy()[:, 0], model.predict(X), atol=1e-3)
    assert np.abs(inputs.grad.numpy()[:, owners.index("constant")]).max() == 0


def test_embeddings_are_unit_vectors(awkward):
    model, X, _, _ = awkward
    np.testing.assert_allclose(np.linalg.norm(model.embed(X), axis=1), 1.0)


def test_classes_keep_their_labels_and_probabilities_sum_to_one():
    X, y, context = awkward_rows()
    label = np.array(["ng", "ok", "good"])[np.digitize(y, np.quantile(y, [0.3, 0.6]))]
    model = CouceClassifier(**FAST).fit(X, label, context)
    assert set(model.predict(X)) <= {"ng", "ok", "good"}
    for chance in (model.predict_proba(X), model.predict_proba(X, context), model.estimate(X)):
        assert chance.shape == (240, 3)
        np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    again = CouceClassifier.from_state(model.state())
    np.testing.assert_array_equal(again.predict_proba(X, context), model.predict_proba(X, context))
    np.testing.assert_allclose(
        model.network()(torch.as_tensor(model.gradient_inputs(X))).exp().sum(1), 1.0, atol=1e-9
    )


def test_members_together_hold_out_every_context():
    process = target_offset(seed=0, rows=320, contexts=5)
    own = {key: value for key, value in FAST.items() if key != "members"} | {"epochs": 1}
    few = CouceRegressor(**own).fit(process.X[:200], process.y[:200], process.context[:200])
    many = CouceRegressor(**own).fit(process.X, process.y, process.context)
    assert (few.blind_.net.members, many.blind_.net.members) == (5, 3)
    assert all(len(trial.unit) == 5 for model in (few, many) for trial in model.selection_)


def test_matrices_series_and_no_context_are_accepted():
    X, y, context = target_offset(seed=1, rows=120, contexts=3).X, None, None
    y = X.iloc[:, 0].to_numpy()
    frame = CouceRegressor(**FAST).fit(X, y)
    matrix = CouceRegressor(**FAST).fit(X.to_numpy(), y)
    np.testing.assert_allclose(frame.predict(X), matrix.predict(X.to_numpy()))
    assert frame.view_ == "pooled" and matrix.n_features_in_ == 15
    np.testing.assert_array_equal(frame.predict_do(X), frame.predict(X))
    series = pd.Series(np.resize(["a", "b", "c"], 120), name="lot")
    assert CouceRegressor(**FAST).fit(X, y, series).predict(X, series).shape == (120,)
    array = np.resize([1, 2, 3], (120, 1))
    assert CouceRegressor(**FAST).fit(X, y, array).predict(X, array).shape == (120,)
    del context


def test_more_columns_than_rows_falls_back_on_the_straight_line():
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((80, 3))
    X = factor @ rng.standard_normal((3, 300)) + 0.01 * rng.standard_normal((80, 300))
    y = factor @ [1.0, -2.0, 0.5]
    model = CouceRegressor(epochs=8, threads=1).fit(X[:60], y[:60])
    assert 1 - ((model.predict(X[60:]) - y[60:]) ** 2).mean() / y[60:].var() > 0.97


def test_mistakes_are_named():
    X, y, context = awkward_rows()
    with pytest.raises(NotFittedError):
        CouceRegressor().predict(X)
    with pytest.raises(ValueError, match="view must be one of"):
        CouceRegressor(view="other").fit(X, y, context)
    model = CouceRegressor(**FAST | {"epochs": 1}).fit(X, y, context)
    with pytest.raises(FitError, match="材料"):
        model.predict(X.drop(columns="材料"))
    with pytest.raises(FitError, match="machine"):
        model.predict(X, context.rename(columns={"machine": "line"}))
    twice = X.set_axis([X.columns[0], *X.columns[:-1]], axis=1)
    with pytest.raises(FitError, match="both named"):
        CouceRegressor(**FAST).fit(twice, y)
    with pytest.raises(ValueError, match="class"):
        CouceClassifier(**FAST).fit(X, np.ones(240))


def test_the_constructor_only_stores_and_small_data_does_not_fail():
    model = CouceRegressor(members=3, tolerances={"a": (1.0, 0.1)})
    assert clone(model).get_params() == model.get_params()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small = CouceRegressor(**FAST).fit(np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0, 4.0]))
    assert np.isfinite(small.predict(np.ones((2, 2)))).all()


TINY = {"members": 2, "threads": 1, "epochs": 20, "width": 16, "embedding": 8}


@parametrize_with_checks([CouceRegressor(**TINY), CouceClassifier(**TINY)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_a_fold_that_lacks_a_class_still_has_a_column_for_it():
    X, y, context = awkward_rows()
    label = np.digitize(y, np.quantile(y, [0.3, 0.6])).astype(float)
    fold = np.flatnonzero(label < 2)
    model = CouceClassifier(**FAST).fit_folds(X, label, context, [fold])[0]
    chance = model.estimate(X)
    assert chance.shape == (240, 3) and chance[:, 2].mean() < 0.2


def test_a_fitted_encoder_says_which_view_it_predicts_a_new_context_with():
    rng = np.random.default_rng(0)
    machine = np.repeat(np.arange(4), 25)
    X = pd.DataFrame({"a": rng.normal(size=100), "b": rng.normal(size=100)})
    y = (X["a"] + machine).to_numpy()
    context = pd.DataFrame({"machine": machine.astype(str)})
    for view, note in (("pooled", "pooled"), ("do", "do-view")):
        model = CouceRegressor(members=1, epochs=2, view=view, interventions="off").fit(X, y, context)
        assert model.notes_ == (note,)
