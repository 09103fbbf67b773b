"""A goal's merit and its expected improvement."""

from __future__ import annotations

import numpy as np
import pytest

from tabcouce.advice.goal import Goal, declared_goal
from tabcouce.errors import RoleError
from tabcouce.roles.role import ColumnRole

GOALS = [
    Goal("maximise"),
    Goal("minimise"),
    Goal("target", 2.0, 2.0),
    Goal("within", 1.0, 3.0),
    Goal("within", 1.0),
    Goal("within", upper=3.0),
]


@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_expected_improvement_equals_the_mean_over_drawn_values(goal):
    rng = np.random.default_rng(0)
    mean, sd = np.array([-1.0, 0.5, 2.0, 4.5]), np.array([0.4, 2.0, 0.1, 1.5])
    best = float(goal.merit(np.array([0.2]))[0]) if goal.aim != "within" or goal.lower > 0.2 else -0.7
    drawn = rng.normal(size=(400_000, 1)) * sd + mean
    told = np.maximum(goal.merit(drawn) - best, 0).mean(axis=0)
    assert goal.improvement(mean, sd, best) == pytest.approx(told, abs=0.01)


def test_once_a_value_is_within_the_limits_the_chance_to_be_there_counts():
    goal = Goal("within", 1.0, 3.0)
    chance = goal.improvement(np.array([2.0, 3.0, 9.0]), np.array([0.01, 0.01, 0.01]), 0.0)
    assert chance == pytest.approx([1.0, 0.5, 0.0], abs=1e-6)


def test_a_declared_goal_comes_before_a_target_value_and_that_before_limits():
    limits = {"lower": 1.0, "upper": 3.0}
    assert declared_goal(ColumnRole("y", "target")) is None
    assert declared_goal(ColumnRole("y", "target", **limits)) == Goal("within", 1.0, 3.0)
    assert declared_goal(ColumnRole("y", "target", target_value=1.5, **limits)) == Goal("target", 1.5, 1.5)
    assert declared_goal(ColumnRole("y", "target", goal="minimise", **limits)) == Goal("minimise")
    with pytest.raises(RoleError):
        declared_goal(ColumnRole("y", "target", goal="target"))
