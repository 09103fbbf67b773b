"""Suggested runs on processes whose optimum is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.advice.constraint import Constraint
from tabcouce.advice.goal import Goal
from tabcouce.advice.separate import separate
from tabcouce.advice.space import Setting, Space
from tabcouce.advice.suggest import Objective, Past, suggest
from tabcouce.errors import RoleError
from tabcouce.roles.role import ColumnRole


def hill(settings):
    """Highest, 10, at (70, 3)."""
    return 10 - ((settings["T"] - 70) / 20) ** 2 - (settings["p"] - 3) ** 2


def process(n=24, seed=0, machines=3, low=False):
    """Runs away from the optimum; each machine adds its own offset and runs at its own temperature."""
    rng = np.random.default_rng(seed)
    machine = np.arange(n) % machines
    settings = pd.DataFrame(
        {"T": rng.uniform(40, 100, n) if not low else 40 + 10 * machine, "p": rng.uniform(1, 5, n)}
    )
    y = hill(settings).to_numpy() + 2.0 * machine + rng.normal(0, 0.05, n)
    return Past(settings, machine[:, None].astype(np.int64), np.arange(2, n + 2)), y


def space_of(past, **limits):
    roles = {name: ColumnRole(name, "condition", **limits.get(name, {})) for name in past.settings}
    return Space(tuple(Setting.of(role, past.settings[name]) for name, role in roles.items()))


def frame(runs):
    return pd.DataFrame([run.settings for run in runs])


@pytest.mark.parametrize("seed", [0, 1])
def test_a_few_rounds_find_the_known_optimum_although_machines_differ(seed):
    past, y = process(12, seed)
    space = space_of(past, T={"lower": 40, "upper": 100}, p={"lower": 1, "upper": 5})
    for k in range(4):
        runs = frame(suggest(past, [Objective("y", Goal("maximise"), y)], space, n=3, seed=k)[:-1])
        y = np.append(y, hill(runs) + 2.0)
        code = np.vstack([past.code, np.ones((len(runs), 1), np.int64)])
        settings = pd.concat([past.settings, runs], ignore_index=True)
        past = Past(settings, code, np.arange(2, len(settings) + 2))
    assert hill(past.settings).max() > 9.9


def test_a_batch_is_spread_and_ends_with_a_repeat_of_the_best_setting():
    past, y = process()
    runs = suggest(past, [Objective("y", Goal("maximise"), y)], space_of(past), n=5, seed=0)
    assert [run.why for run in runs[:-1]].count("control") == 0 and runs[-1].why == "control"
    position = int(np.flatnonzero(past.rows == runs[-1].row)[0])
    assert dict(runs[-1].settings) == past.settings.iloc[position].to_dict()
    assert hill(past.settings)[position] > np.quantile(hill(past.settings), 0.8)
    new = frame(runs[:-1])
    for i in range(5):
        for j in range(i):
            apart = (new.iloc[i] - new.iloc[j]).abs() / np.ptp(past.settings, axis=0)
            assert apart.max() >= 0.049
            assert runs[i].settings != runs[j].settings


def test_a_second_targets_limits_keep_the_runs_feasible():
    past, y = process(40)
    cost = past.settings["T"].to_numpy() + np.random.default_rng(3).normal(0, 0.2, 40)
    both = [Objective("y", Goal("maximise"), y), Objective("cost", Goal("within", upper=60.0), cost)]
    free = frame(suggest(past, both[:1], space_of(past), n=3, seed=0)[:-1])
    runs = suggest(past, both, space_of(past), n=3, seed=0)[:-1]
    assert free["T"].mean() > 63
    assert (frame(runs)["T"] <= 60.5).all()
    assert all(run.feasible > 0.3 for run in runs)


def test_no_run_leaves_the_declared_limits_and_new_ground_is_named():
    past, y = process()
    space = space_of(past, T={"lower": 20.0, "upper": 55.0})
    runs = suggest(past, [Objective("y", Goal("minimise"), y)], space, n=5, seed=0)[:-1]
    made = frame(runs)
    assert made["T"].between(20, 55).all()
    assert made["p"].between(past.settings["p"].min(), past.settings["p"].max()).all()
    new = made["T"] < past.settings["T"].min()
    assert new.any()
    assert [("T" in run.beyond) for run in runs] == list(new)


def test_a_past_run_that_breaks_the_constraint_is_neither_rival_nor_control():
    past, y = process(40)
    roles = space_of(past).settings
    space = Space(roles, (Constraint({"T": 1.0, "p": 4.0}, "<=", 70.0),))
    runs = suggest(past, [Objective("y", Goal("maximise"), y)], space, n=3, seed=0)
    made = frame(runs)
    assert (made["T"] + 4 * made["p"] <= 70.5).all()
    assert runs[0].chance > 0.05


def test_runs_towards_a_target_value_come_near_it():
    past, y = process(40, machines=1)
    runs = suggest(past, [Objective("y", Goal("target", 8.0, 8.0), y)], space_of(past), n=3, seed=0)[:-1]
    by_chance = np.abs(hill(space_of(past).draw(256, seed=0)) - 8.0).mean()
    assert np.abs(hill(frame(runs)) - 8.0).max() < 0.5 * by_chance


def test_separating_runs_shrink_the_error_that_least_squares_then_has():
    past, _ = process(30, low=True)
    labels = np.array([f"M{k}" for k in past.code[:, 0]], object)
    noisy = past.settings.assign(T=past.settings["T"] + np.random.default_rng(0).normal(0, 0.5, 30))
    past = Past(noisy, past.code, past.rows)
    space = space_of(past)
    found = separate(past, labels, space, factor="T", context="m", n=3, seed=0)

    def error(settings, label):
        X = np.column_stack([*(label == name for name in ("M0", "M1", "M2")), settings["T"], settings["p"]])
        return np.sqrt(np.linalg.inv(X.astype(float).T @ X.astype(float))[3, 3])

    more = pd.concat([noisy, frame(found.runs)], ignore_index=True)
    label = np.append(labels, [run.context["m"] for run in found.runs])
    # The design bends the columns smoothly, so the shares agree nearly, not exactly.
    assert found.error_left == pytest.approx(error(more, label) / error(noisy, labels), abs=0.1)
    assert found.error_left < 0.4
    rng = np.random.default_rng(1)
    drawn = pd.concat([noisy, noisy.iloc[rng.choice(30, 3)]], ignore_index=True)
    by_chance = error(drawn, np.append(labels, labels[:3])) / error(noisy, labels)
    assert found.error_left < by_chance


def test_only_a_numeric_setting_can_be_separated():
    past, _ = process()
    with pytest.raises(RoleError, match="not a numeric condition"):
        separate(
            past, np.array(["a", "b"] * 12, object), space_of(past), factor="m", context="m", n=2, seed=0
        )


def test_a_factor_that_never_varied_on_a_machine_is_told_so_and_runs_can_be_kept_to_one_machine():
    past, _ = process(30, low=True)
    labels = np.array([f"M{k}" for k in past.code[:, 0]], object)
    space = space_of(past)
    found = separate(past, labels, space, factor="T", context="m", n=2, seed=0, level="M2")
    assert found.error_left is None
    assert {run.context["m"] for run in found.runs} == {"M2"}
    assert len({run.settings["T"] for run in found.runs} | {60.0}) > 1
    with pytest.raises(RoleError, match="no level 'M7'"):
        separate(past, labels, space, factor="T", context="m", n=2, seed=0, level="M7")
