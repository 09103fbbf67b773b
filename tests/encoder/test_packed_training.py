"""Members of a pack never meet, and a pack is reproducible."""

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.held_out import context_blocks
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.members import FoldRows, Variant, member_tasks
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.packed_training import train
from tabcouce.encoder.recipe import Recipe
from tabcouce.roles.thinning import thinned
from tabcouce.simulation import assignment, target_offset

SMALL = {"members": 2, "epochs": 3, "width": 16, "embedding": 8, "threads": 1}


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("intervene", [False, True])
def test_a_pack_of_members_equals_the_members_trained_alone(intervene, one_thread):
    process = assignment(seed=0, rows=300, contexts=5)
    fold = FoldRows.of(process.X, process.y, process.context, classes=0, held_out=None, seed=0)
    tolerances = {process.X.columns[0]: (1.0, 0.01)}
    budget = Budget.of(fold.code, process.proxies, tolerances)
    tasks = [
        task
        for use_context in (False, True)
        for task in member_tasks(
            fold, Variant(use_context, intervene), members=2, bins=8, budget=budget, seed=0
        )
    ]
    sizes = {"proxies": 8, "levels": 5, "width": 16, "depth": 2, "embedding": 8, "frequencies": 4}
    shape = Variant(False, intervene).net_shape(NetShape(numeric=7, inputs=7, outputs=1, **sizes))
    recipe = Recipe(epochs=3, batch=64)
    # Steps are set by the largest member of a run, so each runs alone beside equal row counts.
    most = max(len(task.train) for task in tasks)
    packed = train(tasks, shape, recipe, torch.device("cpu"))
    compared = 0
    for task, together in zip(tasks, packed, strict=True):
        if len(task.train) != most:
            continue
        alone = train([task], shape, recipe, torch.device("cpu"))[0]
        compared += 1
        for name, weight in alone.weights.items():
            np.testing.assert_allclose(weight, together.weights[name], atol=2e-4, err_msg=name)
    assert compared >= 2


def test_only_intervened_members_have_a_straight_line_and_it_reads_nothing_that_is_swapped():
    process = assignment(seed=0, rows=300, contexts=5)
    fold = FoldRows.of(process.X, process.y, process.context, classes=0, held_out=None, seed=0)
    budget = Budget.of(fold.code, process.proxies, {})
    plain, moved = (
        member_tasks(fold, Variant(True, intervene), members=1, bins=8, budget=budget, seed=0)[0]
        for intervene in (False, True)
    )
    assert not plain.skip.any()
    assert plain.bias == pytest.approx(plain.target[plain.train].mean(axis=0), abs=1e-6)
    swapped = np.array([name in process.proxies for name in process.X])
    assert not moved.skip[swapped].any() and moved.skip[~swapped].all()
    for intervene in (False, True):
        model = CouceRegressor(**SMALL, view="pooled", proxy_columns=process.proxies)
        model.set_params(interventions="on" if intervene else "off")
        fitted = model.fit(process.X, process.y, process.context)
        assert ("skip" in fitted.blind_.net.state_dict()) is intervene
        again = CouceRegressor.from_state(fitted.state())
        np.testing.assert_array_equal(again.predict(process.X), fitted.predict(process.X))


def test_folds_trained_together_equal_a_fit_on_each_fold():
    process = target_offset(seed=0, rows=240, contexts=4)
    machine = process.context["machine"].to_numpy()
    folds = [np.flatnonzero(machine != level) for level in np.unique(machine)]
    together = CouceRegressor(**SMALL).fit_folds(process.X, process.y, process.context, folds)
    for fold, packed in zip(folds[:2], together, strict=False):
        alone = CouceRegressor(**SMALL).fit(process.X.iloc[fold], process.y[fold], process.context.iloc[fold])
        np.testing.assert_allclose(packed.predict(process.X), alone.predict(process.X), atol=1e-3)
        assert packed.rows_used_ == 180


def test_members_leave_out_levels_of_the_column_in_which_the_fold_is_new():
    process = target_offset(seed=0, rows=120, contexts=4)
    lot = np.array([f"lot {k // 20}" for k in range(120)])
    context = process.context.assign(lot=lot)
    folds = [np.flatnonzero(lot != "lot 0"), np.flatnonzero(lot != "lot 0")]
    estimator = CouceRegressor(**SMALL | {"members": 3})
    by_machine, by_lot = estimator.fit_folds(process.X, process.y, context, folds, [None, "lot"])
    for model, column in ((by_machine, "machine"), (by_lot, "lot")):
        text = context[column].to_numpy()[folds[0]]
        unit = model.left_out_rows_.unit
        pairs = {(a, int(b)) for a, b in zip(text, unit, strict=True)}
        assert len(pairs) == len(set(text)) == len(set(unit.tolist()))  # one to one


def test_a_fold_never_reads_a_row_outside_it():
    process = target_offset(seed=0, rows=240, contexts=4)
    fold = np.arange(150)
    X, y = process.X.copy(), process.y.copy()
    first = CouceRegressor(**SMALL).fit_folds(X, y, process.context, [fold])[0]
    X.iloc[150:] = 1e6
    y[150:] = -1e6
    second = CouceRegressor(**SMALL).fit_folds(X, y, process.context, [fold])[0]
    np.testing.assert_array_equal(first.predict(process.X), second.predict(process.X))


def test_the_same_seed_gives_the_same_numbers_with_any_number_of_threads():
    process = target_offset(seed=0, rows=160, contexts=4)
    fits = [
        CouceRegressor(**SMALL | {"threads": threads, "random_state": seed}).fit(
            process.X, process.y, process.context
        )
        for threads, seed in ((1, 0), (1, 0), (1, 1))
    ]
    first, again, other = (model.predict(process.X) for model in fits)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-6)
    before = torch.get_num_threads()
    two = CouceRegressor(**SMALL | {"threads": 2}).fit(process.X, process.y, process.context)
    np.testing.assert_allclose(two.predict(process.X), first, atol=1e-3)
    assert torch.get_num_threads() == before


def test_blocks_keep_contexts_whole():
    unit = np.repeat(np.arange(7), [50, 5, 30, 20, 20, 8, 40])
    block = context_blocks(unit, 5, seed=0)
    for level in range(7):
        assert len(set(block[unit == level])) == 1
    assert len(set(block)) == 5


def test_thinning_keeps_the_share_of_every_context():
    label = np.repeat([0, 1, 2], [800, 150, 50])
    kept = thinned(np.arange(1000), label, 200, seed=0)
    np.testing.assert_allclose(np.bincount(label[kept]), [160, 30, 10], atol=1)
    assert len(np.unique(kept)) == 200
    np.testing.assert_array_equal(thinned(np.arange(10), label[:10], 200, seed=0), np.arange(10))
