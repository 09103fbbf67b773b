"""A class that occurs on one machine only is absent from the fold that holds the machine out."""

import numpy as np
import pandas as pd

from tabcouce.evaluation import Trial
from tabcouce.evaluation.run import all_classes
from tabcouce.explanation.permutation import permuted_prediction
from tabcouce.models import BoostingModel
from tabcouce.read.table import Source
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits.split import Fold, Split

RNG = np.random.default_rng(0)
N = 90
MACHINE = np.repeat([0, 1, 2], 30)
X = pd.DataFrame({"x": RNG.normal(size=N)})
Y = np.where(MACHINE == 2, 2.0, (X["x"] > 0).astype(float))


def test_permuting_a_column_gives_probabilities_of_every_class():
    data = Dataset(
        name="made", source=Source("a.csv", ""), task="multiclass", target="grade", X=X, y=Y,
        classes=("A", "B", "C"), contexts=pd.DataFrame({"machine": MACHINE.astype(str)}), group=None,
        order=None, rows=np.arange(N), roles=Roles((ColumnRole("x", "sensor"),), ("grade",)),
    )  # fmt: skip
    folds = tuple(Fold(np.flatnonzero(m != MACHINE), np.flatnonzero(m == MACHINE)) for m in range(3))
    split = Split("unseen:machine", folds, MACHINE, MACHINE, ("0", "1", "2"), "machine")
    fitted = tuple(BoostingModel("classification").fit(X.iloc[f.train], Y[f.train]) for f in folds)
    prediction = np.full((N, 3), np.nan)
    for fold, model in zip(folds, fitted, strict=True):
        estimate = model.estimate(X.iloc[fold.test])
        prediction[fold.test] = all_classes(estimate, model, 3, len(fold.train))
    trial = Trial("lightgbm", split.key, prediction, fitted, 0.0, 60)
    permuted = permuted_prediction(trial, data, split, "x", 0)
    np.testing.assert_allclose(permuted.sum(axis=1), 1.0)
    assert (permuted[MACHINE == 2, 2] > 0).all()
