"""Predictions of training rows by members that never saw the row's context."""

import numpy as np

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.models.contract import CrossEstimated
from tabcouce.simulation import target_offset

SMALL = {"members": 4, "epochs": 3, "width": 16, "embedding": 8, "threads": 1}


def test_every_row_is_predicted_by_a_member_that_never_saw_its_context():
    """Changing the targets of one machine beyond recognition leaves the machine's own left-out
    predictions where the penalty and the best look leave them, and moves those of the others."""
    process = target_offset(seed=0, rows=240, contexts=6)
    first = CouceRegressor(**SMALL, view="pooled", head="off").fit(process.X, process.y, process.context)
    assert isinstance(first, CrossEstimated)
    assert first.left_out_.shape == (240,) and np.isfinite(first.left_out_).all()
    machine = process.context["machine"].to_numpy()
    one = machine == machine[0]
    far = process.y.copy()
    far[one] += 1000.0
    second = CouceRegressor(**SMALL, view="pooled", head="off").fit(process.X, far, process.context)
    # 1000 above in training pulls predictions up by about a fifth of it; the machine itself
    # is still predicted as if it had never been moved.
    assert second.left_out_[one].max() < first.left_out_.max() + 10
    assert np.median(second.left_out_[~one] - first.left_out_[~one]) > 100


def test_left_out_predictions_are_worse_than_those_of_members_that_saw_the_row_where_machines_differ():
    process = target_offset(seed=0, rows=360, contexts=6)
    model = CouceRegressor(members=3, epochs=10, threads=1).fit(process.X, process.y, process.context)
    known = ((model.predict(process.X, process.context) - process.y) ** 2).mean()
    assert ((model.left_out_ - process.y) ** 2).mean() > 2 * known


def test_without_contexts_rows_are_held_out_and_thinned_rows_stay_empty():
    process = target_offset(seed=0, rows=240, contexts=4)
    label = (process.y > np.median(process.y)).astype(float)
    model = CouceClassifier(**SMALL, max_rows=200).fit(process.X, label)
    assert model.left_out_.shape == (240, 2)
    assert np.isfinite(model.left_out_[:, 0]).sum() == 200
    np.testing.assert_allclose(np.nansum(model.left_out_, axis=1).round(6) % 1, 0)


def test_two_members_leave_contexts_that_none_held_out():
    process = target_offset(seed=0, rows=240, contexts=5)
    model = CouceRegressor(**SMALL | {"members": 2}).fit(process.X, process.y, process.context)
    empty = np.isnan(model.left_out_)
    machines = process.context["machine"].to_numpy()
    assert len(set(machines[empty])) == 3 and not set(machines[empty]) & set(machines[~empty])
