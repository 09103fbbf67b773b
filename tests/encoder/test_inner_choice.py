"""The rule that chooses views and interventions, on made-up losses."""

import numpy as np

from tabcouce.encoder.inner_selection import InnerTrial, choose, compare, held_out_loss
from tabcouce.encoder.members import Variant

POOLED, DO = Variant(False, False), Variant(True, False)
POOLED_MOVED = Variant(False, True)


def trial(variant, losses):
    losses = np.asarray(losses, dtype=float)
    return InnerTrial(variant, np.arange(len(losses)), losses)


def test_a_gain_must_pass_the_margin_and_its_own_uncertainty():
    base = trial(POOLED, [0.5, 0.5, 0.5, 0.5])
    assert compare(trial(DO, [0.4, 0.41, 0.39, 0.4]), base).wins
    assert not compare(trial(DO, [0.495, 0.495, 0.495, 0.495]), base).wins
    assert not compare(trial(DO, [0.0, 0.6, 0.6, 0.6]), base).wins
    assert not compare(trial(DO, [0.1, 0.1]), trial(POOLED, [0.5, 0.5])).wins


def test_few_contexts_need_a_larger_gain_than_many():
    """Student's t at one-sided 95 %: 2.015 standard errors with 6 contexts, 1.796 with 12."""
    for contexts, bar in ((6, 2.015), (12, 1.796)):
        wave = np.resize([1.0, -1.0], contexts)
        error = wave.std(ddof=1) / np.sqrt(contexts)
        base = trial(POOLED, np.full(contexts, 9.0))
        for ratio, wins in ((bar + 0.01, True), (bar - 0.01, False)):
            assert compare(trial(DO, 9.0 - ratio * error - wave), base).wins is wins


def test_the_pooled_view_stays_unless_the_do_view_wins():
    base = trial(POOLED, [0.5] * 5)
    better, equal = trial(DO, [0.3, 0.31, 0.29, 0.3, 0.3]), trial(DO, [0.5] * 5)
    assert choose([base, better], view="auto", interventions="auto").blind_view == "do"
    assert choose([base, equal], view="auto", interventions="auto").blind_view == "pooled"
    assert choose([base, equal], view="do", interventions="auto").blind_view == "do"


def test_a_declared_intervention_stays_unless_it_loses():
    base = trial(POOLED, [0.5] * 5)
    same, worse = trial(POOLED_MOVED, [0.505] * 5), trial(POOLED_MOVED, [0.6, 0.61, 0.6, 0.59, 0.6])
    assert choose([base, same], view="auto", interventions="auto").pooled == POOLED_MOVED
    assert choose([base, worse], view="auto", interventions="auto").pooled == POOLED
    assert choose([base, worse], view="auto", interventions="on").pooled == POOLED_MOVED


def test_losses_are_paired_by_context_not_by_position():
    one = InnerTrial(DO, np.array([2, 0, 1]), np.array([0.2, 0.0, 0.1]))
    other = InnerTrial(POOLED, np.array([0, 1, 2]), np.array([0.5, 0.6, 0.7]))
    assert compare(one, other).gain == np.float64(0.5)
    assert compare(one, other).standard_error < 1e-12


def test_loss_is_squared_error_over_variance_or_minus_log_chance():
    np.testing.assert_allclose(held_out_loss(np.array([[1.0], [3.0]]), np.array([0.0, 3.0]), 2.0), [0.5, 0])
    chance = np.array([[0.25, 0.75], [0.9, 0.1]])
    np.testing.assert_allclose(held_out_loss(chance, np.array([1.0, 0.0]), 1.0), -np.log([0.75, 0.9]))
