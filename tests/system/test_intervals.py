"""Bands from held-out residuals, restated in plain loops."""

import math

import numpy as np
import pytest

from tabcouce.system import fit_intervals


def conformal_quantile(residual, level):
    """Split conformal by its definition: the ceil((n + 1) level)-th smallest |residual|."""
    rank = math.ceil((len(residual) + 1) * level)
    return sorted(abs(residual))[rank - 1] if rank <= len(residual) else math.inf


def two_contexts(seed=0):
    rng = np.random.default_rng(seed)
    unit = np.repeat([0, 1, 2], [60, 80, 70])
    residual = rng.normal(size=210) * np.array([1.0, 2.0, 3.0])[unit] + np.array([0.0, 1.0, -2.0])[unit]
    return residual, unit


def test_the_half_width_is_the_conformal_quantile_of_the_residuals():
    residual, unit = two_contexts()
    fitted = fit_intervals(residual, unit, units=3, split="unseen:machine", level=0.9)
    assert fitted.half_width == pytest.approx(conformal_quantile(residual, 0.9))


def test_coverage_judges_each_context_by_the_residuals_of_the_others():
    residual, unit = two_contexts()
    fitted = fit_intervals(residual, unit, units=3, split="unseen:machine", level=0.9)
    hits = []
    for u in range(3):
        width = conformal_quantile(residual[unit != u], 0.9)
        mine = [abs(r) <= width for r in residual[unit == u]]
        assert fitted.per_unit[u] == pytest.approx(np.mean(mine))
        hits += mine
    assert fitted.coverage == pytest.approx(np.mean(hits))


def test_rows_never_held_out_are_left_out_of_the_band():
    residual, unit = two_contexts()
    holes = residual.copy()
    holes[::3] = np.nan
    fitted = fit_intervals(holes, unit, units=3, split="forward")
    assert fitted.n == np.isfinite(holes).sum()
    assert fitted.half_width == pytest.approx(conformal_quantile(holes[np.isfinite(holes)], 0.9))


def test_one_context_gives_a_band_but_no_claim_about_coverage():
    fitted = fit_intervals(np.linspace(-1, 1, 50), np.zeros(50, int), units=1, split="shuffled")
    assert fitted.coverage is None
    assert math.isfinite(fitted.half_width)


def test_too_few_rows_for_the_level_give_an_infinite_band():
    fitted = fit_intervals(np.array([0.1, -0.2, 0.3]), np.array([0, 0, 1]), units=2, split="shuffled")
    assert math.isinf(fitted.half_width)


@pytest.mark.parametrize("n", [9, 19, 29, 99])
def test_the_last_digit_of_the_level_adds_no_rank(n, recwarn):
    """0.9 x (n + 1) is whole here; a rank too many would widen the band, or make it infinite."""
    residual = np.arange(1.0, n + 1)
    fitted = fit_intervals(residual, np.zeros(n, int), units=1, split="shuffled", level=0.9)
    assert fitted.half_width == 0.9 * (n + 1)
    assert not recwarn.list


def test_the_promise_for_a_new_machine_is_that_of_the_largest_error_of_exchangeable_machines() -> None:
    rng = np.random.default_rng(4)
    machines, hits = 5, 0
    for _ in range(4000):
        largest = np.abs(rng.normal(size=machines + 1) + rng.normal(size=machines + 1)) + 1.0
        hits += largest[-1] <= largest[:-1].max()
    unit = np.repeat(np.arange(machines), 4)
    found = fit_intervals(rng.normal(size=20), unit, units=machines, split="unseen:machine")
    assert found.promisable == pytest.approx(hits / 4000, abs=0.02)
    assert found.promisable < found.level
