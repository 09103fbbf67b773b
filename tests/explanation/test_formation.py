"""Evidence along training: shares, proxies, and when there is nothing to tell."""

import numpy as np
import pandas as pd
import pytest
from test_effects import dataset

from tabcouce.encoder import CouceRegressor
from tabcouce.errors import FitError
from tabcouce.explanation.formation import formation
from tabcouce.explanation.training_path import path_attribution
from tabcouce.study.explain import evidence
from tabcouce.system.stack import StackModel


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 4)), columns=["圧力[MPa]", "温度, ℃", "noise", "flat"])
    X["flat"] = 1.0
    context = pd.DataFrame({"lot": np.repeat([f"L{k}" for k in range(6)], 50)}, dtype=object)
    y = 2 * np.abs(X["圧力[MPa]"]).to_numpy() + X["温度, ℃"].to_numpy() ** 2 + np.repeat(range(6), 50)
    return X, y, context


@pytest.fixture(scope="module")
def model(rows):
    made = CouceRegressor(members=3, epochs=12, width=24, threads=1, view="pooled", checkpoints=8)
    return made.fit(*rows)


def test_shares_start_at_zero_and_sum_to_one_afterwards(rows, model):
    found = formation(model, rows[0].iloc[:80], ["noise"])
    assert found.evidence[0].sum() == 0
    np.testing.assert_allclose(found.evidence[5:].sum(axis=1), 1)
    np.testing.assert_allclose(found.proxy_share, found.evidence[:, 2])
    assert found.evidence[-1, 3] == 0  # a constant column can hold no evidence
    assert found.evidence[-1, :2].min() > found.evidence[-1, 2]


def test_sizes_are_the_mean_over_members_of_the_written_attributions(rows, model):
    X = rows[0].iloc[:40]
    found = formation(model, X, [])
    paths = [
        path_attribution(model.path_.checkpoints(m), model.gradient_inputs(X))
        for m, member in enumerate(model.path_.members)
        if member.steps[-1] > 0
    ]
    assert found.members == len(paths) > 0
    np.testing.assert_allclose(found.size, np.mean([abs(p.values).mean(axis=0) for p in paths], axis=0))
    assert found.gap < 0.2


def test_without_a_recorded_path_the_error_says_what_to_do(rows):
    plain = CouceRegressor(members=1, epochs=1, width=8, threads=1, view="pooled").fit(*rows)
    with pytest.raises(FitError, match="recorded no training path"):
        formation(plain, rows[0], [])


def test_a_study_tells_the_evidence_of_an_encoder_that_is_a_member_of_the_stack(rows, model):
    X, y, context = rows
    data = dataset(X, y, context, {"noise": "proxy"})
    stack = StackModel({"couce": model}, {})
    found = evidence({"lightgbm": object(), "stack": stack}, data, seed=0)
    assert found.proxies == ("noise",) and found.members > 0
    assert evidence({"lightgbm": object()}, data, seed=0) is None
    plain = CouceRegressor(members=1, epochs=1, width=8, threads=1, view="pooled").fit(*rows)
    assert evidence({"couce": plain}, data, seed=0) is None
