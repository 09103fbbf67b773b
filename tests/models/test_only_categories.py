"""A table whose inputs are all categories is a table like any other."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ContextBoostingModel,
    ForestModel,
    KernelModel,
    LinearModel,
)

RNG = np.random.default_rng(0)
N = 60
X = pd.DataFrame(
    {
        "材料": pd.Categorical(RNG.choice(["PP", "ABS"], N)),
        "colour": pd.Categorical(RNG.choice(list("rgb"), N)),
    }
)
SHIFT = (X["材料"] == "PP").to_numpy(float) * 3


@pytest.mark.parametrize(
    "kind", [ConstantModel, LinearModel, ForestModel, BoostingModel, ContextBoostingModel, KernelModel]
)
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_every_model_learns_from_categories_alone(kind, task):
    y = SHIFT + RNG.normal(scale=0.1, size=N) if task == "regression" else (SHIFT > 0).astype(float)
    model = kind(task).fit(X, y)
    again = kind.from_state(model.state())
    estimate = model.estimate(X)
    np.testing.assert_allclose(again.estimate(X), estimate)
    if kind is not ConstantModel:
        score = estimate if task == "regression" else estimate[:, 1]
        assert score[SHIFT > 0].min() > score[SHIFT == 0].max()
