"""The simulated processes keep their promises; later tests lean on them."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.simulation import LINE, PROCESSES, SLOPES, assignment, common_cause, none, sensor_shift


@pytest.mark.parametrize("name", PROCESSES)
def test_same_seed_gives_the_same_rows_and_another_seed_other_rows(name):
    first, again, other = (PROCESSES[name](seed=s, rows=120) for s in (3, 3, 4))
    pd.testing.assert_frame_equal(first.X, again.X)
    assert np.array_equal(first.y, again.y)
    assert not np.array_equal(first.y, other.y)


@pytest.mark.parametrize("name", PROCESSES)
def test_unseen_machines_share_no_label_with_training_machines(name):
    train, unseen = (PROCESSES[name](seed=0, rows=120, draw=d) for d in ("train", "unseen"))
    assert not set(train.context["machine"]) & set(unseen.context["machine"])
    assert list(train.X.columns) == list(unseen.X.columns) == list(train.kinds)


def test_declared_effects_are_the_mean_slopes_of_the_surface():
    """Least squares on independent unit-variance latent values returns E[dg/dv] (Stein)."""
    process = none(seed=0, rows=200_000)
    A = np.column_stack([np.ones(len(process.y)), process.X])
    slope = np.linalg.lstsq(A, process.surface, rcond=None)[0][1:]
    expected = np.array(list(process.effects.values()))
    spread = np.array([q.spread for q in LINE])
    np.testing.assert_allclose(slope * spread, expected * spread, atol=0.02)
    assert len(SLOPES) == len(process.causes)


def test_common_cause_moves_inputs_and_quality_together_and_intervention_parts_them():
    train = common_cause(seed=1, rows=6000)
    hand_set = common_cause(seed=1, rows=6000, draw="interventional")
    for process, low, high in ((train, 0.95, 1.0), (hand_set, -0.8, 0.8)):
        mean_x = process.X.iloc[:, 0].groupby(process.context["machine"]).mean()
        mean_y = pd.Series(process.y - process.surface).groupby(process.context["machine"]).mean()
        assert low <= np.corrcoef(mean_x, mean_y)[0, 1] <= high


def test_assignment_routes_by_quality_and_reverses_on_request():
    for draw, sign in (("train", 1), ("unseen", 0), ("reversed", -1)):
        process = assignment(seed=2, rows=6000, draw=draw)
        tied = np.corrcoef(process.X[process.proxies[0]], process.y)[0, 1]
        assert np.sign(round(tied, 1)) == sign


def test_sensor_shift_declares_the_drift_it_applies():
    process = sensor_shift(seed=0, rows=4000, contexts=400)
    name, (offset, gain) = next(iter(process.tolerances.items()))
    means = process.X[name].groupby(process.context["machine"]).mean()
    # Means of ten rows add sampling noise of one spread over the square root of ten.
    quantity = next(q for q in LINE if q.name == name)
    expected = np.hypot(offset, quantity.spread / np.sqrt(10))
    assert means.std() == pytest.approx(expected, rel=0.15)
    assert gain > 0


def test_a_process_without_association_cannot_be_reversed():
    with pytest.raises(ValueError, match="reversed"):
        none(seed=0, rows=24, draw="reversed")
