"""The peers' benchmark on tiny made tables with made-up peers: keys, thinning, shots, the table."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import peer_table
import pytest
from peers import worker
from peers.answers import Answers, Source
from peers.benchmark_set import BenchmarkSet, benchmark_set, read_sets
from peers.cache import TIMED_OUT, Cache, Cached, FitKey, FoldOutcome
from peers.credit import stack_credit
from peers.registry import BAGGED, PEERS, peer
from peers.shots import draws, offset_scores
from peers.standing import SetScores, standings
from peers.thinning import quotas, thinned
from run_peers import job_arrays, missing

from tabcouce.evaluation import Candidate
from tabcouce.evaluation.deployment import DRAWS, SHOTS
from tabcouce.models import ConstantModel, LinearModel
from tabcouce.models.calibration import ShotPrior

MACHINES, ROWS = 6, 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tables: a value with an offset per machine, and a pass/fail label."""
    draw = np.random.default_rng(3)
    x, z = draw.normal(size=(2, MACHINES * ROWS))
    machine = np.repeat(np.arange(MACHINES), ROWS)
    y = 2 * x + 3.0 * machine
    label = np.where(x + 0.3 * z > 0, "fail", "pass")
    for name, target, task in (("press", y, "regression"), ("kiln", label, "binary")):
        (tmp_path / name).mkdir()
        lines = [f"{a},{b},M{m},{t}" for a, b, m, t in zip(x, z, machine, target, strict=True)]
        (tmp_path / name / "data.csv").write_text("\n".join(["x,z,machine,out", *lines]), "utf-8")
        roles = f'file = "data.csv"\ntask = "{task}"\ntargets = ["out"]\ncontext = ["machine"]\n'
        roles += 'positive_class = "fail"\n' if task == "binary" else ""
        (tmp_path / name / "roles.toml").write_text(roles, "utf-8")
    return tmp_path


def two_models(one: BenchmarkSet) -> tuple[Candidate, ...]:
    """A panel that is quick to fit."""
    task = "regression" if one.dataset.is_regression else "classification"
    return (
        Candidate("constant", partial(ConstantModel, task)),
        Candidate("couce", partial(LinearModel, task)),
    )


def fake(one: BenchmarkSet, split, model: str, version: str, prediction) -> Cached:
    folds = {
        k: FoldOutcome(prediction[fold.test].astype(np.float32), 2.0 + k)
        for k, fold in enumerate(split.folds)
    }
    return Cached(FitKey.of(one, split, model, version), folds)


def press(folder: Path) -> BenchmarkSet:
    return next(one for one in read_sets(folder) if one.name == "press")


def test_a_cached_prediction_counts_only_for_the_same_rows_folds_and_version(folder, tmp_path):
    one = press(folder)
    split = one.splits[0]
    stored = fake(one, split, "catboost_td", "1.0", one.dataset.y)
    cache = Cache(tmp_path / "cache")
    cache.store(stored)
    again = cache.load(stored.key)
    assert again.key == stored.key
    np.testing.assert_array_equal(again.outcomes[1].prediction, stored.outcomes[1].prediction)
    assert [found.seconds for found in again.outcomes.values()] == [2.0, 3.0, 4.0]
    fewer = benchmark_set(one.dataset, one.name, rows=60)
    others = [
        replace(stored.key, version="1.1"),
        replace(stored.key, data="0" * 64),
        FitKey.of(fewer, fewer.splits[0], "catboost_td", "1.0"),
        FitKey.of(replace(one, splits=one.splits[1:]), one.splits[1], "catboost_td", "1.0"),
    ]
    assert all(not cache.load(key).outcomes for key in others)


def test_a_changed_cell_or_context_changes_the_key(folder):
    one = press(folder)
    changed = one.dataset.X.copy()
    changed.iloc[5, 0] += 1e-9
    moved = one.dataset.contexts.copy()
    moved.iloc[5, 0] = "M9"
    for other in (replace(one.dataset, X=changed), replace(one.dataset, contexts=moved)):
        assert benchmark_set(other, one.name).inputs != one.inputs
    assert benchmark_set(one.dataset, one.name).inputs == one.inputs


def test_what_is_cached_is_not_asked_for_again_and_a_failure_is_not_tried_twice(folder, tmp_path):
    one, peer, cache = press(folder), PEERS[0], Cache(tmp_path / "cache")
    assert list(missing(one, peer, cache)) == ["0_0", "0_1", "0_2", "1_0", "1_1", "1_2"]
    for split in one.splits:
        done = fake(one, split, peer.key, peer.version(), one.dataset.y)
        late = FoldOutcome(np.zeros(0, np.float32), 600.0, TIMED_OUT)
        cache.store(done.having(2, late))
    assert not missing(one, peer, cache)


