"""Every model of the panel: names, blanks, unseen levels, glitches, ranges and stored states."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import FitError
from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ContextBoostingModel,
    ForestModel,
    KernelModel,
    LinearModel,
)

MODELS = [ConstantModel, LinearModel, ForestModel, BoostingModel, ContextBoostingModel, KernelModel]
TASKS = ["regression", "binary", "multiclass"]


def process(n: int = 120, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Awkward names, blanks, a category, two contexts of different means."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=["温度[℃]", "流量, L/min", 'a"b{}:', "x"])
    X.iloc[::9, 1] = np.nan
    X["材料"] = pd.Categorical(rng.choice(["鋼", "銅", "al"], n))
    X.loc[::13, "材料"] = np.nan
    context = pd.DataFrame({"機械": rng.choice(["A", "B", "C", "D"], n), "lot": rng.choice(["1", "2"], n)})
    offset = context["機械"].map({"A": -2.0, "B": 0.0, "C": 1.0, "D": 4.0}).to_numpy()
    y = 2 * X["温度[℃]"].to_numpy() + (X["材料"] == "鋼").to_numpy() + offset + 0.1 * rng.normal(size=n)
    return X, y, context


def target(y: np.ndarray, task: str) -> np.ndarray:
    if task == "binary":
        return (y > 1).astype(float)
    return y if task == "regression" else np.digitize(y, [-1.0, 2.0]).astype(float)


def made(cls: type, task: str):
    name = "regression" if task == "regression" else "classification"
    return cls(name, trees=20) if cls is ForestModel else cls(name)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cls", MODELS)
def test_a_restored_state_predicts_the_same_with_blanks_and_unseen_levels(cls: type, task: str) -> None:
    X, y, context = process()
    model = made(cls, task).fit(X, target(y, task), context)
    new, _, new_context = process(50, seed=1)
    new["材料"] = new["材料"].astype(object)
    new.loc[3, "材料"] = "never seen"
    new.loc[4, "温度[℃]"] = np.nan
    new_context.loc[5, "機械"] = "Z"
    restored = cls.from_state(model.state())
    for given in (None, new_context):
        expected = model.estimate(new, given)
        np.testing.assert_allclose(restored.estimate(new, given), expected, rtol=0, atol=1e-12)
        assert np.isfinite(expected).all()
    again = cls.from_state(restored.state())
    np.testing.assert_allclose(again.estimate(new), model.estimate(new), rtol=0, atol=1e-12)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cls", MODELS)
def test_probabilities_add_to_one_and_predict_is_a_view_of_estimate(cls: type, task: str) -> None:
    X, y, context = process()
    model = made(cls, task).fit(X, target(y, task), context)
    estimate = model.estimate(X)
    if task == "regression":
        np.testing.assert_array_equal(model.predict(X), estimate)
        with pytest.raises(AttributeError):
            model.predict_proba(X)
    else:
        assert estimate.shape == (len(X), len(np.unique(target(y, task))))
        np.testing.assert_allclose(estimate.sum(axis=1), 1.0, atol=1e-9)
        np.testing.assert_array_equal(model.predict(X), model.classes_[estimate.argmax(axis=1)])


@pytest.mark.parametrize("cls", MODELS)
def test_class_numbers_may_have_gaps(cls: type) -> None:
    X, y, context = process()
    label = 2 * target(y, "multiclass")
    model = made(cls, "multiclass").fit(X, label, context)
    assert model.classes_.tolist() == [0.0, 2.0, 4.0]
    if cls is not ConstantModel:
        assert np.mean(model.predict(X) == label) > 0.6


@pytest.mark.parametrize("cls", [LinearModel, ForestModel, BoostingModel, ContextBoostingModel, KernelModel])
def test_predictions_stay_within_the_training_range_and_a_tenth(cls: type) -> None:
    X, y, context = process()
    model = made(cls, "regression").fit(X, y, context)
    far = X.copy()
    far["温度[℃]"] = np.linspace(-1e6, 1e6, len(X))
    margin = 0.1 * np.ptp(y)
    for given in (None, context):
        estimate = model.estimate(far, given)
        assert estimate.min() >= y.min() - margin - 1e-9
        assert estimate.max() <= y.max() + margin + 1e-9


@pytest.mark.parametrize("cls", [LinearModel, ForestModel, BoostingModel, KernelModel])
def test_glitched_cells_do_not_wreck_the_fit(cls: type) -> None:
    X, y, _ = process(200)
    y = y - y.mean()
    glitched = X.copy()
    glitched.iloc[7, 0] = 1e33
    glitched.iloc[8, 3] = -1e33
    glitched.iloc[9, 3] = np.inf
    rest = np.setdiff1d(np.arange(200), [7, 8, 9])
    plain = made(cls, "regression").fit(X, y).estimate(X)[rest]
    hit = made(cls, "regression").fit(glitched, y).estimate(glitched)[rest]
    error, error_hit = np.mean((y[rest] - plain) ** 2), np.mean((y[rest] - hit) ** 2)
    assert error_hit < 1.3 * error + 0.05


@pytest.mark.parametrize("rows", [20, 40])
def test_boosting_is_never_a_constant_on_few_rows(rows: int) -> None:
    X, y, context = process(rows)
    for model in (BoostingModel(), ContextBoostingModel()):
        assert np.std(model.fit(X, y, context).estimate(X)) > 0.2 * np.std(y)


def test_rare_failures_get_calibrated_usable_probabilities() -> None:
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(4000, 5)))
    X.columns = list("abcde")
    p = 1 / (1 + np.exp(6.5 - 2 * X["a"].to_numpy()))
    y = (rng.random(4000) < p).astype(float)
    assert 0.005 < y.mean() < 0.03
    estimate = BoostingModel("classification").fit(X[::2], y[::2]).estimate(X[1::2])[:, 1]
    hit = y[1::2] == 1
    assert estimate[hit].mean() > 4 * estimate[~hit].mean()
    assert 0.5 * y.mean() < estimate.mean() < 2 * y.mean()


@pytest.mark.parametrize("cls", MODELS)
def test_bad_targets_are_refused_with_a_remedy(cls: type) -> None:
    X, y, _ = process(30)
    blank = y.copy()
    blank[3] = np.nan
    with pytest.raises(FitError, match="no finite target"):
        made(cls, "regression").fit(X, blank)
    with pytest.raises(FitError, match="one class only"):
        made(cls, "binary").fit(X, np.zeros(30))


def test_a_missing_column_is_named() -> None:
    X, y, _ = process(40)
    with pytest.raises(FitError, match="温度"):
        LinearModel().fit(X, y).estimate(X.drop(columns=["温度[℃]"]))


@pytest.mark.parametrize("cls", MODELS)
def test_columns_are_found_by_name_in_any_order(cls: type) -> None:
    X, y, _ = process(60)
    model = made(cls, "regression").fit(X, y)
    np.testing.assert_array_equal(model.estimate(X[X.columns[::-1]]), model.estimate(X))


@pytest.mark.parametrize("cls", MODELS)
def test_the_same_seed_gives_the_same_model(cls: type) -> None:
    X, y, context = process(80)
    first, second = (made(cls, "regression").fit(X, y, context) for _ in range(2))
    np.testing.assert_array_equal(first.estimate(X, context), second.estimate(X, context))


@pytest.mark.parametrize("cls", [LinearModel, BoostingModel, ContextBoostingModel])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_contributions_and_base_add_up_to_the_log_odds(cls: type, task: str) -> None:
    X, y, context = process()
    model = made(cls, task).fit(X, target(y, task), context)
    total = model.contributions(X).sum(axis=-1)
    p = model.estimate(X)
    if task == "binary":
        np.testing.assert_allclose(total, np.log(p[:, 1] / p[:, 0]), atol=1e-6)
    else:
        np.testing.assert_allclose(total - total[:, :1], np.log(p / p[:, :1]), atol=1e-6)


@pytest.mark.parametrize("cls", [LinearModel, BoostingModel, ContextBoostingModel])
def test_contributions_and_base_add_up_to_the_value(cls: type) -> None:
    X, y, context = process()
    model = made(cls, "regression").fit(X, y, context)
    contributions = model.contributions(X)
    assert contributions.shape == (len(X), X.shape[1] + 1)
    total = model.range_(contributions.sum(axis=1))
    np.testing.assert_allclose(total, model.estimate(X), atol=1e-6)


@pytest.mark.parametrize("cls", [ConstantModel, LinearModel, ForestModel, BoostingModel])
def test_models_without_a_use_for_context_ignore_it_in_estimate(cls: type) -> None:
    X, y, context = process(60)
    model = made(cls, "regression").fit(X, y, context)
    np.testing.assert_array_equal(model.estimate(X, context), model.estimate(X))
