"""Batch and shots on contexts never seen: the same labelled rows for all models, scored for none."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation import Candidate, run_trials, score
from tabcouce.evaluation.deployment import SHOTS, corrected, deployed_trials, sets_of
from tabcouce.evaluation.metrics import r2
from tabcouce.evaluation.stacked import left_out_of, stacked_trials
from tabcouce.models import BoostingModel, ConstantModel, LinearModel


class Centred(LinearModel):
    """Learns within contexts; unlabelled rows of a new one show where its inputs lie."""

    def fit(self, X: pd.DataFrame, y, context=None) -> Self:
        self.shift_ = 0.0
        return super().fit(X, y, context)

    def estimate(self, X, context=None):
        return super().estimate(X) + self.shift_

    def adapt(self, X: pd.DataFrame) -> Centred:
        copy = Centred.from_state(self.state())
        copy.shift_ = float(X.iloc[:, 0].mean())
        return copy


PANEL = (
    Candidate("constant", ConstantModel),
    Candidate("linear", LinearModel),
    Candidate("lightgbm", lambda: BoostingModel(pace=3.0)),
)


def machines(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    machine = np.repeat(np.arange(8), 25)
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=["温度[℃]", "b", "c"])
    level = np.array([-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0])
    return X, 2 * X["温度[℃]"].to_numpy() + level[machine] + 0.2 * rng.normal(size=200), machine


@pytest.fixture(scope="module")
def finished(dataset_of, plan_of):
    X, y, machine = machines()
    dataset, plan = dataset_of(X, y, machine), plan_of(machine)
    trials = tuple(run_trials(PANEL, dataset, plan))
    trials = (*trials, *stacked_trials(trials, dataset, plan))
    return dataset, plan, trials, deployed_trials(trials, dataset, plan, seed=0)


def test_the_labelled_rows_are_the_same_for_all_models_and_are_scored_for_none(finished) -> None:
    _, plan, _, made = finished
    assert {t.model for t in made} == {"constant", "linear", "lightgbm", "system"}
    assert {(t.split, t.mode) for t in made} == {("unseen:machine", f"shots{SHOTS}")}
    split = plan.of("unseen:machine")
    for draw in range(5):
        scored = [np.isfinite((t.prediction, *t.repeats)[draw]) for t in made]
        assert all((scored[0] == one).all() for one in scored)
        assert [25 - scored[0][split.unit == u].sum() for u in range(8)] == [SHOTS] * 8
    assert not np.array_equal(np.isfinite(made[0].prediction), np.isfinite(made[0].repeats[0]))


def test_the_correction_is_the_shrunken_mean_residual_of_a_plain_loop(finished) -> None:
    dataset, plan, trials, made = finished
    split = plan.of("unseen:machine")
    blind = next(t for t in trials if (t.model, t.split) == ("linear", split.key))
    shots = next(t for t in made if t.model == "linear")
    for fold, model in zip(split.folds, blind.fitted, strict=True):
        few = [i for i in fold.test if not np.isfinite(shots.prediction[i])]
        rest = [i for i in fold.test if np.isfinite(shots.prediction[i])]
        prior = model.shot_prior_
        mean = sum(dataset.y[i] - blind.prediction[i] for i in few) / len(few)
        shift = len(few) / (len(few) + prior.within / prior.between) * mean
        assert shots.prediction[rest] == pytest.approx(blind.prediction[rest] + shift)


def test_labels_help_where_machines_have_levels_of_their_own(finished) -> None:
    dataset, _, trials, made = finished
    for model in ("linear", "lightgbm", "system"):
        blind = next(t for t in trials if (t.model, t.split, t.mode) == (model, "unseen:machine", "blind"))
        shots = next(t for t in made if t.model == model)
        rows = np.isfinite(shots.prediction)
        assert r2(dataset.y[rows], shots.prediction[rows]) > r2(dataset.y[rows], blind.prediction[rows]) + 0.2


def test_the_score_is_the_mean_over_the_draws(finished) -> None:
    dataset, plan, _, made = finished
    trial = next(t for t in made if t.model == "lightgbm")
    found = score(trial, dataset, plan.of(trial.split), draws=50, seed=0)
    values = []
    for prediction in (trial.prediction, *trial.repeats):
        rows = np.isfinite(prediction)
        values.append(r2(dataset.y[rows], prediction[rows]))
    assert found.metrics["r2"].value == pytest.approx(np.mean(values))
    assert found.metrics["r2"].low < found.metrics["r2"].value < found.metrics["r2"].high
    assert found.mode == f"shots{SHOTS}" and found.metrics["r2"].n == 200 - 8 * SHOTS


@pytest.mark.parametrize(("contexts", "sets"), [(1, 5), (60, 5), (61, 4), (150, 2), (300, 1), (5000, 1)])
def test_many_contexts_are_drawn_from_fewer_times_each(contexts, sets) -> None:
    assert sets_of(contexts, 5) == sets


def test_with_more_contexts_than_sets_each_is_still_predicted_and_the_weights_see_a_part(
    finished, monkeypatch
) -> None:
    dataset, plan, trials, _ = finished
    monkeypatch.setattr("tabcouce.evaluation.deployment.MOST_SETS", 4)
    made = deployed_trials(trials, dataset, plan, seed=0)
    split = plan.of("unseen:machine")
    for trial in made:
        assert trial.repeats == ()
        scored = np.isfinite(trial.prediction)
        assert [25 - scored[split.unit == u].sum() for u in range(8)] == [SHOTS] * 8
    stack = next(t for t in trials if (t.model, t.split) == ("system", split.key)).fitted[0]
    found = left_out_of(stack.members, dataset, split.folds[0])
    moved = corrected(found, stack.members, dataset, split.unit, split.folds[0], seed=0)
    assert len(np.unique(split.unit[moved.rows])) == 4 < len(np.unique(split.unit[found.rows]))


def test_targets_of_the_rows_that_are_scored_move_no_prediction(finished) -> None:
    dataset, plan, trials, made = finished
    first = plan.of("unseen:machine").folds[0].test
    for trial in made:
        mine = first[np.isfinite(trial.prediction[first])]
        changed = dataset.y.copy()
        changed[mine] += 100.0
        again = deployed_trials(trials, replace(dataset, y=changed), plan, seed=0)
        other = next(t for t in again if t.model == trial.model)
        assert other.prediction[mine] == pytest.approx(trial.prediction[mine])


def test_a_batch_is_tried_where_some_model_can_use_it(dataset_of, plan_of) -> None:
    X, y, machine = machines()
    X["温度[℃]"] += machine
    dataset, plan = dataset_of(X, y, machine), plan_of(machine)
    trials = tuple(run_trials((*PANEL[:2], Candidate("couce", Centred)), dataset, plan))
    made = {t.model: t for t in deployed_trials(trials, dataset, plan, seed=0) if t.mode == "batch"}
    blind = {t.model: t for t in trials if t.split == "unseen:machine"}
    assert made["linear"].prediction == pytest.approx(blind["linear"].prediction)
    for fold in plan.of("unseen:machine").folds:
        mean = X["温度[℃]"].iloc[fold.test].mean()
        own = blind["couce"].prediction[fold.test] + mean
        assert made["couce"].prediction[fold.test] == pytest.approx(own)


def test_labels_move_the_probabilities_of_classes(dataset_of, plan_of) -> None:
    X, y, machine = machines()
    label = (y > 0).astype(float)
    dataset, plan = dataset_of(X, label, machine, ("good", "bad")), plan_of(machine)
    panel = (
        Candidate("constant", lambda: ConstantModel("classification")),
        Candidate("linear", lambda: LinearModel("classification")),
    )
    trials = tuple(run_trials(panel, dataset, plan))
    trials = (*trials, *stacked_trials(trials, dataset, plan))
    for trial in deployed_trials(trials, dataset, plan, seed=0):
        split = plan.of(trial.split)
        blind = next(t for t in trials if (t.model, t.split, t.mode) == (trial.model, trial.split, "blind"))
        before = score(blind, dataset, split, draws=20, seed=0).metrics["log_loss"].value
        assert score(trial, dataset, split, draws=20, seed=0).metrics["log_loss"].value < before


class Foreseeing(LinearModel):
    """Says after five labels of a left-out machine exactly what its rows are."""

    def rehearse(self, X, y, draws):
        return [y[draw.rest] for draw in draws]


def test_the_weights_for_shots_come_from_each_models_own_way_to_use_labels(dataset_of, plan_of) -> None:
    X, y, machine = machines()
    dataset, plan = dataset_of(X, y, machine), plan_of(machine)
    trials = tuple(run_trials((PANEL[2], Candidate("linear", Foreseeing)), dataset, plan))
    stack = next(t for t in stacked_trials(trials, dataset, plan) if t.split == "unseen:machine")
    for fold, model in zip(plan.of(stack.split).folds, stack.fitted, strict=True):
        unit = plan.of(stack.split).unit
        found = left_out_of(model.members, dataset, fold)
        moved = corrected(found, model.members, dataset, unit, fold, seed=0)
        errors = np.abs(moved.estimates - dataset.y[moved.rows]).mean(axis=1)
        assert errors[moved.members.index("linear")] == 0 < errors[moved.members.index("lightgbm")]
        assert set(moved.rows) <= set(fold.train)