def test_thinning_keeps_rare_strata_and_adds_up():
    sizes = np.array([4000, 900, 40, 3])
    kept = quotas(sizes, 500)
    assert kept.sum() == 500 and (kept <= sizes).all()
    assert kept[3] == 3 and kept[2] >= 30
    assert kept[0] > kept[1] > kept[2]
    many = quotas(np.full(100, 50), 300)
    assert many.tolist() == [3] * 100


def test_thinned_rows_are_the_same_for_every_model_and_keep_their_order(folder):
    dataset = press(folder).dataset
    first, second = (thinned(dataset, rows=40, column="machine", seed=0) for _ in range(2))
    assert first.rows.tolist() == second.rows.tolist() == sorted(first.rows)
    assert len(first.y) == 40 and first.contexts["machine"].nunique() == MACHINES
    at = first.rows - dataset.rows[0]
    np.testing.assert_array_equal(first.X["x"], dataset.X["x"].to_numpy()[at])
    assert thinned(dataset, rows=1000, column="machine", seed=0) is dataset


def test_no_context_column_reaches_an_outside_model(folder):
    one = press(folder)
    arrays = job_arrays(one, {"0_1": (one.splits[0], 1)})
    assert sorted(arrays) == ["column_0", "column_1", "meta", "test_0_1", "train_0_1", "y"]
    np.testing.assert_array_equal(arrays["column_0"], one.dataset.X["x"])


def test_the_worker_fills_blanks_and_glitches_from_training_rows_only():
    cells = np.array([1.0, 2.0, 3.0, np.nan, 1e33, 5e9, 1e5])
    job = {"column_0": cells, "column_1": np.array(["a", "", "b", "a", "b", "a", "c"])}
    frame = worker.inputs(job, ["number", "category"], np.array([0, 1, 2, 3]))
    assert frame["c0"].tolist() == [1, 2, 3, 2, 2, 2, 1e5]
    assert frame["c0_blank"].tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert frame["c1"].astype(str).tolist() == ["a", worker.BLANK, "b", "a", "b", "a", "c"]


def test_shots_move_each_context_by_the_shrunken_mean_residual(folder):
    one = press(folder)
    split = next(s for s in one.splits if s.key == "unseen:machine")
    y, x = one.dataset.y, one.dataset.X["x"].to_numpy()
    blind = 1.5 * x + 7.0
    shots, before = offset_scores(one, split, blind)
    machine = one.dataset.contexts["machine"].to_numpy()
    expected = []
    for drawn in draws(split):
        total, error = [], []
        for place in drawn:
            own = machine[place.few[0]]
            assert set(machine[np.r_[place.few, place.rest]]) == {own}
            assert not set(place.few) & set(place.rest) and len(place.few) == SHOTS
            outside = np.setdiff1d(np.arange(len(y)), split.folds[place.fold].test)
            prior = ShotPrior.of_values((y - blind)[outside], split.unit[outside])
            weight = SHOTS / (SHOTS + prior.within / prior.between)
            shift = weight * np.mean([y[r] - blind[r] for r in place.few])
            error += [(y[r] - blind[r] - shift) ** 2 for r in place.rest]
            total += [y[r] for r in place.rest]
        expected.append(1 - sum(error) / sum((t - np.mean(total)) ** 2 for t in total))
    assert len(shots) == DRAWS
    np.testing.assert_allclose(shots, expected)
    assert min(shots) > max(before)


def test_ranks_paired_differences_and_losses_agree_with_hand_counting():
    table = {
        "s1": ("r2", {"couce": 0.80, "a": 0.82, "b": 0.70, "late": 0.9}),
        "s2": ("r2", {"couce": 0.60, "a": 0.50, "b": 0.595}),
        "s3": ("auc", {"couce": 0.90, "a": 0.95, "b": 0.903}),
    }
    sets = [SetScores(name, metric, 100, 4, values, {}) for name, (metric, values) in table.items()]
    lines = {line.model: line for line in standings(sets, reference="couce", outside=["a", "b", "late"])}
    assert not lines["late"].ranked and lines["late"].rank is None
    assert lines["couce"].rank == pytest.approx((2 + 1 + 3) / 3)
    assert lines["a"].rank == pytest.approx((1 + 3 + 1) / 3)
    assert lines["couce"].r2.value == pytest.approx(0.70) and lines["couce"].r2.sets == 2
    assert lines["couce"].r2.error == pytest.approx(0.1)
    gain = lines["a"].gain_r2
    assert gain.value == pytest.approx(0.04) and gain.error == pytest.approx(0.06)
    assert lines["couce"].gain_r2 is None
    # Behind the best outside model by 0.10, -0.005 and 0.05.
    assert (lines["couce"].losses, lines["couce"].large, lines["couce"].compared) == (2, 2, 3)
    # An outside model is compared with the best of the others: 0.08, 0.095 and -0.047.
    assert (lines["a"].losses, lines["a"].large) == (2, 2)


