"""Baseline detectors: their statistics restated, what carries an alarm, and their way into a file."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import FitError, MissingExtraError
from tabcouce.models.contract import State
from tabcouce.models.control_chart import ControlChart
from tabcouce.models.labelled_detector import BoostedDetector
from tabcouce.models.outlier_models import OutlierModel

NAMES = ["温度[℃]", "流量, L/min", 'a "b"', "d{e}"]
UNLABELLED = [
    ControlChart("t2"),
    ControlChart("spe"),
    OutlierModel("isolation_forest"),
    OutlierModel("lof"),
]


def rows(n=300, seed=0, shift=0.0):
    """Four columns of two factors; the third is moved by `shift` against the others."""
    rng = np.random.default_rng(seed)
    F = rng.normal(size=(n, 2))
    A = np.array([[1.0, 1.0, 0.5, 0.0], [0.0, 1.0, -1.0, 1.0]])
    X = 100 + 5 * (F @ A + 0.2 * rng.normal(size=(n, 4)))
    X[:, 2] += shift
    return pd.DataFrame(X, columns=NAMES)


def test_t2_is_the_mahalanobis_distance_of_the_coded_rows():
    X, fresh = rows(), rows(40, seed=1)
    model = ControlChart("t2").fit(X)
    z = model.code_(X)
    d = model.code_(fresh) - z.mean(axis=0)
    square = np.einsum("ij,jk,ik->i", d, np.linalg.inv(np.cov(z.T)), d)
    assert model.abnormality(fresh) == pytest.approx(0.5 * np.log(square), abs=1e-8)


def test_spe_is_the_squared_distance_from_the_principal_plane():
    X, fresh = rows(), rows(40, seed=1)
    model = ControlChart("spe").fit(X)
    z = model.code_(X)
    centred = z - z.mean(axis=0)
    _, s, V = np.linalg.svd(centred, full_matrices=False)
    k = int((np.cumsum(s**2) / (s**2).sum() <= 0.9).sum())
    d = model.code_(fresh) - z.mean(axis=0)
    rest = d - d @ V[:k].T @ V[:k]
    assert 1 <= k < 4
    assert model.abnormality(fresh) == pytest.approx(0.5 * np.log((rest**2).sum(axis=1)), abs=1e-8)


@pytest.mark.parametrize("model", UNLABELLED, ids=lambda m: str(m.get_params()))
def test_detectors_find_the_moved_column_and_name_it(model):
    model = model.fit(rows())
    normal, moved = rows(100, seed=2), rows(100, seed=3, shift=25.0)
    assert (model.abnormality(moved)[:, None] > model.abnormality(normal)[None, :]).mean() > 0.9
    carried = model.contributions(moved).mean(axis=0)
    assert carried.shape == (4,) and carried.argmax() == 2


@pytest.mark.parametrize("model", UNLABELLED, ids=lambda m: str(m.get_params()))
def test_labelled_abnormal_rows_are_not_learnt_from(model):
    X = pd.concat([rows(), rows(100, seed=3, shift=25.0)], ignore_index=True)
    y = np.repeat([0.0, 1.0], [300, 100])
    fresh = rows(30, seed=4)
    with_labels = model.fit(X, y).abnormality(fresh)
    assert with_labels == pytest.approx(model.fit(rows()).abnormality(fresh))


@pytest.mark.parametrize("model", [*UNLABELLED, BoostedDetector()], ids=lambda m: str(vars(m)))
def test_a_detector_comes_back_from_its_file_with_blanks_and_new_levels(model):
    X = rows().assign(grade=pd.Categorical(np.resize(["A", "B"], 300)))
    X.loc[:5, NAMES[0]] = np.nan
    y = (np.arange(300) % 10 == 0).astype(float)
    model.fit(X, y)
    fresh = X.head(20).assign(grade="C")
    fresh.loc[3, NAMES[1]] = 1e300
    state = model.state()
    again = type(model).from_state(
        State(json.loads(json.dumps(dict(state.settings))), state.arrays, state.texts, state.blobs)
    )
    assert np.isfinite(model.abnormality(fresh)).all()
    assert again.abnormality(fresh) == pytest.approx(model.abnormality(fresh), abs=1e-9)
    assert again.contributions(fresh).shape == (20, 5)


def test_a_machine_of_twice_the_noise_shifts_the_score_by_log_two():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 5)) * 0.1
    calm, wide = (pd.DataFrame(k * z, columns=list("abcde")) for k in (1, 2))
    model = ControlChart("t2").fit(calm)
    shift = np.median(model.abnormality(wide)) - np.median(model.abnormality(calm))
    assert shift == pytest.approx(np.log(2), abs=0.15)


def test_bad_labels_too_few_normal_rows_and_a_missing_extra_are_one_clear_error():
    X = rows(30)
    with pytest.raises(FitError, match="0 \\(normal\\) or 1"):
        ControlChart().fit(X, np.full(30, 2.0))
    with pytest.raises(FitError, match="too few"):
        ControlChart().fit(X, np.ones(30))
    with pytest.raises(FitError, match="labelled rows"):
        BoostedDetector().fit(X)
    with pytest.raises(MissingExtraError, match="PyOD"):
        OutlierModel("pyod:ecod.ECOD").fit(X)
    with pytest.raises(ValueError, match="Got 'ecod'"):
        OutlierModel("ecod").fit(X)
