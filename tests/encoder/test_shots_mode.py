"""k-shot mode: labelled rows of a new context choose the view and move it."""

import json
from itertools import combinations

import numpy as np
import pytest

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.shots import LeftOutRows, LinePrior, best_view, rehearsed, shots_loss, slope_gain
from tabcouce.models.contract import Rehearsal, RehearsedShots, ShotsModel, State
from tabcouce.simulation import target_offset

SMALL = {"epochs": 25, "threads": 1, "width": 48, "embedding": 16, "members": 3}


def test_the_expected_loss_after_k_shots_equals_the_mean_over_every_choice_of_rows():
    rng = np.random.default_rng(0)
    unit = np.repeat([0, 1, 2], 6)
    y = rng.normal(size=18) + np.array([2.0, -1.0, 0.3])[unit]
    rows = LeftOutRows(y, unit, {"blind": 0.2 * rng.normal(size=18)})
    for k in (1, 2, 4):
        w = rows.prior("blind").weight(k)
        assert 0 < w < 1
        for g, loss in shots_loss(rows, "blind", k).items():
            e = (y - rows.estimate["blind"])[unit == g]
            errors = [
                (e[i] - w * e[list(few)].mean()) ** 2
                for few in combinations(range(6), k)
                for i in range(6)
                if i not in few
            ]
            assert loss == pytest.approx(np.mean(errors) / y.var())
    assert not shots_loss(rows, "blind", 5)


def test_a_rehearsal_moves_left_out_answers_by_the_shrunken_mean_residual_of_the_labels():
    rng = np.random.default_rng(3)
    unit = np.repeat(np.arange(6), 10)
    y = rng.normal(size=60) + 2.0 * rng.normal(size=6)[unit]
    rows = LeftOutRows(y, unit, {"blind": 0.1 * rng.normal(size=60)})
    kept = np.setdiff1d(np.arange(61), [7])  # row 7 of those given was thinned away
    place = np.full(61, -1)
    place[kept] = np.arange(60)
    draw = Rehearsal(few=np.array([1, 3]), rest=np.array([5, 7, 9]))
    (told,) = rehearsed(rows, ["blind"], place, [draw])
    prior, p = rows.prior("blind"), rows.estimate["blind"]
    shift = 2 / (2 + prior.within / prior.between) * (y[1] - p[1] + y[3] - p[3]) / 2
    assert np.isnan(told[1])
    assert told[[0, 2]] == pytest.approx([p[5] + shift, p[8] + shift])


def test_an_encoder_rehearses_on_contexts_that_no_member_saw():
    process = target_offset(seed=0, rows=150, contexts=5)
    model = CouceRegressor(**SMALL).fit(process.X, process.y, process.context)
    assert isinstance(model, RehearsedShots)
    mine = np.flatnonzero(process.context["machine"] == process.context["machine"][1])
    (told,) = model.rehearse(process.X, process.y, [Rehearsal(mine[:5], mine[5:])])
    truth, blind = process.y[mine[5:]], model.left_out_[mine[5:]]
    assert np.mean((told - truth) ** 2) < np.mean((blind - truth) ** 2)


def test_a_line_is_the_gaussian_posterior_of_offset_and_slope():
    """Conditioning the joint normal of (a, b, r) by hand gives the same numbers."""
    rng = np.random.default_rng(1)
    unit = np.repeat(np.arange(8), 30)
    p = rng.normal(size=240)
    a, b = 1.5 * rng.normal(size=8), 1.5 * rng.normal(size=8)
    y = p + a[unit] + b[unit] * p + 0.3 * rng.normal(size=240)
    prior = LinePrior.of(y, p, unit)
    assert prior.slope == pytest.approx(b.var(ddof=1), rel=0.2)
    few, labels = p[:12], y[:12]
    x = np.column_stack([np.ones(12), few - prior.centre])
    spread = np.diag([prior.offset.between, prior.slope])
    covariance = x @ spread @ x.T + prior.offset.within * np.eye(12)
    wanted = spread @ x.T @ np.linalg.inv(covariance) @ (labels - few)
    line = prior.line(labels, few)
    np.testing.assert_allclose([line.offset, line.slope], wanted)
    rows = LeftOutRows(y, unit, {"blind": p})
    assert slope_gain(rows, "blind", prior, 12).wins