def test_the_table_is_rebuilt_from_cached_peers_without_fitting_them(folder, tmp_path):
    sets = read_sets(folder)
    noise = np.random.default_rng(0).normal(size=MACHINES * ROWS)
    cache = Cache(tmp_path / "cache")
    source = Source(cache, two_models, "made")
    for one in sets:
        source.run_missing(one)
        for split in one.splits:
            y = one.dataset.y
            chance = np.clip(0.5 + 0.4 * (y - 0.5) + 0.2 * noise, 0.01, 0.99)
            values = y + noise if one.dataset.is_regression else np.column_stack([1 - chance, chance])
            cache.store(fake(one, split, PEERS[0].key, PEERS[0].version(), values))
            cache.store(fake(one, split, PEERS[1].key, "an older version", values))
    document, text = peer_table.figures(sets, source)
    mode = document["modes"]["unseen"]
    y = press(folder).dataset.y
    found = mode["scores"]["press"]["values"][PEERS[0].key]
    told = (y + noise).astype(np.float32)
    assert found == pytest.approx(1 - np.sum((y - told) ** 2) / np.sum((y - y.mean()) ** 2), abs=1e-4)
    assert set(mode["scores"]["press"]["values"]) == {
        PEERS[0].key,
        "constant",
        "couce",
        "system",
    }
    assert f"{PEERS[1].key}, press, shuffled: not run yet (0 of 3 folds)" in document["missing"]
    assert document["cpu_seconds_a_fit"][PEERS[0].key] == 3.0
    assert document["model_versions"]["couce"] == ["made"]
    assert {"shuffled", "unseen", f"unseen, {SHOTS} labels"} <= set(document["modes"])
    assert all(f"| {model} |" in text for model in ("couce", "constant", PEERS[0].key))
    # Another commit's predictions are taken only where it is asked for, and the table names it.
    later, _ = peer_table.figures(sets, replace(source, version="a later commit"))
    assert "couce" not in later["modes"]["unseen"]["scores"]["press"]["values"]
    kept, _ = peer_table.figures(sets, replace(source, version=None))
    assert kept["modes"]["unseen"]["table"] == mode["table"]


def test_the_credit_of_our_experts_is_the_error_of_a_stack_with_them_over_one_without(folder):
    one = press(folder)
    split = next(s for s in one.splits if s.key == "unseen:machine")
    y = one.dataset.y
    draw = np.random.default_rng(1)
    noise = draw.normal(size=(3, len(y)))

    def told(model: str, prediction) -> Answers:
        return Answers(model, "", "", prediction, "", ())

    pair = [told("a", y + noise[0]), told("b", y + noise[1])]
    useless = told("couce", y + 50 + 20 * noise[2])
    assert stack_credit(one, split, [*pair, useless]).ratio == pytest.approx(1.0, abs=0.01)
    useful = stack_credit(one, split, [*pair, told("couce", y + noise[2])])
    # Weights by hand: a grid over the simplex, on the other folds, each context counting alike.
    grid = [(a, b, 1 - a - b) for a in np.linspace(0, 1, 101) for b in np.linspace(0, 1 - a, 101)]
    stacked = np.empty(len(y))
    for fold in split.folds:
        rest = np.setdiff1d(np.arange(len(y)), fold.test)
        units = [rest[split.unit[rest] == u] for u in np.unique(split.unit[rest])]
        best = min(grid, key=lambda w: sum(np.mean((w @ noise[:, u]) ** 2) for u in units))
        stacked[fold.test] = y[fold.test] + best @ noise[:, fold.test]
    assert useful.with_ours == pytest.approx(np.sqrt(np.mean((stacked - y) ** 2)), rel=0.01)
    assert useful.ratio < 0.95
    assert stack_credit(one, split, pair) is None


def test_bags_are_the_single_peers_that_are_no_bag_by_themselves():
    assert [(one.key, one.bags) for one in BAGGED] == [
        ("lightgbm_td_bag8", 8),
        ("random_forest_sklearn", 1),
        ("catboost_td_bag8", 8),
        ("xrfm_d_bag8", 8),
        ("realmlp_td_bag8", 8),
    ]
    assert peer("lightgbm_td_bag8").version() == peer("lightgbm_td").version()
