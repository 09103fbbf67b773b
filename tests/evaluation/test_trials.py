"""Candidates over folds: what is trained on what, and in which order trials arrive."""

from dataclasses import replace

import numpy as np
import pandas as pd

from tabcouce.evaluation import Candidate, run_trial, run_trials
from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ContextBoostingModel,
    ForestModel,
    LinearModel,
)


def machines(n: int = 160, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    machine = rng.integers(0, 4, n)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["温度[℃]", "b", "c"])
    X.iloc[::11, 1] = np.nan
    y = X["温度[℃]"].to_numpy() + np.array([-5.0, 0.0, 1.0, 6.0])[machine] + 0.2 * rng.normal(size=n)
    return X, y, machine


class FoldMeans:
    """Packed: remembers what it was given and predicts the training mean of each fold."""

    classes_: np.ndarray
    calls = 0
    held_out: list = []

    def fit_folds(self, X, y, context, folds, held_out):
        FoldMeans.calls += 1
        FoldMeans.held_out = list(held_out)
        return [ConstantModel().fit(X.iloc[rows], y[rows]) for rows in folds]


def test_predictions_are_those_of_a_plain_loop_over_folds(dataset_of, plan_of) -> None:
    X, y, machine = machines()
    dataset, split = dataset_of(X, y, machine), plan_of(machine).of("unseen:machine")
    trial = run_trial(Candidate("linear", LinearModel), dataset, split, known=False)
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        own = LinearModel().fit(X.iloc[fold.train].reset_index(drop=True), y[fold.train])
        np.testing.assert_array_equal(trial.prediction[fold.test], own.estimate(X.iloc[fold.test]))
        np.testing.assert_array_equal(model.estimate(X), own.estimate(X))
    assert trial.mode == "blind" and trial.rows_used == max(len(f.train) for f in split.folds)


def test_test_rows_touch_nothing_that_is_fitted(dataset_of, plan_of) -> None:
    X, y, machine = machines()
    split = plan_of(machine).of("unseen:machine")
    split = replace(split, folds=split.folds[:1])
    test = split.folds[0].test
    changed, other = X.copy(), y.copy()
    changed.iloc[test, :] = 1e9
    changed.iloc[test[::2], 1] = np.nan
    other[test] = -777.0
    for make in (LinearModel, ForestModel, BoostingModel, ContextBoostingModel):
        candidate = Candidate("any", make, uses_context=make is ContextBoostingModel)
        first = run_trial(candidate, dataset_of(X, y, machine), split, known=False).fitted[0]
        second = run_trial(candidate, dataset_of(changed, other, machine), split, known=False).fitted[0]
        np.testing.assert_array_equal(first.estimate(X), second.estimate(X))


def test_context_models_are_scored_blind_everywhere_and_known_beside_it_on_shuffled_rows(
    dataset_of, plan_of
) -> None:
    X, y, machine = machines()
    dataset, plan = dataset_of(X, y, machine), plan_of(machine)
    candidates = [
        Candidate("lightgbm", BoostingModel),
        Candidate("lightgbm_context", ContextBoostingModel, uses_context=True),
    ]
    trials = {(t.model, t.split, t.mode): t for t in run_trials(candidates, dataset, plan)}
    assert set(trials) == {
        ("lightgbm", "unseen:machine", "blind"),
        ("lightgbm", "shuffled", "blind"),
        ("lightgbm_context", "unseen:machine", "blind"),
        ("lightgbm_context", "shuffled", "blind"),
        ("lightgbm_context", "shuffled", "known"),
    }
    error = {key: np.mean((y - trial.prediction) ** 2) for key, trial in trials.items()}
    known, plain = ("lightgbm_context", "shuffled", "known"), ("lightgbm", "shuffled", "blind")
    assert error[known] < 0.2 * error[plain]


def test_trials_arrive_one_by_one_headline_first_so_an_interruption_keeps_them(dataset_of, plan_of) -> None:
    X, y, machine = machines(60)
    said: list[str] = []

    class Interrupting(ConstantModel):
        def fit(self, X, y, context=None):
            raise KeyboardInterrupt

    candidates = [Candidate("constant", ConstantModel), Candidate("linear", Interrupting)]
    finished = []
    try:
        for trial in run_trials(
            candidates, dataset_of(X, y, machine), plan_of(machine), progress=said.append
        ):
            finished.append((trial.model, trial.split))
    except KeyboardInterrupt:
        pass
    assert finished == [("constant", "unseen:machine"), ("constant", "shuffled")]
    assert said[0] == "constant, unseen:machine, fold 1 of 4"


def test_a_packed_candidate_is_trained_once_for_all_splits(dataset_of, plan_of) -> None:
    X, y, machine = machines(60)
    FoldMeans.calls = 0
    plan = plan_of(machine)
    trials = list(run_trials([Candidate("couce", FoldMeans)], dataset_of(X, y, machine), plan))
    assert FoldMeans.calls == 1
    assert [trial.split for trial in trials] == ["unseen:machine", "shuffled"]
    assert FoldMeans.held_out == ["machine"] * 4 + [None] * 4
    for trial in trials:
        for fold in plan.of(trial.split).folds:
            np.testing.assert_allclose(trial.prediction[fold.test], y[fold.train].mean())


def test_a_class_absent_from_a_folds_training_rows_gets_its_column(dataset_of, plan_of) -> None:
    X, _, machine = machines(80)
    label = np.where(machine == 3, 2.0, (X["b"].fillna(0).to_numpy() > 0).astype(float))
    dataset = dataset_of(X, label, machine, classes=("no", "yes", "rare"))
    split = plan_of(machine).of("unseen:machine")
    trial = run_trial(Candidate("linear", lambda: LinearModel("classification")), dataset, split, known=False)
    np.testing.assert_allclose(trial.prediction.sum(axis=1), 1.0)
    n = int((machine != 3).sum())
    np.testing.assert_allclose(trial.prediction[machine == 3, 2], 1 / (n + 1))


def test_a_fold_with_one_class_is_predicted_as_that_class_and_noted(dataset_of, plan_of) -> None:
    X, _, machine = machines(80)
    label = (machine == 2).astype(float)
    dataset = dataset_of(X, label, machine, classes=("good", "bad"))
    split = plan_of(machine).of("unseen:machine")
    trial = run_trial(
        Candidate("lightgbm", lambda: BoostingModel("classification")), dataset, split, known=False
    )
    assert trial.notes == ("one-class-fold",)
    assert (trial.prediction[machine == 2].argmax(axis=1) == 0).all()
