"""Batch mode: unlabelled rows of a new context say where it stands."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.members import FoldRows, Variant
from tabcouce.encoder.packed_net import NetShape, PackedNet
from tabcouce.encoder.within_context import TypicalContext, half_open, with_place
from tabcouce.errors import FitError
from tabcouce.models.contract import BatchModel, State
from tabcouce.simulation import operating_point, sensor_shift

KAPPA = 5.0
SMALL = {"epochs": 25, "threads": 1, "width": 48, "embedding": 16}


def three_contexts():
    rng = np.random.default_rng(0)
    unit = np.repeat([0, 1, 2], [6, 9, 4])
    u = rng.normal(size=(19, 2)) * [1.0, 2.0] + np.array([[0.0, 0.0], [3.0, -1.0], [-2.0, 4.0]])[unit]
    observed = rng.random((19, 2)) > 0.2
    return u, observed, unit


def test_the_place_of_a_context_equals_its_written_definition():
    u, observed, unit = three_contexts()
    typical = TypicalContext.of(u, observed, unit)
    for j in range(2):
        values = [u[i, j] for i in range(19) if observed[i, j]]
        mean = sum(values) / len(values)
        square, free = 0.0, 0
        for g in range(3):
            own = [u[i, j] for i in range(19) if observed[i, j] and unit[i] == g]
            square += sum((v - sum(own) / len(own)) ** 2 for v in own)
            free += len(own) - 1
        pooled = square / free
        for g in range(3):
            own = [u[i, j] for i in range(19) if observed[i, j] and unit[i] == g]
            m, middle = len(own), sum(own) / len(own)
            spread = (sum((v - middle) ** 2 for v in own) + KAPPA * pooled) / (m + KAPPA)
            shift, log_sd = typical.place(u[unit == g], observed[unit == g])[:, j]
            assert shift == pytest.approx(m / (m + KAPPA) * (middle - mean))
            assert log_sd == pytest.approx(0.5 * np.log(spread / pooled))


def test_a_glitch_does_not_carry_a_context_away_and_a_blank_has_no_place():
    u, observed, unit = three_contexts()
    typical = TypicalContext.of(u, observed, unit)
    far = u.copy()
    far[0] = 1000.0
    assert np.abs(typical.place(far[unit == 0], np.ones((6, 2), bool))[0]).max() < 4
    beside = with_place(u, observed, typical.place(u, observed))
    assert beside.shape == (19, 6)
    assert (beside[:, :4].reshape(19, 2, 2)[~np.broadcast_to(observed[:, None], (19, 2, 2))] == 0).all()


def test_the_gate_takes_out_a_share_of_mean_and_spread():
    shape = NetShape(2, 3, 1, 8, 0, 4, 1, 4, 0, within=True)
    net = PackedNet(shape, [0, 1])
    with torch.no_grad():
        net.gate.copy_(torch.tensor([[[2.0, -1.0], [0.5, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    row = torch.tensor([0.7, -0.4, 0.2, -0.3, 1.5, 2.5, 1.0])  # mean, log_sd, numbers, one level
    got = net.gated(row.expand(2, 1, 7))[:, 0]
    for j in range(2):
        a, b = 1 / (1 + np.exp(-net.gate[0, :, j].tolist()[0])), 1 / (1 + np.exp(-net.gate[0, 1, j].item()))
        wanted = (float(row[4 + j]) - a * float(row[j])) * np.exp(-b * float(row[2 + j]))
        assert got[0, j].item() == pytest.approx(wanted, rel=1e-5)
    assert got[0, 2] == 1.0
    np.testing.assert_allclose(got[1].detach().numpy(), half_open(row.numpy()[None], 2)[0], rtol=1e-5)


def test_a_measured_context_has_the_statistics_of_its_own_training_rows():
    process = sensor_shift(seed=100, rows=120, contexts=4)
    fold = FoldRows.of(process.X, process.y, process.context, classes=0, held_out=None, seed=0)
    read = fold.inputs(Variant(False, False, within=True))
    for g in np.unique(fold.unit):
        own = fold.unit == g
        u = fold.u[own].astype(float)
        place = fold.typical.place(u, np.ones_like(u, dtype=bool))
        np.testing.assert_allclose(read[own][:, :30], np.tile(place.ravel(), (own.sum(), 1)), atol=1e-5)


@pytest.fixture(scope="module")
def shifted():
    process = sensor_shift(seed=100, rows=600, contexts=10)
    return process, CouceRegressor(**SMALL, within=True).fit(process.X, process.y, process.context)


def test_unlabelled_rows_undo_a_shift_of_the_sensors(shifted):
    _, model = shifted
    new = sensor_shift(seed=100, rows=600, contexts=10, draw="unseen")
    blind, batch = np.zeros(600), np.zeros(600)
    machine = new.context["machine"].to_numpy()
    for level in np.unique(machine):
        own = machine == level
        adapted = model.adapt(new.X[own])
        assert adapted.notes_ == ("within-context",)
        blind[own], batch[own] = model.predict(new.X[own]), adapted.predict(new.X[own])
        np.testing.assert_allclose(adapted.predict(new.X[own][:3]), batch[own][:3], rtol=1e-9)
    error = [((p - new.y) ** 2).mean() / new.y.var() for p in (blind, batch)]
    assert error[1] < 0.5 * error[0] and error[1] < 0.25


def test_training_for_batch_mode_leaves_the_blind_prediction_as_it_was(shifted):
    process, model = shifted
    without = CouceRegressor(**SMALL).fit(process.X, process.y, process.context)
    np.testing.assert_allclose(without.predict(process.X), model.predict(process.X), atol=1e-3)
    with pytest.raises(FitError, match="batch mode"):
        without.adapt(process.X)


def test_a_saved_model_adapts_alike_and_few_rows_change_nothing(shifted):
    process, model = shifted
    assert isinstance(model, BatchModel)
    state = model.state()
    again = CouceRegressor.from_state(State(json.loads(json.dumps(state.settings)), state.arrays))
    rows = process.X[:40]
    np.testing.assert_array_equal(again.adapt(rows).predict(rows), model.adapt(rows).predict(rows))
    assert [t.variant for t in again.selection_] == [t.variant for t in model.selection_]
    few = model.adapt(rows[:9])
    assert few.notes_ == model.notes_
    np.testing.assert_array_equal(few.predict(rows), model.predict(rows))


def test_where_machines_really_run_at_different_points_the_blind_view_stays():
    process = operating_point(seed=100, rows=400, contexts=8)
    model = CouceRegressor(**SMALL, within=True).fit(process.X, process.y, process.context)
    rows = process.X[:50]
    np.testing.assert_array_equal(model.adapt(rows).predict(rows), model.predict(rows))


def test_without_contexts_there_is_nothing_to_measure():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
    model = CouceRegressor(epochs=2, threads=1, within=True).fit(X, X["a"].to_numpy())
    np.testing.assert_array_equal(model.adapt(X).predict(X), model.predict(X))
