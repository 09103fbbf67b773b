"""Limits, steps and constraints of new runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.advice.constraint import Constraint, parse_constraint
from tabcouce.advice.space import Setting, Space, check_constraints
from tabcouce.errors import RoleError
from tabcouce.roles.role import ColumnRole


def number(name, low, high, step=None, **limits):
    return Setting.of(
        ColumnRole(name, "condition", step=step, **limits), pd.Series(np.linspace(low, high, 40))
    )


def test_a_constraint_is_read_with_any_names_and_weights():
    names = ["A", "A [kg]", "流量, L/min", "x+y"]
    assert parse_constraint("A + 2*A [kg] = 100", names) == Constraint({"A": 1, "A [kg]": 2}, "=", 100)
    assert parse_constraint("流量, L/min - 0.5 x+y <= 3.5", names) == Constraint(
        {"流量, L/min": 1, "x+y": -0.5}, "<=", 3.5
    )
    assert parse_constraint("'A' + 'x+y' ≥ -2", names) == Constraint({"A": 1, "x+y": 1}, ">=", -2)


@pytest.mark.parametrize("text", ["A + Q = 3", "A = B", "A + 3", "A A = 3", "= 3", "A + = 3"])
def test_what_is_no_constraint_is_named(text):
    with pytest.raises(RoleError, match="is not understood"):
        parse_constraint(text, ["A", "B"])


def test_mixtures_sum_to_their_total_exactly_on_their_steps():
    settings = (number("A", 10, 60, 0.5), number("B", 0, 80, 2.0), number("C", 5, 50))
    space = Space(settings, (parse_constraint("A + B + C = 100", ["A", "B", "C"]),))
    drawn = space.draw(512, seed=0)
    assert len(drawn) > 300
    assert np.abs(drawn.sum(axis=1) - 100).max() < 1e-9
    assert ((drawn["A"] % 0.5) == 0).all() and ((drawn["B"] % 2) == 0).all()
    for s in settings:
        assert drawn[s.name].between(s.low, s.high).all()
        assert np.ptp(drawn[s.name]) > 0.6 * (s.high - s.low)


def test_an_inequality_leaves_rows_that_meet_it_alone():
    space = Space((number("A", 0, 1), number("B", 0, 1)), (Constraint({"A": 1, "B": 1}, "<=", 1.0),))
    frame = pd.DataFrame({"A": [0.2, 0.9], "B": [0.3, 0.9]})
    mended = space.mended(frame)
    assert tuple(mended.iloc[0]) == (0.2, 0.3)
    assert mended.iloc[1].sum() == pytest.approx(1.0)


def test_declared_limits_hold_and_undeclared_ones_are_those_seen():
    declared = number("A", 0, 10, lower=2.0, upper=12.0)
    assert (declared.low, declared.high) == (2.0, 12.0)
    assert (declared.seen_low, declared.seen_high) == (0.0, 10.0)
    plain = number("B", 0, 10)
    drawn = Space((declared, plain)).draw(512, seed=0)
    assert drawn["A"].between(2, 12).all() and drawn["A"].max() > 11
    assert drawn["B"].between(0, 10).all()


def test_a_setting_of_few_values_and_a_category_keep_to_them():
    few = Setting.of(ColumnRole("n", "condition"), pd.Series([1.0, 4.0, 6.0] * 9))
    kind = Setting.of(ColumnRole("k", "condition"), pd.Series(pd.Categorical(["x", "y"] * 9)))
    drawn = Space((few, kind)).draw(128, seed=0)
    assert set(drawn["n"]) == {1.0, 4.0, 6.0}
    assert set(drawn["k"]) == {"x", "y"}


def test_a_constraint_beyond_the_limits_is_refused_with_what_they_allow():
    with pytest.raises(RoleError, match="0 to 20"):
        check_constraints([Constraint({"A": 1, "B": 1}, "=", 100)], (number("A", 0, 10), number("B", 0, 10)))