def test_where_only_levels_differ_no_slope_is_fitted():
    rng = np.random.default_rng(2)
    unit = np.repeat(np.arange(8), 30)
    p = rng.normal(size=240)
    y = p + rng.normal(size=8)[unit] + 0.3 * rng.normal(size=240)
    rows = LeftOutRows(y, unit, {"blind": p})
    assert not slope_gain(rows, "blind", LinePrior.of(y, p, unit), 12).wins


def test_the_view_that_is_right_up_to_a_level_is_taken_once_there_are_labels():
    rng = np.random.default_rng(3)
    unit = np.repeat(np.arange(8), 30)
    y = rng.normal(size=240)
    level_wrong = y + 3 * rng.normal(size=8)[unit] + 0.1 * rng.normal(size=240)
    rows = LeftOutRows(y, unit, {"blind": 0.5 * y, "adjusted": level_wrong})
    assert best_view(rows, ["blind", "adjusted"], 0) == "blind"
    assert best_view(rows, ["blind", "adjusted"], 5) == "adjusted"


@pytest.fixture(scope="module")
def levels():
    process = target_offset(seed=100, rows=500, contexts=10)
    return process, CouceRegressor(**SMALL).fit(process.X, process.y, process.context)


def test_five_labels_bring_a_new_machine_to_its_level(levels):
    _, model = levels
    assert isinstance(model, ShotsModel)
    new = target_offset(seed=100, rows=500, contexts=10, draw="unseen")
    blind, moved = [], []
    for level in np.unique(new.context["machine"]):
        own = np.flatnonzero(new.context["machine"] == level)
        few, rest = own[:5], own[5:]
        shots = model.calibrate(new.X.iloc[few], new.y[few])
        blind.append((model.predict(new.X.iloc[rest]) - new.y[rest]) ** 2)
        moved.append((shots.predict(new.X.iloc[rest]) - new.y[rest]) ** 2)
        np.testing.assert_allclose(
            shots.predict(new.X.iloc[rest[:2]]), shots.predict(new.X.iloc[rest])[:2], rtol=1e-9
        )
    assert np.concatenate(moved).mean() < 0.35 * np.concatenate(blind).mean()


def test_no_labels_move_nothing_and_the_model_itself_is_never_changed(levels):
    process, model = levels
    before = model.predict(process.X)
    none = model.calibrate(process.X[:0], process.y[:0])
    np.testing.assert_array_equal(none.predict(process.X), before)
    model.calibrate(process.X[:5], process.y[:5] + 10)
    np.testing.assert_array_equal(model.predict(process.X), before)
    with pytest.raises(ValueError, match="labelled row"):
        model.calibrate(process.X[:5], process.y[:4])


def test_a_saved_model_calibrates_alike(levels):
    process, model = levels
    state = model.state()
    again = CouceRegressor.from_state(State(json.loads(json.dumps(state.settings)), state.arrays))
    few = (process.X[:12], process.y[:12])
    np.testing.assert_array_equal(
        again.calibrate(*few).predict(process.X), model.calibrate(*few).predict(process.X)
    )


def test_labels_of_classes_shift_their_odds():
    process = target_offset(seed=100, rows=500, contexts=10)
    label = np.where(process.y > np.median(process.y), "high", "low")
    model = CouceClassifier(**SMALL).fit(process.X, label, process.context)
    rows = process.X[:8]
    up = model.calibrate(rows, np.repeat("high", 8)).predict_proba(process.X)
    down = model.calibrate(rows, ["low"] * 7 + ["never seen"]).predict_proba(process.X)
    blind = model.predict_proba(process.X)
    np.testing.assert_allclose(up.sum(axis=1), 1.0)
    assert (up[:, 0] > down[:, 0]).all()
    assert down[:, 0].mean() < blind[:, 0].mean() < up[:, 0].mean()
