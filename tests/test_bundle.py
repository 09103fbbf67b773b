"""A model that was saved and opened again answers exactly as before."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.bundle import model_files, restore_model
from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ContextBoostingModel,
    ForestModel,
    KernelModel,
    LinearModel,
)

N = 60
RNG = np.random.default_rng(0)
MACHINE = RNG.integers(0, 3, N)
X = pd.DataFrame({"温度[℃]": RNG.normal(size=N), "grade": pd.Categorical(RNG.choice(["a", "b"], N))})
CONTEXT = pd.DataFrame({"machine": [f"M{k}" for k in MACHINE]}, dtype=object)
VALUE = X["温度[℃]"].to_numpy() + MACHINE + RNG.normal(scale=0.2, size=N)
TARGETS = {
    "regression": ("regression", VALUE),
    "two classes": ("classification", (np.median(VALUE) < VALUE).astype(float)),
    "three classes": ("classification", np.digitize(VALUE, np.quantile(VALUE, [0.33, 0.66])).astype(float)),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "kind", [ConstantModel, LinearModel, ForestModel, BoostingModel, ContextBoostingModel, KernelModel]
)
def test_a_saved_model_answers_as_the_one_in_memory(kind, target):
    task, y = TARGETS[target]
    model = kind(task).fit(X, y, CONTEXT)
    files: dict[str, bytes] = {}
    entry = model_files(model, "targets/1-y/model", files)
    again = restore_model(entry, files)
    for context in (None, CONTEXT):
        np.testing.assert_allclose(
            again.estimate(X, context), model.estimate(X, context), rtol=1e-12, strict=True
        )
