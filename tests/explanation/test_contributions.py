"""Contributions add up to what the model says, and match closed forms where there are some."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit

from tabcouce.encoder import CouceRegressor
from tabcouce.explanation.contributions import explain
from tabcouce.explanation.expected_gradients import expected_gradients
from tabcouce.models import BoostingModel, ConstantModel, ForestModel, LinearModel


def process(n=160, seed=0):
    rng = np.random.default_rng(seed)
    machine = np.repeat(np.arange(4), n // 4)
    X = pd.DataFrame(
        {
            "温度[℃]": rng.normal(180, 5, n) + 2.0 * machine,
            "grade": pd.Categorical(rng.choice(["A", "B"], n)),
            "flow": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        }
    )
    y = 0.4 * (X["温度[℃]"] - 180) + 1.5 * (X["grade"] == "B") + 0.2 * X["flow"].fillna(0) + machine
    context = pd.DataFrame({"machine": machine.astype(str).astype(object)})
    return X, y.to_numpy() + rng.normal(0, 0.1, n), context


@pytest.mark.parametrize("model", [LinearModel(), BoostingModel(), ForestModel(trees=20)])
def test_contributions_and_base_add_up_to_the_prediction(model):
    X, y, context = process()
    model.fit(X, y, context)
    found = explain(model, X.iloc[:30], X.iloc[30:60], 0)
    total = found.base + found.values.sum(axis=1)
    low, high = y.min(), y.max()
    inside = (total > low) & (total < high)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(total[inside], model.estimate(X.iloc[:30])[inside], rtol=1e-6, atol=1e-6)
    assert found.gap == pytest.approx(np.abs(total - model.estimate(X.iloc[:30])).max(), abs=1e-9)


def test_linear_contributions_are_coefficient_times_distance_from_the_mean():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(3, 2, 200), "b": rng.normal(-1, 1, 200)})
    y = (2.0 * X["a"] - 3.0 * X["b"]).to_numpy()
    found = explain(LinearModel().fit(X, y), X, X, 0)
    written = np.column_stack([2.0 * (X["a"] - X["a"].mean()), -3.0 * (X["b"] - X["b"].mean())])
    np.testing.assert_allclose(found.values, written, atol=0.02)


def test_two_classes_are_explained_in_log_odds_of_the_positive_one():
    X, y, context = process()
    label = (y > np.median(y)).astype(float)
    model = BoostingModel("classification").fit(X, label, context)
    found = explain(model, X, X, 0)
    np.testing.assert_allclose(
        expit(found.base + found.values.sum(axis=1)), model.estimate(X)[:, 1], atol=1e-6
    )


def test_more_classes_explain_each_rows_own_predicted_class():
    X, y, context = process()
    label = np.digitize(y, np.quantile(y, [0.33, 0.66])).astype(float)
    model = BoostingModel("classification").fit(X, label, context)
    found = explain(model, X, X, 0)
    parts = model.contributions(X)
    own = model.estimate(X).argmax(axis=1)
    np.testing.assert_allclose(found.values, parts[np.arange(len(X)), own, :-1])


def test_a_constant_explains_nothing():
    X, y, context = process()
    found = explain(ConstantModel().fit(X, y, context), X, X, 0)
    assert not found.values.any() and found.gap == 0.0


def test_expected_gradients_of_the_encoder_nearly_add_up_and_name_the_cause():
    X, y, context = process(200)
    model = CouceRegressor(members=2, epochs=30, random_state=0).fit(X, y, context)
    found = explain(model, X.iloc[:40], X.iloc[40:104], 0)
    assert found.values.shape == (40, 3)
    spread = model.estimate(X).std()
    error = found.base + found.values.sum(axis=1) - model.estimate(X.iloc[:40])
    assert np.abs(error).mean() < 0.15 * spread
    assert np.abs(found.values).mean(axis=0).argmax() == 0


class Curved(torch.nn.Module):
    """f0 = x0^2 + 3 x1, f1 = x0 x1, f2 = -x1: paths from a reference have closed-form integrals."""

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        return torch.stack([u[:, 0] ** 2 + 3 * u[:, 1], u[:, 0] * u[:, 1], -u[:, 1]], dim=1)


def test_expected_gradients_equal_the_integral_along_the_path_for_each_rows_own_output():
    rng = np.random.default_rng(0)
    inside, background = rng.normal(1, 1, (20, 2)), rng.normal(-1, 1, (5, 2))
    own = np.arange(20) % 3
    found = expected_gradients(Curved(), inside, background, own, paths=4000, seed=0)
    for row, output, parts in zip(inside, own, found, strict=True):
        written = np.zeros(2)
        for z in background:
            way, middle = row - z, (row + z) / 2
            slope = ([2 * middle[0], 3.0], [middle[1], middle[0]], [0.0, -1.0])[output]
            written += way * slope / len(background)
        np.testing.assert_allclose(parts, written, atol=0.3)


def test_of_two_outputs_the_difference_is_explained():
    class Two(torch.nn.Module):
        def forward(self, u: torch.Tensor) -> torch.Tensor:
            return torch.stack([u[:, 0], 3 * u[:, 1]], dim=1)

    inside, background = np.array([[1.0, 2.0], [0.5, -1.0]]), np.zeros((1, 2))
    found = expected_gradients(Two(), inside, background, np.array([1, 1]), paths=8, seed=0)
    np.testing.assert_allclose(found, [[-1.0, 6.0], [-0.5, -3.0]])
