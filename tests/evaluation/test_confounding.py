"""Five scores of who explains the target: against what was put into it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation import Candidate, run_trials
from tabcouce.evaluation.confounding import Confounding, confounding, without_levels
from tabcouce.models import BoostingModel, ContextBoostingModel
from tabcouce.splits.split import SplitPlan


def scored(dataset_of, plan_of, X: pd.DataFrame, y: np.ndarray, machine: np.ndarray, **more) -> Confounding:
    dataset, plan = dataset_of(X, y, machine, **more), plan_of(machine)
    split = plan.of("shuffled")
    task = "regression" if dataset.is_regression else "classification"
    panel = (
        Candidate("lightgbm", lambda: BoostingModel(task, pace=3.0)),
        Candidate("lightgbm_context", lambda: ContextBoostingModel(task, pace=3.0), uses_context=True),
    )
    trials = list(run_trials(panel, dataset, SplitPlan((split,), split.key)))
    found = confounding(trials, dataset, split, draws=60, seed=0)
    assert found is not None
    return found


def test_a_condition_that_only_tells_the_machine_adds_nothing(dataset_of, plan_of) -> None:
    rng = np.random.default_rng(0)
    machine = np.arange(240) % 6
    X = pd.DataFrame({"室温": 5.0 * machine + rng.normal(size=240), "b": rng.normal(size=240)})
    found = scored(dataset_of, plan_of, X, 2.0 * machine + rng.normal(size=240), machine)
    assert found.context_only.value > 0.85
    assert found.conditions_only.value > 0.7
    assert found.adjusted.value < 0.1
    assert abs(found.increment.value) < 0.03


def test_without_effects_of_machines_the_conditions_explain_the_same_inside_them(dataset_of, plan_of) -> None:
    rng = np.random.default_rng(1)
    machine = np.arange(240) % 6
    X = pd.DataFrame({"a": rng.normal(size=240), "b": rng.normal(size=240)})
    found = scored(dataset_of, plan_of, X, 2 * X["a"].to_numpy() + 0.5 * rng.normal(size=240), machine)
    assert found.context_only.value < 0.05
    assert found.adjusted.value == pytest.approx(found.conditions_only.value, abs=0.05)
    assert found.increment.value == pytest.approx(found.both.value - found.context_only.value)
    assert found.increment.low < found.increment.value < found.increment.high


def test_classes_are_ranked_inside_their_machine(dataset_of, plan_of) -> None:
    rng = np.random.default_rng(2)
    machine = np.arange(300) % 6
    X = pd.DataFrame({"a": 4.0 * machine + rng.normal(size=300), "b": rng.normal(size=300)})
    bad = (rng.random(300) < (0.1 + 0.15 * machine)).astype(float)
    found = scored(dataset_of, plan_of, X, bad, machine, classes=("OK", "NG"))
    assert found.metric == "auc"
    assert found.conditions_only.value > 0.65
    assert found.adjusted.value == pytest.approx(0.5, abs=0.12)


def test_levels_are_taken_out_as_in_plain_loops() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(40, 2)) + np.repeat([0.0, 3.0, -2.0, 8.0], 10)[:, None]
    values[5, 1] = np.nan
    machine = np.repeat(["A", "B", "C", "D"], 10)
    known = 32  # of D two rows are known, of the others all
    found = without_levels(values, pd.DataFrame({"machine": machine}), known, sweeps=1)
    for j in range(2):
        seen = values[:known, j][np.isfinite(values[:known, j])]
        low, middle, high = np.percentile(seen, [25, 50, 75])
        for i in range(40):
            if not np.isfinite(values[i, j]):
                assert np.isnan(found[i, j])
                continue
            total, rows = 0.0, 0
            for m in range(known):
                if machine[m] == machine[i]:
                    rows += 1  # a blank stands at the middle
                    total += (values[m, j] - middle) / (high - low) if np.isfinite(values[m, j]) else 0.0
            own = (values[i, j] - middle) / (high - low)
            assert found[i, j] == pytest.approx(own - total / (rows + 5.0))


def test_one_glitch_does_not_move_its_machine() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(40, 1))
    context = pd.DataFrame({"machine": np.repeat(["A", "B"], 20)})
    clean = without_levels(values, context, 40)
    values[3, 0] = 1e33
    assert without_levels(values, context, 40)[20:] == pytest.approx(clean[20:], abs=0.2)
