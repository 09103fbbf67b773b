"""A member answers its own training rows without a bias, whatever training left it at."""

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.backdoor import Prior
from tabcouce.encoder.fitted_view import FittedView, TargetUnits
from tabcouce.encoder.packed_net import NetShape, PackedNet
from tabcouce.simulation import target_offset

CENTRE, SCALE = np.array([3.0, -40.0]), np.array([2.0, 0.5])


def untrained(outputs):
    """Two members with a drawn head, that read two columns."""
    shape = NetShape(2, 2, outputs, 3, 0, width=8, depth=1, embedding=4, frequencies=0, readout=False)
    net = PackedNet(shape, [0, 1])
    with torch.no_grad():
        net.w_head.normal_(generator=torch.Generator().manual_seed(0))
        net.b_head.fill_(0.7)
    weights = [{name: value[m].numpy() for name, value in net.state_dict().items()} for m in range(2)]
    units = TargetUnits(np.zeros((2, outputs)), np.ones(2))
    if outputs == 1:
        units = TargetUnits(CENTRE[:, None], SCALE)
    return FittedView.of(shape, weights, units, Prior.of(np.zeros((1, 0), dtype=np.int64)), False)


def answers(view, u):
    """(M, n, k) of each member before the mean over members, in member units."""
    with torch.no_grad():
        both = view.net.encode(torch.as_tensor(u)[None].expand(2, -1, -1))
        return view.net.output(both, view.net.logits(both)).numpy()


def test_the_mean_error_of_a_member_on_its_own_rows_is_zero():
    rng = np.random.default_rng(0)
    u, y = rng.normal(size=(60, 2)), rng.exponential(size=60) ** 2
    view, rows = untrained(1), [np.arange(40), np.arange(10, 60)]
    before = answers(view, u)
    told = view.learn_intercepts(view.outputs(u, None), y, rows)
    after = answers(view, u)
    np.testing.assert_allclose(told, after, atol=1e-12)
    for m, own in enumerate(rows):
        told = after[m, :, 0] * SCALE[m] + CENTRE[m]
        assert told[own].mean() == pytest.approx(y[own].mean(), abs=1e-5)
        assert np.ptp(after[m] - before[m]) < 1e-9


def test_the_classes_log_odds_move_as_far_as_their_shares_and_a_prior_of_one_say():
    """Stationarity of the posterior: per class, rows less expected rows equal the shift."""
    rng = np.random.default_rng(1)
    u, y = rng.normal(size=(200, 2)), (rng.random(200) < 0.05).astype(float)
    y[:100] = np.arange(100) % 10 == 0
    view, rows = untrained(2), [np.arange(120), np.arange(30, 200)]
    before = answers(view, u)
    told = view.learn_intercepts(view.outputs(u, None), y, rows)
    after = answers(view, u)
    np.testing.assert_allclose(told, after, atol=1e-12)
    for m, own in enumerate(rows):
        (shift,) = np.unique((after - before)[m].round(5), axis=0)
        for c in (0, 1):
            expected = sum(1 / (1 + np.exp(after[m, i, 1 - c] - after[m, i, c])) for i in own)
            assert (y[own] == c).sum() - expected == pytest.approx(shift[c], abs=0.02)


def test_a_rare_class_is_expected_as_often_as_it_is_there():
    process = target_offset(seed=0, rows=400, contexts=5)
    label = process.y > np.quantile(process.y, 0.95)
    model = CouceClassifier(members=1, epochs=4, view="pooled", head="off", threads=1)
    told = model.fit(process.X, label, process.context).predict_proba(process.X)
    assert told[:, 1].mean() == pytest.approx(label.mean(), rel=0.15)


def test_a_model_is_read_back_with_the_intercepts_it_was_kept_with():
    process = target_offset(seed=0, rows=400, contexts=5)
    y = np.exp(process.y)
    model = CouceRegressor(members=1, epochs=4, view="pooled", head="off", threads=1)
    model.fit(process.X, y, process.context)
    again = CouceRegressor.from_state(model.state())
    np.testing.assert_array_equal(again.predict(process.X), model.predict(process.X))
