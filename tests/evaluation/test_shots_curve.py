"""Error against labelled rows: plain loops, the same scored rows at every k, modes never mixed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation.shots_curve import shots_curve
from tabcouce.evaluation.trial import Trial
from tabcouce.roles import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits.split import Fold, Split

MACHINES, EACH = 6, 44


def dataset(offset=3.0, task="regression"):
    rng = np.random.default_rng(2)
    own = np.repeat(np.arange(MACHINES), EACH)
    level = offset * np.array([-1.5, 1.0, 0.2, -0.4, 1.3, -0.6])
    x = rng.normal(size=len(own))
    y = x + level[own] + 0.1 * rng.normal(size=len(own))
    if task != "regression":
        y = (y > 0).astype(float)
    roles = Roles((ColumnRole("x", "condition"), ColumnRole("y", "target")), ("y",), task, origin="guessed")
    names = tuple(f"M{k}" for k in range(MACHINES))
    contexts = pd.DataFrame({"machine": [f"M{k}" for k in own]}, dtype=object)
    classes = () if task == "regression" else ("no", "yes")
    frame = pd.DataFrame({"x": x})
    data = Dataset(
        "d", None, task, "y", frame, y, classes, contexts, None, None, np.arange(len(y)) + 2, roles
    )
    everything = np.arange(len(y))
    folds = tuple(Fold(everything[own != k], everything[own == k], (names[k],)) for k in range(MACHINES))
    return data, Split("unseen:machine", folds, own, own, names, "machine")


@dataclass(frozen=True)
class Line:
    """Predicts x; left-out residuals are those of the truth."""

    left_out_: np.ndarray

    def estimate(self, X, context=None):
        return X["x"].to_numpy()


def trial(data, split, key="lightgbm"):
    fitted = tuple(Line(data.X["x"].to_numpy()[fold.train]) for fold in split.folds)
    return Trial(key, split.key, data.X["x"].to_numpy(), fitted, 0.0, 220)


def test_the_curve_is_that_of_plain_loops_over_contexts_sets_and_k():
    data, split = dataset()
    found = shots_curve({"lightgbm": trial(data, split)}, ("lightgbm",), data, split, draws=50, seed=4)
    assert found.shots == (0, 1, 2, 3, 5, 10, 20) and found.sets == 2 and found.contexts == MACHINES
    rng = np.random.default_rng(4)
    residual = data.y - data.X["x"].to_numpy()
    total, rows = np.zeros(7), 0
    for fold in split.folds:
        groups = [
            residual[fold.train][split.unit[fold.train] == u] for u in np.unique(split.unit[fold.train])
        ]
        n = np.array([len(g) for g in groups])
        within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n.sum() - len(n))
        means = np.array([g.mean() for g in groups])
        # Balanced contexts: the variance of their means less what noise adds to it.
        between = max(means.var(ddof=1) - within / n[0], 0.0)
        for _ in range(found.sets):
            pool = rng.choice(fold.test, 20, replace=False)
            rest = [i for i in fold.test if i not in set(pool)]
            rows += len(rest)
            for j, k in enumerate(found.shots):
                shift = 0.0 if k == 0 else k / (k + within / between) * residual[pool[:k]].mean()
                total[j] += sum((residual[i] - shift) ** 2 for i in rest)
    np.testing.assert_allclose(found.of("lightgbm").error, np.sqrt(total / rows), rtol=1e-6)


def test_labels_help_where_contexts_differ_and_do_no_harm_where_they_do_not():
    data, split = dataset()
    error = shots_curve({"m": trial(data, split)}, ("m",), data, split, draws=50, seed=0).of("m").error
    assert error[1] < 0.2 * error[0]
    data, split = dataset(offset=0.0)
    error = shots_curve({"m": trial(data, split)}, ("m",), data, split, draws=50, seed=0).of("m").error
    assert max(error) < 1.1 * error[0]


def test_a_model_with_its_own_way_is_given_exactly_the_first_k_rows():
    data, split = dataset()
    seen = []

    @dataclass(frozen=True)
    class Own(Line):
        def calibrate(self, X, y):
            seen.append(X["x"].tolist())
            return self

    own = Trial(
        "couce", split.key, data.X["x"].to_numpy(), tuple(Own(np.zeros(220)) for _ in split.folds), 0.0, 220
    )
    shots_curve({"couce": own}, ("couce",), data, split, draws=20, seed=0)
    assert [len(rows) for rows in seen[:6]] == [1, 2, 3, 5, 10, 20]
    assert all(rows == seen[5][: len(rows)] for rows in seen[:6])


def test_classes_are_told_by_their_log_loss():
    data, split = dataset(task="binary")
    p = 1 / (1 + np.exp(-2 * data.X["x"].to_numpy()))
    told = np.column_stack([1 - p, p])

    @dataclass(frozen=True)
    class Odds:
        left_out_: np.ndarray
        classes_: np.ndarray

    fitted = tuple(Odds(told[fold.train], np.array([0.0, 1.0])) for fold in split.folds)
    found = shots_curve(
        {"m": Trial("m", split.key, told, fitted, 0.0, 220)}, ("m",), data, split, draws=20, seed=0
    )
    assert found.metric == "log_loss"
    assert found.of("m").error[-1] < found.of("m").error[0]


def test_contexts_too_small_for_twice_the_labels_are_left_out_at_every_k():
    data, split = dataset()
    unit = split.unit
    keep = np.flatnonzero((unit != 0) | (np.arange(len(unit)) < 6))
    small = Split(
        split.key,
        tuple(Fold(np.intersect1d(f.train, keep), np.intersect1d(f.test, keep)) for f in split.folds),
        split.apart, unit, split.units, "machine",
    )  # fmt: skip
    fitted = tuple(Line(data.X["x"].to_numpy()[fold.train]) for fold in small.folds)
    told = Trial("m", split.key, data.X["x"].to_numpy(), fitted, 0.0, 200)
    found = shots_curve({"m": told}, ("m",), data, small, draws=20, seed=0)
    assert (found.contexts, found.left_out) == (5, 1)


@pytest.mark.parametrize("key", ["shuffled", "group", "forward"])
def test_where_no_context_is_held_out_there_is_no_curve(key):
    data, split = dataset()
    other = Split(key, split.folds, split.apart, split.unit, split.units)
    assert shots_curve({"m": trial(data, split)}, ("m",), data, other, draws=20, seed=0) is None
