"""CouceDetector with and without labels, its alarms, and its way into a file."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tabcouce.encoder import CouceDetector
from tabcouce.encoder.contrast import contrast_rows
from tabcouce.errors import FitError
from tabcouce.models.contract import State
from tabcouce.system.alarm import Alarm, Gauge, OwnScale, Scale
from tabcouce.system.context_correction import ContextCorrection, Shrinkage
from tabcouce.system.jury import Jury

NAMES = ["温度[℃]", "流量, L/min", "圧力", "電流"]


def line(rows=200, machines=4, seed=0, faults=0.15):
    """Machines of different noise; a fault breaks the tie of the third column with the first."""
    rng = np.random.default_rng(seed)
    n = rows * machines
    machine = np.arange(n) % machines
    noise = np.exp(np.linspace(-0.5, 0.5, machines))[machine]
    y = (rng.random(n) < faults).astype(float)
    F = rng.normal(size=(n, 2))
    X = np.column_stack([F[:, 0], F[:, 1], F[:, 0], F[:, 0] - F[:, 1]])
    X += 0.2 * noise[:, None] * rng.normal(size=(n, 4))
    X[:, 2] += 2.0 * y * noise
    context = pd.DataFrame({"機番": [f"M{k}" for k in machine]})
    return pd.DataFrame(50 + 10 * X, columns=NAMES), y, context


@pytest.fixture(scope="module")
def labelled():
    X, y, context = line()
    return CouceDetector(members=1, epochs=25, threads=1).fit(X, y, context)


def test_without_labels_it_finds_faults_and_names_the_column():
    X, y, context = line(faults=0.0)
    model = CouceDetector(members=1, epochs=20, threads=1).fit(X, None, context)
    fresh, truth, _ = line(seed=1)
    assert not model.labelled_
    assert roc_auc_score(truth, model.abnormality(fresh)) > 0.85
    ill = fresh[truth == 1]
    assert model.contributions(ill).mean(axis=0).argmax() == 2
    assert y.sum() == 0


def test_the_distance_is_the_mean_over_neighbours_in_whitened_rows():
    X, _, _ = line(rows=30, faults=0.0)
    model = CouceDetector(neighbours=3, embedded=False).fit(X)
    fresh, _, _ = line(rows=3, seed=2)
    z, q = model.code_(X), model.code_(fresh)
    inverse = np.linalg.inv(np.cov(z.T))

    def distance(row, others):
        d = sorted(np.sqrt((row - other) @ inverse @ (row - other)) for other in others)[:3]
        return np.log(np.mean(d))

    own = [distance(z[i], np.delete(z, i, axis=0)) for i in range(len(z))]
    middle, high = np.quantile(own, [0.5, 0.9])
    for row, found in zip(q, model.abnormality(fresh), strict=True):
        assert found == pytest.approx((distance(row, z) - middle) / (high - middle), abs=1e-6)


def test_the_abnormality_is_the_larger_of_the_distances_in_inputs_and_embedding():
    X, _, context = line(rows=60, faults=0.0)
    model = CouceDetector(members=1, epochs=10, threads=1).fit(X, None, context)
    fresh, _, _ = line(rows=10, seed=2)
    z = model.code_(fresh)
    near, deep = model.near_(z), model.deep_(model.encoder_.embed(z))
    assert model.abnormality(fresh) == pytest.approx(np.maximum(near, deep))
    assert (near > deep).any() and (deep > near).any()


def test_contrast_rows_keep_a_columns_values_in_its_context_or_move_few_columns():
    rng = np.random.default_rng(0)
    context = np.repeat([0, 1], 200)
    z = rng.normal(size=(400, 6)) + 10 * context[:, None]
    made = contrast_rows(z, context, seed=0)
    swapped = np.array([np.isin(made[i], z[context == context[i]]).all() for i in range(400)])
    assert 0.4 < swapped.mean() < 0.6
    assert np.abs(made - 10 * context[:, None]).max() < 30
    same = (made == z).mean(axis=1)
    assert (same < 1).mean() > 0.8


def test_with_labels_the_encoder_ranks_faults_of_machines_never_seen(labelled):
    fresh, truth, _ = line(seed=3)
    assert labelled.labelled_
    assert roc_auc_score(truth, labelled.abnormality(fresh)) > 0.85
    carried = labelled.contributions(fresh[truth == 1].head(20))
    assert carried.shape == (20, 4)
    assert carried.mean(axis=0).argmax() == 2


def test_nine_labelled_faults_are_too_few_to_learn_from():
    X, _, context = line(rows=60, faults=0.0)
    y = (np.arange(len(X)) < 9).astype(float)
    assert not CouceDetector(embedded=False).fit(X, y, context).labelled_
    with pytest.raises(FitError, match="too few"):
        CouceDetector().fit(X, np.ones(len(X)))


def test_both_modes_come_back_from_their_file(labelled):
    X, _, _ = line(rows=40, faults=0.0)
    fresh, _, _ = line(rows=5, seed=4)
    for model in (labelled, CouceDetector(members=1, epochs=3, threads=1).fit(X)):
        state = model.state()
        again = CouceDetector.from_state(State(json.loads(json.dumps(dict(state.settings))), state.arrays))
        assert again.abnormality(fresh) == pytest.approx(model.abnormality(fresh), abs=1e-5)
        assert again.contributions(fresh) == pytest.approx(model.contributions(fresh), abs=1e-4)


def alarm_of(detector, X, names):
    """One limit at 5 % from normal rows that the detector had not seen, with and without own scales."""
    jury = Jury((detector,))
    raw = detector.abnormality(X)
    known = ContextCorrection.of(raw, names, Shrinkage(5.0, 5.0))
    gauge = Gauge.of(known(raw, names), 0.05)
    new = ContextCorrection(known.pooled, {}, known.shrinkage)
    pooled = Scale(jury, ContextCorrection(known.pooled), Gauge.of(raw, 0.05))
    return Alarm("couce", pooled, OwnScale(None, Scale(jury, known, gauge), Scale(jury, new, gauge)), "機番")


def test_one_limit_rings_more_equally_once_each_machine_has_given_some_normal_rows():
    X, _, context = line(rows=300, faults=0.0)
    detector = CouceDetector(members=1, epochs=20, threads=1).fit(X.iloc[::2], None, None)
    names = context["機番"].to_numpy(object)
    held = slice(1, None, 2)
    alarm = alarm_of(detector, X.iloc[held], names[held])
    fresh, _, where = line(rows=1000, seed=5, faults=0.0)
    rates = {}
    for kind, column in (("plain", None), ("equal", where["機番"])):
        rung = alarm.judge(fresh, column).alarm
        rates[kind] = [rung[where["機番"] == m].mean() for m in ("M0", "M1", "M2", "M3")]
    assert np.ptp(rates["equal"]) < np.ptp(rates["plain"])
    assert np.mean(rates["equal"]) == pytest.approx(0.05, abs=0.02)


def test_an_alarm_says_which_column_rang_and_a_new_machine_is_told_what_it_needs(labelled):
    X, y, context = line(seed=6)
    names = context.loc[y == 0, "機番"].to_numpy(object)
    alarm = alarm_of(labelled, X[y == 0], names)
    fresh, _, _ = line(rows=20, seed=7)
    new = pd.Series(["M9"] * len(fresh))
    judged = alarm.judge(fresh, new)
    assert not judged.corrected.any() and judged.alarm.any()
    assert np.isfinite(judged.contributions[judged.alarm]).all()
    assert np.isnan(judged.contributions[~judged.alarm]).all()
    assert alarm.rows_for_new == 10
    assert alarm.started("M9", fresh.head(20)).judge(fresh, new).corrected.all()
