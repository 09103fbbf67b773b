"""Nearest past rows: the search against plain loops, differences in the columns' own units."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tabcouce.advice.neighbour_quality import best_space, neighbour_mean, neighbour_quality
from tabcouce.advice.past_rows import PastRows
from tabcouce.advice.row_space import Gallery, ScaledCode
from tabcouce.advice.similar import Search
from tabcouce.evaluation.trial import Difference, Score, Trial
from tabcouce.roles import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits.split import Fold, Split

RNG = np.random.default_rng(3)


def table(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "温度[℃]": rng.normal(180, 6, n),
            "流量, L/min": np.where(rng.random(n) < 0.1, np.nan, rng.normal(12, 1, n)),
            "grade": pd.Categorical(rng.choice(["a", "b"], n)),
        }
    )


def past(n=40, seed=0):
    machine = [f"M{k % 4}" for k in range(n)]
    return PastRows(
        table(n, seed),
        np.arange(n, dtype=float),
        np.arange(n) + 2,
        pd.DataFrame({"machine": machine}, dtype=object),
    )


def test_the_nearest_rows_are_those_of_plain_loops():
    rows = RNG.normal(size=(60, 7)).astype(np.float32)
    query = RNG.normal(size=(5, 7)).astype(np.float32)
    found = Gallery("encoder", rows).nearest(query, 4)
    for i in range(5):
        apart = [
            float(np.sqrt(sum((float(a) - float(b)) ** 2 for a, b in zip(query[i], r, strict=True))))
            for r in rows
        ]
        order = sorted(range(60), key=apart.__getitem__)[:4]
        assert found.position[i].tolist() == order
        np.testing.assert_allclose(found.distance[i], [apart[j] for j in order], rtol=1e-4)


def test_rows_that_share_leaves_are_near():
    leaves = RNG.integers(0, 3, (30, 11)).astype(np.int32)
    found = Gallery("leaves", leaves).nearest(leaves[:2], 3)
    for i in range(2):
        apart = [sum(int(a != b) for a, b in zip(leaves[i], row, strict=True)) / 11 for row in leaves]
        assert found.distance[i].tolist() == pytest.approx(sorted(apart)[:3])
        assert found.position[i, 0] == i


def test_more_neighbours_than_rows_are_not_invented():
    rows = np.zeros((3, 2), np.float32)
    assert Gallery("scaled", rows).nearest(rows[:1], 5).position.shape == (1, 3)


def test_two_levels_are_one_interquartile_range_apart_and_a_blank_lies_at_the_median():
    X = table(200)
    code = ScaledCode.of(X)
    pair = X.iloc[[0, 0, 0]].reset_index(drop=True)
    pair["grade"] = pd.Categorical(["a", "b", "a"], categories=["a", "b"])
    pair.loc[2, "流量, L/min"] = np.nan
    pair.loc[0, "流量, L/min"] = np.nanmedian(X["流量, L/min"])
    pair.loc[1, "流量, L/min"] = np.nanmedian(X["流量, L/min"])
    z = code(pair)
    assert np.linalg.norm(z[0] - z[1]) == pytest.approx(1.0)
    np.testing.assert_allclose(z[0], z[2], atol=1e-12)


def test_what_differs_is_told_in_the_unit_of_the_column_the_largest_first():
    kept = past()
    search = Search.of(kept, "scaled")
    new = kept.X.iloc[[7]].reset_index(drop=True)
    new.loc[0, "温度[℃]"] += 9.0
    found = next(n for n in search.rows(new, np.array([2]), 40)[0].neighbours if n.row == 9)
    assert found.outcome == 7.0 and found.context == {"machine": "M3"}
    assert [d.column for d in found.except_] == ["温度[℃]"]
    assert found.except_[0].new - found.except_[0].past == pytest.approx(9.0)


def test_a_row_unlike_all_others_is_said_to_be_far():
    kept = past()
    search = Search.of(kept, "scaled")
    odd = kept.X.iloc[[0, 5]].reset_index(drop=True)
    odd["温度[℃]"] = [400.0, kept.X["温度[℃]"].iloc[5]]
    odd["流量, L/min"] = [90.0, kept.X["流量, L/min"].iloc[5]]
    told = search.rows(odd, np.array([2, 3]), 1)
    assert told[0].far and not told[1].far


def test_the_limit_is_the_quantile_of_distances_to_other_contexts():
    kept = past(30)
    search = Search.of(kept, "scaled")
    z, own = search.gallery.rows.astype(float), kept.contexts["machine"].to_numpy()
    nearest = [min(np.linalg.norm(z[i] - z[j]) for j in range(30) if own[j] != own[i]) for i in range(30)]
    assert search.far_from() == pytest.approx(np.quantile(nearest, 0.95), rel=1e-4)


def test_lots_are_compared_by_their_means():
    kept = past()
    search = Search.of(kept, "scaled")
    own = kept.contexts["machine"].to_numpy()
    new = kept.X[own == "M2"].reset_index(drop=True)
    answer = search.contexts(new, np.arange(len(new)) + 2, np.full(len(new), "X", object), "machine", 4)[0]
    z = ScaledCode.of(kept.X)(kept.X)
    means = {m: z[own == m].mean(axis=0) for m in ("M0", "M1", "M2", "M3")}
    apart = {m: np.linalg.norm(mean - means["M2"]) for m, mean in means.items()}
    assert [n.context["machine"] for n in answer.neighbours] == sorted(apart, key=apart.__getitem__)
    assert answer.neighbours[0].outcome == pytest.approx(kept.outcome[own == "M2"].mean())
    assert answer.neighbours[0].rows == 10 and answer.label == "X"


def test_one_broken_reading_of_a_lot_is_not_shown_as_what_the_lot_differs_in():
    kept = past()
    X = kept.X.copy()
    X.loc[2, "温度[℃]"] = 1e30  # one row of M2
    search = Search.of(PastRows(X, kept.outcome, kept.rows, kept.contexts), "scaled")
    new = kept.X[kept.contexts["machine"].to_numpy() == "M2"].reset_index(drop=True)
    answer = search.contexts(new, np.arange(len(new)) + 2, np.full(len(new), "X", object), "machine", 4)[0]
    shown = next(n for n in answer.neighbours if n.context["machine"] == "M2").except_
    assert all(abs(change.past) < 1e3 for change in shown if isinstance(change.past, float))


def test_of_a_lot_of_classes_the_most_frequent_one_is_told():
    kept = past(8)
    classes = PastRows(kept.X, np.array([0, 1, 2, 0, 0, 1, 2, 2.0]), kept.rows, kept.contexts, classes=3)
    own = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    assert Search.of(classes, "scaled")._typical_outcome(own, 2).tolist() == [0.0, 2.0]


def test_blocks_add_up_to_the_cosines_of_their_readings():
    kept = past()
    search = Search.of(kept, "scaled", blocks={"heat": (0,), "rest": (1, 2)})
    new = kept.X.iloc[[3]].reset_index(drop=True)
    near = search.rows(new, np.array([2]), 1)[0].neighbours[0]
    assert near.blocks == pytest.approx({"heat": 0.5, "rest": 0.5})
    other = search.rows(new, np.array([2]), 9)[0].neighbours[-1]
    z = ScaledCode.of(kept.X)(kept.X)
    a, b = z[3], z[other.row - 2]
    heat = (1 + a[0] * b[0]) / np.sqrt((1 + a[0] ** 2) * (1 + b[0] ** 2))
    assert other.blocks["heat"] == pytest.approx(heat / 2)


def test_past_rows_come_back_from_their_state_as_they_were():
    kept = past()
    again = PastRows.from_state(kept.state())
    pd.testing.assert_frame_equal(again.X, kept.X, check_categorical=False, check_dtype=False)
    pd.testing.assert_frame_equal(again.contexts, kept.contexts)
    assert again.rows.tolist() == kept.rows.tolist() and again.embedding is None


def test_texts_of_the_user_stand_in_the_settings_alone():
    state = past().state()
    assert all(np.issubdtype(array.dtype, np.number) for array in state.arrays.values())


def test_the_mean_of_neighbours_is_a_share_for_classes():
    outcome = np.array([[0.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    assert neighbour_mean(outcome, 0).tolist() == pytest.approx([2 / 3, 2.0])
    np.testing.assert_allclose(neighbour_mean(outcome, 3), [[1 / 3, 2 / 3, 0], [0, 0, 1]])


def dataset(n=90, machines=6):
    rng = np.random.default_rng(1)
    own = np.arange(n) % machines
    X = pd.DataFrame({"a": rng.normal(size=n), "noise": rng.normal(size=n)})
    y = 2 * X["a"].to_numpy() + own * 0.3
    roles = Roles((ColumnRole("a", "condition"), ColumnRole("noise", "sensor"), ColumnRole("y", "target")),
                  ("y",), "regression", origin="guessed")  # fmt: skip
    contexts = pd.DataFrame({"machine": [f"M{k}" for k in own]}, dtype=object)
    data = Dataset("d", None, "regression", "y", X, y, (), contexts, None, None, np.arange(n) + 2, roles)
    everything = np.arange(n)
    folds = tuple(Fold(everything[own != k], everything[own == k], (f"M{k}",)) for k in range(machines))
    split = Split("unseen:machine", folds, own, own, tuple(f"M{k}" for k in range(machines)), "machine")
    return data, split


@dataclass(frozen=True)
class TruthEncoder:
    """Embeds a row by the one input that matters."""

    def embed(self, X):
        return X[["a"]].to_numpy()


def test_neighbour_quality_is_that_of_plain_loops_over_the_folds():
    data, split = dataset()
    trial = Trial("couce", split.key, np.zeros(90), (TruthEncoder(),) * 6, 0.0, 75)
    found = neighbour_quality({"couce": trial}, data, split, draws=50, seed=0)
    guess = np.empty(90)
    for fold in split.folds:
        for i in fold.test:
            order = sorted(fold.train, key=lambda j: abs(data.X["a"][i] - data.X["a"][j]))
            guess[i] = data.y[order[:5]].mean()
    r2 = 1 - ((data.y - guess) ** 2).sum() / ((data.y - data.y.mean()) ** 2).sum()
    assert found.of("encoder").score.value == pytest.approx(r2)
    assert found.of("leaves") is None
    assert found.best == "encoder"


def space(name, low):
    from tabcouce.advice.neighbour_quality import SpaceScore

    gain = Difference("", "", 0.1, low, 0.2, 0.05, 0.15, None, None, 6)
    return SpaceScore(name, Score(0.5, 0.4, 0.6, 90, 6), None if name == "scaled" else gain)


def test_a_tie_keeps_scaled_distance():
    assert best_space([space("scaled", None), space("leaves", -0.01), space("encoder", None)]) == "scaled"
    assert best_space([space("scaled", None), space("leaves", -0.01), space("encoder", 0.01)]) == "encoder"
