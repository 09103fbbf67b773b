"""The debiased answer stands beside the pooled one, and is neither recommended nor stacked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import FitError
from tabcouce.evaluation import Trial, decide
from tabcouce.evaluation.debiased import DEBIASED, debiased_trials
from tabcouce.evaluation.stacked import stack_members


@dataclass
class Encoder:
    """Answers with what the test dictates."""

    view_: str
    do: float
    overlaps: bool = True

    def predict_do(self, X: pd.DataFrame) -> np.ndarray:
        if not self.overlaps:
            raise FitError("contexts do not overlap")
        return np.full(len(X), self.do) + X["a"].to_numpy()


def made(dataset_of, plan_of, encoders):
    machine = np.arange(40) % 4
    X = pd.DataFrame({"a": np.linspace(0, 1, 40)})
    dataset, plan = dataset_of(X, 3 * X["a"].to_numpy() + machine, machine), plan_of(machine)
    split = plan.of("unseen:machine")
    trial = Trial("couce", split.key, np.full(40, 7.0), tuple(encoders), 1.0, 30)
    return dataset, plan, split, trial


def test_each_pooled_fold_is_answered_by_the_sum_over_contexts(dataset_of, plan_of) -> None:
    encoders = [Encoder("pooled", k) for k in range(3)] + [Encoder("do", 99.0)]
    dataset, plan, split, trial = made(dataset_of, plan_of, encoders)
    (found,) = debiased_trials([trial], dataset, plan)
    assert found.model == DEBIASED and found.mode == "blind"
    for k, fold in enumerate(split.folds[:3]):
        assert found.prediction[fold.test] == pytest.approx(k + dataset.X["a"].to_numpy()[fold.test])
    # That fold's encoder answers debiased already.
    assert (found.prediction[split.folds[3].test] == 7.0).all()


def test_an_encoder_that_answers_debiased_everywhere_has_no_second_line(dataset_of, plan_of) -> None:
    dataset, plan, _, trial = made(dataset_of, plan_of, [Encoder("do", 1.0)] * 4)
    assert debiased_trials([trial], dataset, plan) == ()


def test_a_refused_claim_is_not_made(dataset_of, plan_of) -> None:
    dataset, plan, _, trial = made(dataset_of, plan_of, [Encoder("pooled", 1.0, overlaps=False)] * 4)
    assert debiased_trials([trial], dataset, plan) == ()


def test_it_is_neither_recommended_nor_stacked(dataset_of, plan_of) -> None:
    dataset, plan, split, trial = made(dataset_of, plan_of, [Encoder("pooled", 0.0)] * 4)
    perfect = Trial(DEBIASED, split.key, dataset.y.copy(), (), 1.0, 30)
    constant = Trial("constant", split.key, np.full(40, dataset.y.mean()), (), 0.0, 30)
    assert decide([constant, trial, perfect], dataset, plan, draws=50, seed=0).recommended != DEBIASED
    assert {t.model for t in stack_members([constant, trial, perfect], split, False)} == {"constant", "couce"}
