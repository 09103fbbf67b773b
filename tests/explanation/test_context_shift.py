"""What contexts do to the target by themselves, against simulated truth."""

import numpy as np
import pandas as pd
import pytest
from test_effects import dataset

from tabcouce.explanation.context_shift import context_shifts


def test_a_batch_shift_is_found_though_a_factor_ran_higher_in_that_batch():
    rng = np.random.default_rng(0)
    batch, machine = np.tile([0, 1], 300), np.repeat(np.arange(6), 100)
    X = pd.DataFrame({"x": rng.normal(size=600) + 1.5 * batch})
    y = 2.0 * X["x"] - 4.0 * batch + 0.5 * rng.normal(size=600)
    naive = y[batch == 1].mean() - y[batch == 0].mean()
    found = {
        one.column: one for one in context_shifts(dataset(X, y, pd.DataFrame({"b": batch, "m": machine})))
    }
    assert abs(naive - (-4.0)) > 2.5  # the factor's part hides most of the shift
    assert (found["b"].lowest, found["b"].highest) == ("1", "0")
    assert found["b"].high - found["b"].low == pytest.approx(4.0, abs=0.2)
    assert found["b"].share > 0.9 and abs(found["m"].share) < 0.05
    assert list(found) == ["b", "m"]


def test_levels_with_few_rows_are_not_named_as_the_extremes():
    rng = np.random.default_rng(1)
    lot = np.array(["a"] * 40 + ["b"] * 40 + ["c"] * 2)
    y = np.where(lot == "c", 50.0, np.where(lot == "b", 1.0, 0.0)) + 0.1 * rng.normal(size=82)
    X = pd.DataFrame({"x": rng.normal(size=82)})
    (found,) = context_shifts(dataset(X, y, pd.DataFrame({"lot": lot})))
    assert (found.lowest, found.highest) == ("a", "b") and found.levels == 3


def test_without_inputs_the_means_are_those_of_the_target():
    y = np.repeat([1.0, 3.0], 10) + np.tile([0.1, -0.1], 10)
    (found,) = context_shifts(
        dataset(pd.DataFrame(index=range(20)), y, pd.DataFrame({"m": np.repeat([0, 1], 10)}))
    )
    assert (found.low, found.high) == (pytest.approx(1.0), pytest.approx(3.0))
