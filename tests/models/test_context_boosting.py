"""Context effects: shrinkage by its formula, recovery of simulated offsets, honest inner folds."""

import numpy as np
import pandas as pd

from tabcouce.models import BoostingModel, ContextBoostingModel
from tabcouce.models.context_effects import effects_of_values, shrunken
from tabcouce.models.inner_split import inner_folds

OFFSET = {"A": -6.0, "B": 0.0, "C": 1.0, "D": 5.0}


def machines(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    context = pd.DataFrame({"machine": rng.choice(list(OFFSET), n), "shift": rng.choice(["day", "night"], n)})
    curve = np.sin(2 * X["a"].to_numpy()) + X["b"].to_numpy()
    y = 10.0 + curve + context["machine"].map(OFFSET).to_numpy() + 0.3 * rng.normal(size=n)
    return X, y, context


def test_shrunken_effects_equal_the_moment_formula_in_loops() -> None:
    e, W = np.array([1.0, -2.0, 0.5, 3.0]), np.array([4.0, 1.0, 10.0, 2.0])
    centre = sum(w * x for w, x in zip(W, e, strict=True)) / sum(W)
    Q = sum(w * (x - centre) ** 2 for w, x in zip(W, e, strict=True))
    tau2 = (Q - 3) / (sum(W) - sum(w * w for w in W) / sum(W))
    expected = [w / (w + 1 / tau2) * (x - centre) for w, x in zip(W, e, strict=True)]
    np.testing.assert_allclose(shrunken(e, W), expected)


def test_effects_vanish_where_levels_differ_by_noise_only() -> None:
    rng = np.random.default_rng(0)
    values = [
        np.abs(
            effects_of_values(
                rng.normal(size=400), np.zeros(400), pd.DataFrame({"m": rng.choice(list("abcdefgh"), 400)})
            ).effects[0]
        ).max()
        for _ in range(20)
    ]
    assert np.median(values) < 0.1


def test_offsets_of_machines_are_recovered_and_improve_the_known_prediction() -> None:
    X, y, context = machines(400, 0)
    model = ContextBoostingModel().fit(X, y, context)
    found = dict(zip(model.effects_.levels[0], model.effects_.effects[0][:, 0], strict=True))
    mean = np.mean(list(OFFSET.values()))
    for machine, offset in OFFSET.items():
        assert abs((found[machine] - np.mean(list(found.values()))) - (offset - mean)) < 0.5
    assert np.abs(model.effects_.effects[1]).max() < 0.3
    new, truth, new_context = machines(200, 1)
    known = np.mean((truth - model.estimate(new, new_context)) ** 2)
    blind = np.mean((truth - model.estimate(new)) ** 2)
    assert known < 0.1 * blind


def test_an_unseen_level_gets_the_blind_prediction() -> None:
    X, y, context = machines(200, 0)
    model = ContextBoostingModel().fit(X, y, context)
    strange = context.assign(machine="Z", shift="dawn")
    np.testing.assert_array_equal(model.estimate(X, strange), model.estimate(X))


def test_log_odds_of_machines_are_recovered_for_two_and_three_classes() -> None:
    X, y, context = machines(600, 3)
    for label in ((y > 10).astype(float), np.digitize(y, [7.0, 13.0]).astype(float)):
        model = ContextBoostingModel("classification").fit(X, label, context)
        rows = np.arange(len(y)), label.astype(int)
        blind = -np.log(model.estimate(X)[rows]).mean()
        known = -np.log(model.estimate(X, context)[rows]).mean()
        assert known < 0.7 * blind
        effect = model.effects_.effects[0][:, -1]
        assert int(effect.argmax()) == 3  # machine D
        assert effect[0] < effect[2]  # A far below C


def test_inner_folds_hold_out_whole_levels_of_the_first_context_with_three() -> None:
    _, y, context = machines(100, 0)
    swapped = context[["shift", "machine"]]
    folds = inner_folds(y, swapped, folds=4, classes=False, seed=0)
    for fold in folds:
        held = set(context["machine"].iloc[fold.test])
        assert held.isdisjoint(context["machine"].iloc[fold.train])
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(100))


def test_random_inner_folds_spread_each_class_evenly() -> None:
    y = np.r_[np.ones(8), np.zeros(92)]
    for fold in inner_folds(y, None, folds=4, classes=True, seed=0):
        assert y[fold.test].sum() == 2


def test_rounds_are_chosen_for_the_question_asked() -> None:
    """A column that tells the machine helps on known machines only: held-out machines stop early."""
    rng = np.random.default_rng(5)
    machine = rng.integers(0, 12, 480)
    X = pd.DataFrame({"room": machine + 0.01 * rng.normal(size=480), "a": rng.normal(size=480)})
    y = rng.normal(size=12)[machine] * 5 + X["a"].to_numpy() + 0.2 * rng.normal(size=480)
    context = pd.DataFrame({"m": machine.astype(str)})
    assert BoostingModel().fit(X, y, context).rounds_ < BoostingModel().fit(X, y).rounds_
