"""Recorded checkpoints: the cut network is the network, and the path ends at the weights that predict."""

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.checkpoints import MOST, Recorder
from tabcouce.explanation.training_path import path_attribution
from tabcouce.simulation import target_offset


@pytest.fixture(scope="module")
def line():
    return target_offset(rows=320, contexts=6, seed=3)


@pytest.fixture(scope="module")
def fitted(line):
    model = CouceRegressor(members=3, epochs=6, width=16, threads=1, view="pooled", head="off", checkpoints=5)
    return model.fit(line.X, line.y, line.context)


def test_nothing_is_recorded_unless_asked_for(line):
    model = CouceRegressor(members=1, epochs=2, width=8, threads=1, view="pooled")
    assert model.fit(line.X, line.y, line.context).path_ is None


def learnt_after(model):
    """(M, k) intercepts of the blind view's members less those that training left."""
    left = [member.weights[-1]["b_head"] for member in model.path_.members]
    return model.blind_.net.b_head.numpy() - np.stack(left)


def test_the_last_cut_networks_are_the_blind_prediction_but_for_the_intercept(line, fitted):
    path = fitted.path_
    u = fitted.gradient_inputs(line.X)
    last = [path.checkpoints(m)[-1] for m in range(len(path.members))]
    answers = np.mean([cut.answer(cut.tokens(u).sum(axis=1)) for cut in last], axis=0)
    centre = fitted.blind_.centre.mean().item() + (path.scale * learnt_after(fitted)[:, 0]).mean()
    with torch.no_grad():
        expected = fitted.network()(torch.as_tensor(u))[:, 0].numpy()
    np.testing.assert_allclose(answers + centre, expected, rtol=1e-6, atol=1e-6)


def test_a_columns_token_follows_that_column_alone(line, fitted):
    cut = fitted.path_.checkpoints(0)[-1]
    u = fitted.gradient_inputs(line.X)[:20]
    moved = u.copy()
    moved[:, fitted.owner_ == 1] += 0.7
    change = np.abs(cut.tokens(moved) - cut.tokens(u)).sum(axis=(0, 2))
    assert change[1] > 0 and np.delete(change, 1).max() == 0


def test_the_slope_of_the_cut_network_is_its_finite_difference(line, fitted):
    cut = fitted.path_.checkpoints(1)[-1]
    total = cut.tokens(fitted.gradient_inputs(line.X)[:4]).sum(axis=1)
    slope, step = cut.slope(total), 1e-5
    for h in (0, 7, total.shape[1] - 1):
        move = np.zeros_like(total)
        move[:, h] = step
        difference = (cut.answer(total + move) - cut.answer(total - move)) / (2 * step)
        np.testing.assert_allclose(slope[:, h], difference, rtol=1e-4, atol=1e-6)


def test_shares_of_columns_and_of_shared_layers_add_up_along_the_recorded_path(line, fitted):
    found = path_attribution(fitted.path_.checkpoints(0), fitted.gradient_inputs(line.X)[:60])
    change = np.abs(found.end - found.start).mean()
    assert np.abs(found.gap).mean() < 0.2 * change
    assert found.values.shape == (60, line.X.shape[1])


def test_recording_changes_no_weight(line, fitted):
    settings = {**fitted.get_params(), "checkpoints": 0}
    plain = CouceRegressor(**settings).fit(line.X, line.y, line.context)
    np.testing.assert_array_equal(plain.predict(line.X), fitted.predict(line.X))


def test_two_classes_are_explained_in_log_odds(line):
    label = np.where(line.y > np.median(line.y), "high", "low")
    model = CouceClassifier(members=1, epochs=3, width=8, threads=1, view="pooled", checkpoints=4)
    model.fit(line.X, label, line.context)
    u = model.gradient_inputs(line.X)
    cut = model.path_.checkpoints(0)[-1]
    with torch.no_grad():
        logs = model.network()(torch.as_tensor(u)).numpy()
    ((low, high),) = learnt_after(model)
    odds = logs[:, 1] - logs[:, 0] - model.path_.scale[0] * (high - low)
    np.testing.assert_allclose(cut.answer(cut.tokens(u).sum(axis=1)), odds, atol=1e-6)


def test_checkpoints_are_thinned_and_later_steps_than_the_kept_ones_are_left_out():
    class Net:
        def state_dict(self):
            return {"w": torch.zeros(2, 1)}

    recorder = Recorder(1)
    for step in range(200):
        recorder.record(Net(), step)
    recorder.looked(100, np.array([True, True]))
    recorder.looked(200, np.array([False, True]))
    first, second = recorder.paths([{"w": np.ones(1)}, {"w": np.ones(1)}])
    assert len(recorder.steps) <= MOST
    assert first.steps[-1] == 100 and max(first.steps[:-1]) < 100
    assert second.steps[-1] == 200 and second.steps[0] == 0
