"""Our adjusted slope against DoubleML's partially linear regression; runs where it is installed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from test_effects import dataset, effects

doubleml = pytest.importorskip("doubleml", reason="DoubleML is the extra [causal].")


def process(seed, machines=16, rows=50):
    """A machine state moves factor, proxy and target; another input acts on both, not in a line."""
    rng = np.random.default_rng(seed)
    machine = np.repeat(np.arange(machines), rows)
    state = rng.normal(size=machines)[machine]
    other = rng.normal(size=len(machine))
    factor = 0.8 * np.sin(2 * other) + state + rng.normal(size=len(machine))
    target = 0.6 * factor + np.cos(2 * other) + 1.5 * state + rng.normal(0, 0.5, size=len(machine))
    X = pd.DataFrame({"factor": factor, "other": other, "noise": rng.normal(size=len(machine))})
    return X, target, pd.DataFrame({"machine": machine})


def partially_linear(X, y, machine, seed):
    """Slope and standard error; machines as dummies beside splines, five folds, clusters by machine."""
    order = np.random.default_rng(seed).permutation(len(y))
    folds = [np.sort(part) for part in np.array_split(order, 5)]
    dummies = (machine.to_numpy() == np.unique(machine)).astype(float)
    curved = SplineTransformer(n_knots=6).fit_transform(X.drop(columns="factor"))
    data = doubleml.DoubleMLData.from_arrays(np.hstack([curved, dummies]), y, X["factor"].to_numpy())

    def learner():
        return make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-3, 3, 7)))

    model = doubleml.DoubleMLPLR(data, learner(), learner(), n_folds=5, draw_sample_splitting=False)
    everything = np.arange(len(y))
    model.set_sample_splitting([[(np.setdiff1d(everything, fold), fold) for fold in folds]])
    model.fit()
    return float(model.coef[0]), float(model.se[0])


@pytest.mark.parametrize("seed", [0, 1])
def test_both_estimators_agree_within_two_standard_errors_where_the_naive_slope_is_wrong(seed):
    X, y, context = process(seed)
    slope, error = partially_linear(X, y, context, seed)
    naive, ours = effects(dataset(X, y, context), "factor")
    assert abs(ours.slope - slope) < 2 * error
    assert ours.low < 0.6 < ours.high and abs(slope - 0.6) < 3 * error
    assert abs(naive.slope - 0.6) > 5 * error
