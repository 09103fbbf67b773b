"""The pre-registered rule on made-up trials, one for each outcome."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation import Difference, decide, score
from tabcouce.evaluation.settle import units_needed


def case(machines: int = 8, rows: int = 40) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    machine = np.repeat(np.arange(machines), rows)
    y = rng.normal(size=machines * rows) + 0.1 * machine
    return pd.DataFrame({"a": rng.normal(size=len(y))}), y, machine


@pytest.fixture
def verdict(dataset_of, plan_of, trial_of):
    """Verdict for error sizes per model: headline {model: noise}, shuffled {model: noise}."""

    def build(headline: dict, shuffled: dict, machines: int = 8, worse: dict | None = None):
        X, y, machine = case(machines)
        trials = []
        for split, noises in (("unseen:machine", headline), ("shuffled", shuffled)):
            for k, (model, noise) in enumerate(noises.items()):
                prediction = y + noise * np.random.default_rng(k + 10).normal(size=len(y))
                if worse and model in worse and split != "shuffled":
                    prediction = np.where(machine == 0, y + worse[model], prediction)
                trials.append(trial_of(model, prediction, split))
        return decide(trials, dataset_of(X, y, machine), plan_of(machine), draws=200, seed=0)

    return build


def noises(**sizes: float) -> dict[str, float]:
    return {"constant": 1.3, **sizes}


def test_a_clear_gain_over_every_simpler_model_is_recommended(verdict) -> None:
    found = verdict(noises(linear=0.8, lightgbm=0.4), noises(linear=0.8, lightgbm=0.4))
    assert (found.outcome, found.recommended, found.known_context) == ("use_model", "lightgbm", "lightgbm")
    assert [(d.first, d.second) for d in found.differences] == [
        ("linear", "constant"),
        ("lightgbm", "linear"),
    ]


def test_a_tie_is_never_a_win_for_the_more_complex_model(verdict) -> None:
    same = noises(linear=0.5, random_forest=0.5, lightgbm=0.5, couce=0.5)
    found = verdict(same, same)
    assert found.recommended == "linear" and found.outcome == "use_linear"


def test_the_line_is_recommended_where_trees_are_worse(verdict) -> None:
    found = verdict(noises(linear=0.3, lightgbm=0.6), noises(linear=0.3, lightgbm=0.6))
    assert found.outcome == "use_linear"


def test_nothing_that_beats_the_constant_means_do_not_predict(verdict) -> None:
    found = verdict(noises(linear=1.3, lightgbm=1.5), noises(linear=0.4, lightgbm=0.4))
    assert (found.outcome, found.recommended) == ("do_not_predict", "constant")
    assert found.known_context == "linear"
    assert "nothing-beats-constant" in found.reasons and "known-differs" in found.reasons


def test_different_winners_on_new_and_known_contexts_give_split_advice(verdict) -> None:
    found = verdict(noises(linear=0.4, lightgbm=0.7), noises(linear=0.8, lightgbm_context=0.3))
    assert (found.outcome, found.recommended, found.known_context) == (
        "split_advice",
        "linear",
        "lightgbm_context",
    )


def test_equally_simple_models_are_both_tried_and_the_better_one_wins(verdict) -> None:
    found = verdict(noises(linear=0.8, random_forest=0.3, lightgbm=0.5), noises(linear=0.8))
    assert found.recommended == "random_forest"


def test_three_machines_and_gains_on_some_of_them_only_leave_it_undecided(verdict) -> None:
    found = verdict(noises(linear=0.6, lightgbm=0.4), noises(linear=0.6), 3, {"lightgbm": 0.7})
    assert (found.outcome, found.recommended) == ("undecided", "linear")
    assert "few-units" in found.reasons and "gain-not-shown" in found.reasons


def test_three_machines_decide_where_every_one_of_them_gains_a_lot(verdict) -> None:
    found = verdict(noises(linear=0.9, lightgbm=0.2), noises(linear=0.9, lightgbm=0.2), 3)
    assert (found.outcome, found.recommended) == ("use_model", "lightgbm")


def test_one_machine_that_pays_for_all_others_is_a_veto(verdict) -> None:
    found = verdict(noises(linear=0.6, lightgbm=0.1), noises(linear=0.6), 8, {"lightgbm": 0.9})
    assert found.recommended == "linear"
    assert "worst-unit-loses" in found.reasons


def test_one_machine_that_is_worse_than_its_mean_does_not_forbid_a_model_that_is_worth_much(verdict) -> None:
    found = verdict(noises(linear=0.4), noises(linear=0.4), 8, {"linear": 1.4})
    loss = min(found.differences[0].per_unit.values())
    assert loss < 0 < found.differences[0].low
    assert (found.outcome, found.recommended) == ("use_linear", "linear")


def test_a_model_that_fails_on_one_machine_does_not_stand_before_one_that_fails_on_none(verdict) -> None:
    found = verdict(noises(linear=0.4, lightgbm=0.6), noises(linear=0.4), 8, {"linear": 1.4})
    assert found.recommended == "lightgbm"
    assert "worst-unit-loses" in found.reasons


def test_without_a_finished_constant_the_simplest_finished_model_starts(verdict) -> None:
    found = verdict({"linear": 0.8, "lightgbm": 0.3}, {"linear": 0.8})
    assert found.recommended == "lightgbm"
    only = verdict({"lightgbm": 0.3}, {})
    assert only.recommended == "lightgbm" and "no-comparison" in only.reasons


def test_classes_are_judged_by_auc(dataset_of, plan_of, trial_of) -> None:
    X, _, machine = case()
    rng = np.random.default_rng(1)
    label = (rng.random(len(machine)) < 0.4).astype(float)
    trials = []
    for model, signal in (("constant", None), ("linear", 0.5), ("lightgbm", 3.0)):
        s = np.full(len(label), 0.4) if signal is None else rng.random(len(label)) + signal * label
        p = s / (s.max() + 0.1)
        trials.append(trial_of(model, np.column_stack([1 - p, p])))
    found = decide(
        trials, dataset_of(X, label, machine, ("good", "bad")), plan_of(machine), draws=100, seed=0
    )
    assert (found.metric, found.recommended, found.outcome) == ("auc", "lightgbm", "use_model")
    assert found.differences[0].gain > 0.05


def out_of_fold_shares(label: np.ndarray, machine: np.ndarray) -> np.ndarray:
    """What a constant says of each machine when trained on the others."""
    p = np.array([label[machine != m].mean() for m in machine])
    return np.column_stack([1 - p, p])


def test_a_model_that_ranks_no_better_than_chance_does_not_beat_the_constant(
    dataset_of, plan_of, trial_of
) -> None:
    """The constant's pooled out-of-fold shares rank the machines backwards: AUC near 0.2."""
    X, _, machine = case()
    rng = np.random.default_rng(3)
    label = (rng.random(len(machine)) < (0.1 + 0.1 * machine)).astype(float)
    guess = rng.random(len(label))
    trials = [
        trial_of("constant", out_of_fold_shares(label, machine)),
        trial_of("lightgbm", np.column_stack([1 - guess, guess])),
    ]
    data, plan = dataset_of(X, label, machine, ("good", "bad")), plan_of(machine)
    found = decide(trials, data, plan, draws=100, seed=0)
    assert (found.outcome, found.recommended) == ("do_not_predict", "constant")
    assert abs(found.differences[0].gain) < 0.1
    shown = score(trials[0], data, plan.of("unseen:machine"), draws=50, seed=0).metrics
    assert shown["auc"].value == shown["auc"].low == shown["auc"].high == 0.5
    # Scores that read the shares themselves keep the ones that were predicted.
    p = trials[0].prediction[np.arange(len(label)), label.astype(int)]
    assert shown["log_loss"].value == pytest.approx(-np.log(p).mean())


