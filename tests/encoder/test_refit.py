"""The second training learns from all rows up to the look that held-out contexts chose."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.checkpoints import Recorder
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.members import FirstTraining, FoldRows, Variant, member_tasks
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.packed_training import train
from tabcouce.encoder.recipe import Recipe
from tabcouce.simulation import target_offset

SMALL = {"members": 3, "epochs": 8, "width": 16, "embedding": 8, "threads": 1, "head": "off"}
RECIPE = Recipe(epochs=8, batch=64)


@pytest.fixture
def fold():
    process = target_offset(seed=0, rows=240, contexts=6)
    return FoldRows.of(process.X, process.y, process.context, classes=0, held_out=None, seed=0, members=3)


def tasks_of(fold, again=()):
    budget = Budget.of(fold.code, (), {})
    return member_tasks(fold, Variant(True, False), members=3, bins=8, budget=budget, seed=0, again=again)


def shape_of(fold):
    sizes = {"width": 16, "depth": 2, "embedding": 8, "frequencies": 4}
    p, levels = fold.code.numeric, fold.levels.total
    return NetShape(numeric=p, inputs=fold.code.width, outputs=1, proxies=8, levels=levels, **sizes)


def test_its_tasks_hold_nothing_out_and_take_over_penalty_and_look(fold):
    first = tasks_of(fold)
    again = tasks_of(fold, [FirstTraining(one.penalty, m) for m, one in enumerate(first)])
    for m, (before, after) in enumerate(zip(first, again, strict=True)):
        assert len(before.held) > 0
        assert len(after.held) == 0
        assert after.train.tolist() == list(range(240))
        assert (after.penalty, after.stop, after.seed) == (before.penalty, m, before.seed)


@pytest.mark.parametrize("look", [0, 3, 8])
def test_a_stopped_member_has_the_weights_of_its_look(fold, look):
    """Eight passes are looked at once each; the recorder, which knows nothing of looks, has every step."""
    (task, *_) = tasks_of(fold, [FirstTraining(1e-3, 8)] * 3)
    recorder = Recorder(1)
    train([task], shape_of(fold), RECIPE, torch.device("cpu"), recorder)
    steps_a_pass = recorder.steps[-1] // 8
    (stopped,) = train([replace(task, stop=look)], shape_of(fold), RECIPE, torch.device("cpu"))
    assert stopped.look == look
    there = recorder.weights[recorder.steps.index(look * steps_a_pass)]
    for name, weight in stopped.weights.items():
        np.testing.assert_array_equal(weight, there[name][0], err_msg=name)


def test_members_of_a_pack_stop_each_at_its_own_look(fold):
    tasks = tasks_of(fold, [FirstTraining(1e-3, look) for look in (2, 5, 8)])
    packed = train(tasks, shape_of(fold), RECIPE, torch.device("cpu"))
    assert [member.look for member in packed] == [2, 5, 8]


def test_left_out_predictions_stay_those_of_members_that_held_the_context_out():
    process = target_offset(seed=1, rows=240, contexts=6)
    plain, refitted = (
        CouceRegressor(refit=refit, **SMALL).fit(process.X, process.y, process.context)
        for refit in (False, True)
    )
    np.testing.assert_array_equal(plain.left_out_, refitted.left_out_)
    assert not np.allclose(plain.predict(process.X), refitted.predict(process.X))


def test_without_enough_held_out_rows_there_is_no_pass_to_train_to():
    process = target_offset(seed=1, rows=90, contexts=6)
    plain, refitted = (
        CouceRegressor(refit=refit, **SMALL).fit(process.X, process.y, process.context)
        for refit in (False, True)
    )
    np.testing.assert_array_equal(plain.predict(process.X), refitted.predict(process.X))
