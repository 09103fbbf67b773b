"""The stack as a candidate: made of fold models, blind to the test context, restored exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation import Candidate, run_trials
from tabcouce.evaluation.metrics import r2
from tabcouce.evaluation.stacked import final_mix, stack_members, stacked_trials
from tabcouce.models import BoostingModel, ConstantModel, ContextBoostingModel, ForestModel, LinearModel
from tabcouce.system.stack import StackModel

PANEL = (
    Candidate("constant", ConstantModel),
    Candidate("linear", LinearModel),
    Candidate("random_forest", lambda: ForestModel(trees=30)),
    Candidate("lightgbm", lambda: BoostingModel(pace=3.0)),
    Candidate("lightgbm_context", lambda: ContextBoostingModel(pace=3.0), uses_context=True),
)


def machines(n: int = 240, levels: int = 8, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    machine = np.arange(n) % levels
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["温度[℃]", "b", "c"])
    a, b = X["温度[℃]"].to_numpy(), X["b"].to_numpy()
    y = 2 * a + np.where(b > 0, 1.5, -1.5) + 0.4 * machine + 0.2 * rng.normal(size=n)
    return X, y, machine


@pytest.fixture(scope="module")
def finished(dataset_of, plan_of):
    X, y, machine = machines()
    dataset, plan = dataset_of(X, y, machine), plan_of(machine)
    return dataset, plan, tuple(run_trials(PANEL, dataset, plan))


def test_the_stack_predicts_the_weighted_mean_of_its_members(finished) -> None:
    dataset, plan, trials = finished
    for stacked in stacked_trials(trials, dataset, plan):
        split = plan.of(stacked.split)
        assert stacked.mode == ("known" if split.key == "shuffled" else "blind")
        for fold, model in zip(split.folds, stacked.fitted, strict=True):
            X = dataset.X.iloc[fold.test]
            context = dataset.contexts.iloc[fold.test] if stacked.mode == "known" else None
            by_hand = sum(w * model.members[k].estimate(X, context) for k, w in model.weights().items())
            assert stacked.prediction[fold.test] == pytest.approx(by_hand)
            assert model.estimate(X, context) == pytest.approx(by_hand)


def test_it_is_not_far_below_its_best_member_on_new_machines(finished) -> None:
    dataset, plan, trials = finished
    stack = next(t for t in stacked_trials(trials, dataset, plan) if t.split == "unseen:machine")
    single = [r2(dataset.y, t.prediction) for t in trials if t.split == stack.split and t.mode == "blind"]
    assert r2(dataset.y, stack.prediction) > max(single) - 0.02


def test_targets_of_the_test_machine_do_not_move_its_weights(finished) -> None:
    dataset, plan, trials = finished
    split = plan.of("unseen:machine")
    changed = dataset.y.copy()
    changed[split.folds[0].test] = -999.0
    before = next(t for t in stacked_trials(trials, dataset, plan) if t.split == split.key)
    other = replace(dataset, y=changed)
    after = next(t for t in stacked_trials(trials, other, plan) if t.split == split.key)
    assert before.fitted[0].mixes == after.fitted[0].mixes


def test_with_few_contexts_the_learners_count_alike_on_a_new_one(dataset_of, plan_of) -> None:
    X, y, machine = machines(120, levels=4)
    dataset, plan = dataset_of(X, y, machine), plan_of(machine)
    trials = tuple(run_trials(PANEL[1:2] + PANEL[-2:], dataset, plan))
    stacks = {t.mode: t for t in stacked_trials(trials, dataset, plan)}
    equal = {"linear": 0.0, "lightgbm": 0.5, "lightgbm_context": 0.5}
    for model in stacks["blind"].fitted:
        mix = model.mix("blind")
        assert dict(zip(mix.members, mix.weight, strict=True)) == equal
    assert stacks["known"].fitted[0].weights() != equal


def test_weights_for_use_are_not_chosen_where_the_folds_that_were_scored_chose_none(
    dataset_of, plan_of
) -> None:
    """Of six machines a fold learns from five, of seven from six."""
    chosen = {}
    for levels in (6, 7):
        X, y, machine = machines(140, levels=levels)
        dataset, plan = dataset_of(X, y, machine), plan_of(machine)
        split = plan.of("unseen:machine")
        assert len(split.folds) == levels
        trials = tuple(run_trials(PANEL[1:2] + PANEL[-2:], dataset, plan))
        mix = final_mix(stack_members(trials, split, False), dataset, split, known=False)
        chosen[levels] = dict(zip(mix.members, mix.weight, strict=True))
    assert chosen[6] == {"linear": 0.0, "lightgbm": 0.5, "lightgbm_context": 0.5}
    assert chosen[7] != chosen[6]


def test_models_can_be_left_out_of_the_stack(finished) -> None:
    dataset, plan, trials = finished
    peers = stacked_trials(trials, dataset, plan, key="peer_stack", without=("lightgbm",))
    assert {t.model for t in peers} == {"peer_stack"}
    assert all("lightgbm" not in model.members for t in peers for model in t.fitted)


def test_a_stored_stack_predicts_the_same_for_new_and_known_machines(finished) -> None:
    dataset, plan, trials = finished
    mixes = {
        mode: final_mix(
            stack_members(trials, plan.of(key), mode == "known"), dataset, plan.of(key), known=mode == "known"
        )
        for mode, key in (("blind", "unseen:machine"), ("known", "shuffled"))
    }
    members = {c.key: c.make().fit(dataset.X, dataset.y, dataset.contexts) for c in PANEL}
    model = StackModel(members, mixes)
    again = StackModel.from_state(model.state())
    for context in (None, dataset.contexts):
        expected = model.estimate(dataset.X, context)
        np.testing.assert_allclose(again.estimate(dataset.X, context), expected, atol=1e-12)
    assert again.mixes == model.mixes


def test_labels_of_a_new_machine_move_every_member(finished) -> None:
    dataset, plan, trials = finished
    stack = next(t for t in stacked_trials(trials, dataset, plan) if t.split == "unseen:machine")
    fold = plan.of("unseen:machine").folds[7]  # the machine with the highest level
    X, y = dataset.X.iloc[fold.test], dataset.y[fold.test]
    moved = stack.fitted[7].calibrate(X.iloc[:5], y[:5])
    blind = np.mean((stack.fitted[7].estimate(X.iloc[5:]) - y[5:]) ** 2)
    assert np.mean((moved.estimate(X.iloc[5:]) - y[5:]) ** 2) < blind


def test_classes_are_stacked_as_probabilities(dataset_of, plan_of) -> None:
    X, y, machine = machines(160)
    label = np.digitize(y, [0.0, 2.0]).astype(float)
    dataset, plan = dataset_of(X, label, machine, ("low", "mid", "high")), plan_of(machine)
    panel = (
        Candidate("constant", lambda: ConstantModel("classification")),
        Candidate("linear", lambda: LinearModel("classification")),
        Candidate("random_forest", lambda: ForestModel("classification", trees=30)),
    )
    trials = tuple(run_trials(panel, dataset, plan))
    for stacked in stacked_trials(trials, dataset, plan):
        assert stacked.prediction.shape == (160, 3)
        assert stacked.prediction.sum(axis=1) == pytest.approx(1.0)