def test_a_model_that_explains_nothing_is_never_named(verdict) -> None:
    """The constant can be far below zero on new machines; a model below zero is no gain to have."""
    worse = verdict(noises(linear=1.1), noises(linear=0.4))
    assert (worse.outcome, worse.recommended) == ("do_not_predict", "constant")
    few = verdict({"constant": 2.0, "linear": 1.2}, {"constant": 2.0, "linear": 0.4}, 3)
    assert few.recommended == "constant"


def test_an_open_gain_says_how_many_machines_would_settle_it(verdict) -> None:
    found = verdict(noises(linear=0.6, lightgbm=0.4), noises(linear=0.6), 3, {"lightgbm": 0.7})
    assert found.contested is not None and found.units_needed is not None and found.units_needed >= 4
    clear = verdict(noises(linear=0.9, lightgbm=0.2), noises(linear=0.9, lightgbm=0.2))
    assert clear.units_needed is None


@pytest.mark.parametrize(("gain", "z"), [(0.05, 0.9945), (0.008, 1.96)])
def test_the_need_is_where_the_interval_just_leaves_zero(gain: float, z: float) -> None:
    error = 3.0 * gain
    made = Difference(
        "a", "b", gain, gain - 1.96 * error, gain + 1.96 * error, gain - 0.9945 * error,
        gain + 0.9945 * error, None, None, 10,
    )  # fmt: skip
    needed = units_needed(made, margin=0.01)
    assert needed is not None

    def lower(units: int) -> float:
        return gain - z * error * (10 / units) ** 0.5

    assert lower(needed) >= 0 > lower(needed - 1)
    assert units_needed(replace(made, gain=-gain), margin=0.01) is None
    assert units_needed(replace(made, units=900), margin=0.01) is None
