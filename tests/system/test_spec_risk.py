"""Out-of-spec probability: counted by hand, and true on rows of machines never drawn."""

from __future__ import annotations

import numpy as np
import pytest

from tabcouce.system.spec_risk import MOST, SpecRisk


def test_the_probability_counts_errors_that_leave_the_limits() -> None:
    error = np.array([0.5, -2.0, 1.0, np.nan, 3.0, -1.0])
    risk = SpecRisk.of(error, 0.0, 10.0)
    assert risk is not None
    for prediction in (0.0, 1.5, 5.0, 9.0, 9.5, 14.0):
        beyond = sum(not 0.0 <= prediction + e <= 10.0 for e in error if np.isfinite(e))
        assert risk(np.array([prediction])) == pytest.approx([(beyond + 1.0) / 6])
    one_sided = SpecRisk.of(error, None, 10.0)
    assert one_sided is not None and one_sided(np.array([9.5])) == pytest.approx([2.5 / 6])


def test_without_limits_or_errors_there_is_none() -> None:
    assert SpecRisk.of(np.ones(5), None, None) is None
    assert SpecRisk.of(np.full(3, np.nan), 0.0, 1.0) is None


@pytest.mark.parametrize("rows", [300, 5000])
def test_stated_probabilities_are_the_shares_that_leave_the_limits_on_new_machines(rows: int) -> None:
    rng = np.random.default_rng(rows)

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        level = 0.5 * rng.normal(size=400)[rng.integers(0, 400, n)]
        return rng.uniform(-4, 4, n), level + rng.normal(size=n)

    _, error = drawn(rows)
    risk = SpecRisk.of(error, -2.0, 3.0)
    assert risk is not None and len(risk.error) == min(rows, MOST)
    prediction, new = drawn(40_000)
    said = risk(prediction)
    beyond = (prediction + new < -2.0) | (prediction + new > 3.0)
    for low, high in ((0.0, 0.1), (0.1, 0.4), (0.4, 0.7), (0.7, 1.0)):
        mine = (said > low) & (said <= high)
        assert beyond[mine].mean() == pytest.approx(said[mine].mean(), abs=0.05)
    assert (said > 0).all() and (said < 1).all()
    again = SpecRisk.from_settings(risk.settings())
    assert (again(prediction) == said).all()
