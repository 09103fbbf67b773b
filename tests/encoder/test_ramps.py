"""Thresholds are found where the target steps, and ramps are the written encoding."""

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.ramps import Ramps, thresholds
from tabcouce.simulation import step_like

SMALL = {"epochs": 3, "width": 16, "embedding": 8, "threads": 1}


def everything(Z):
    return np.ones(Z.shape, dtype=bool)


def test_thresholds_stand_where_the_target_steps_and_nowhere_in_noise():
    rng = np.random.default_rng(0)
    z = np.sort(rng.standard_normal(800))
    step = 1.0 * (z > 0.3) + 0.7 * (z > -0.9) + 0.2 * rng.standard_normal(800)
    found = [z[cut] for cut in thresholds(z, step[:, None])]
    assert len(found) == 2
    np.testing.assert_allclose(found, [-0.9, 0.3], atol=0.05)
    none = [len(thresholds(z, rng.standard_normal((800, 1)))) for _ in range(40)]
    assert sum(none) <= 4


def test_the_first_threshold_is_the_best_of_all_splits():
    rng = np.random.default_rng(1)
    z, y = np.sort(rng.standard_normal(60)), rng.standard_normal((60, 2))
    y[34:] += [2.0, -1.0]
    first = thresholds(z, y)[0]

    def error(cut):
        return sum(((part - part.mean(0)) ** 2).sum() for part in (y[:cut], y[cut:]))

    assert first == min(range(8, 53), key=error)


def test_a_threshold_never_parts_equal_values():
    z = np.repeat([0.0, 1.0, 2.0], 50)
    y = np.repeat([0.0, 0.0, 1.0], 50)[:, None]
    assert thresholds(z, y + 1e-3 * np.random.default_rng(0).standard_normal((150, 1)))[0] == 100


def test_wide_ramps_are_the_piecewise_linear_encoding_between_the_knots():
    """Bin by bin: 0 before it, 1 after it, the share of it inside (rtdl's eq. 1)."""
    rng = np.random.default_rng(2)
    Z = np.column_stack([np.sort(rng.uniform(-2, 2, 400)), rng.standard_normal(400), np.zeros(400)])
    y = 1.0 * (Z[:, 0] > 0.5) + (Z[:, 0] > -1.0) + 0.1 * rng.standard_normal(400)
    ramps = Ramps.of(Z, y[:, None], everything(Z))
    assert set(ramps.column.tolist()) == {0}  # noise and the constant column have none
    assert len(ramps.column) == 2 + 3
    for r, x in [(r, x) for r in range(5) for x in (-3.0, -1.0, -0.2, 0.5, 1.4, 9.0)]:
        low, high = ramps.left[r], ramps.left[r] + 1 / ramps.steep[r]
        written = 0.0 if x < low else 1.0 if x >= high else (x - low) / (high - low)
        assert ramps(np.array([[x, 0.0, 0.0]]))[0, r] == pytest.approx(written, abs=1e-9)
    widths = np.sort(1 / ramps.steep)
    assert widths[1] < 0.1 < widths[2]
    np.testing.assert_allclose(widths[2:].sum(), 4.0, atol=0.05)


def test_blanks_and_withheld_columns_do_not_make_thresholds():
    rng = np.random.default_rng(3)
    Z = rng.standard_normal((400, 1))
    blank = rng.random(400) < 0.3
    Z[blank] = 0.0
    y = (np.where(blank, 5.0, 0.0) + 0.1 * rng.standard_normal(400))[:, None]
    assert len(Ramps.of(Z, y, everything(Z)).column)
    assert not len(Ramps.of(Z, y, ~blank[:, None]).column)
    assert not len(Ramps.of(Z, y, ~everything(Z)).column)


def test_the_network_computes_the_ramps_of_each_member():
    process = step_like(seed=0, rows=400, contexts=4)
    model = CouceRegressor(**SMALL).fit(process.X, process.y, process.context)
    net = model.blind_.net
    z = net.scaled(torch.as_tensor(model.gradient_inputs(process.X)).expand(net.members, -1, -1))
    together = net.on_ramps(z).numpy()
    assert net.shape.ramps > 0
    for m in range(net.members):
        steep = net.ramp_steep[m].numpy()
        alone = Ramps(net.ramp_column[m].numpy(), net.ramp_left[m].numpy(), steep)
        np.testing.assert_allclose(together[m], alone(z[m].numpy()), atol=1e-12)
        assert (together[m][:, steep == 0] == 0).all()


def test_a_saved_model_keeps_its_ramps():
    process = step_like(seed=0, rows=400, contexts=4)
    model = CouceRegressor(**SMALL).fit(process.X, process.y, process.context)
    again = CouceRegressor.from_state(model.state())
    assert again.blind_.net.ramp_column.dtype == torch.int64
    np.testing.assert_array_equal(again.predict(process.X), model.predict(process.X))


def test_small_wide_or_unwanted_tables_have_no_ramps():
    process = step_like(seed=0, rows=400, contexts=4)
    wide = np.random.default_rng(0).standard_normal((400, 101))
    wide[:, 0] = process.X.iloc[:, 0]
    for model, X, rows in (
        (CouceRegressor(**SMALL, piecewise=False), process.X, slice(400)),
        (CouceRegressor(**SMALL), process.X, slice(299)),
        (CouceRegressor(**SMALL), wide, slice(400)),
    ):
        model.fit(X[rows], process.y[rows])
        assert model.blind_.net.shape.ramps == 0


def test_c_steps_are_predicted_on_other_machines():
    """At least 0.8 of the variance, where the smooth code alone reaches two thirds."""
    seen, new = (step_like(seed=1, draw=draw) for draw in ("train", "unseen"))
    model = CouceRegressor(threads=1, view="pooled").fit(seen.X, seen.y, seen.context)
    assert 1 - ((model.predict(new.X) - new.y) ** 2).mean() / new.y.var() > 0.8
