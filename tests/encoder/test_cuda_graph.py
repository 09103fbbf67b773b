"""A step that is recorded and replayed trains as the step itself does.

Without a GPU a tape stands in for the CUDA graph: it keeps every operation of the step with the very
tensors that it read and wrote, and runs those again. Like the graph it knows nothing of Python's numbers.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.batches import Drawn, IntervenedView, PackedRows, Sampler
from tabcouce.encoder.cuda_graph import WARM_UP, ReplayedStep
from tabcouce.encoder.hosts import CENTRES
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.losses import Fade, training_loss
from tabcouce.encoder.members import FoldRows, Variant, member_tasks
from tabcouce.encoder.packed_net import NetShape, PackedNet
from tabcouce.encoder.packed_training import train
from tabcouce.encoder.recipe import Recipe
from tabcouce.simulation import assignment, target_offset

CPU = torch.device("cpu")
READS_BACK = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "unique")
"""Operations for which a GPU would have to wait, or whose result has a size that data decide."""


class Operations(TorchDispatchMode):
    """Every operation with its arguments and results, and what memory held before."""

    def __init__(self):
        super().__init__()
        self.kept, self.before, self.made = [], {}, set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func.overloadpacket.__name__ not in READS_BACK, f"{func} cannot be recorded"
        assert not (func.overloadpacket.__name__ == "index" and _is_mask(args[1])), "a mask decides a size"
        kwargs = kwargs or {}
        written = self.written(func, args, kwargs)
        for one in written:
            if one.untyped_storage().data_ptr() not in self.made:
                self.before.setdefault(id(one), (one, one.clone()))
        out = func(*args, **kwargs)
        is_view = any(r.alias_info and not r.alias_info.is_write for r in func._schema.returns)
        if not is_view:
            fresh = [] if written else [one for one in tree_leaves(out) if isinstance(one, torch.Tensor)]
            self.made |= {one.untyped_storage().data_ptr() for one in fresh}
            self.kept.append((func, args, kwargs, fresh))
        return out

    @staticmethod
    def written(func, args, kwargs):
        names = [a.name for a in func._schema.arguments if a.alias_info and a.alias_info.is_write]
        given = dict(zip([a.name for a in func._schema.arguments], args, strict=False)) | kwargs
        return [one for name in names for one in tree_leaves(given.get(name)) if one is not None]

    @torch.no_grad()
    def undo(self):
        for place, value in self.before.values():
            place.copy_(value)

    @torch.no_grad()
    def again(self):
        for func, args, kwargs, fresh in self.kept:
            out = func(*args, **kwargs)
            if fresh:
                found = [one for one in tree_leaves(out) if isinstance(one, torch.Tensor)]
                for place, now in zip(fresh, found, strict=True):
                    place.copy_(now)


def _is_mask(indices):
    return any(one is not None and one.dtype == torch.bool for one in indices)


class Tape:
    """What `CudaTape` does, on the processor."""

    def __init__(self):
        self.recorded = self.replayed = 0

    def warm_up(self, work):
        work()

    def record(self, work):
        self.recorded += 1
        with Operations() as operations:
            work()
        operations.undo()  # recording leaves everything as it was

        def replay():
            self.replayed += 1
            operations.again()

        return replay


def prepared(*, intervene=False, classes=0):
    process = assignment(seed=0, rows=300, contexts=5)
    y = process.y if not classes else np.digitize(process.y, np.quantile(process.y, [1 / 3, 2 / 3])) * 1.0
    X = process.X.copy()
    X.iloc[::7, 0] = np.nan
    fold = FoldRows.of(X, y, process.context, classes=classes, held_out=None, seed=0)
    budget = Budget.of(fold.code, process.proxies[:1], {X.columns[0]: (1.0, 0.01)})
    tasks = [
        task
        for use_context in (False, True)
        for task in member_tasks(
            fold,
            Variant(use_context, intervene),
            members=2,
            bins=8,
            budget=budget,
            seed=0,
            piecewise=True,
        )
    ]
    inputs = fold.code.width
    shape = NetShape(
        numeric=fold.code.numeric,
        inputs=inputs,
        outputs=classes or 1,
        proxies=classes or 8,
        levels=5,
        width=16,
        depth=2,
        embedding=8,
        frequencies=4,
        ramps=max(len(task.ramps.column) for task in tasks),
    )
    return tasks, Variant(False, intervene).net_shape(shape)


CASES = {
    "plain": ({}, {}, {}),
    "intervened": ({"intervene": True}, {}, {}),
    "classes": ({"intervene": True, "classes": 3}, {}, {}),
    "neighbours": ({}, {"neighbour_weight": 0.5}, {}),
    "class neighbours": ({"classes": 3}, {"neighbour_weight": 0.5}, {}),
    "anchors": ({"classes": 3}, {"host": "proxy_anchor"}, {}),
    "triples": ({"classes": 3}, {"host": "soft_triple"}, {"centres": CENTRES}),
    "front": ({}, {}, {"front": True}),
    "groups": ({}, {}, {"groups": 2, "columns": 7}),
    "groups with a query": ({}, {}, {"groups": 2, "columns": 7, "context_query": True}),
}


@pytest.mark.parametrize("name", CASES)
def test_training_with_a_recorded_step_gives_the_weights_of_the_step_itself(name):
    data, recipe, more = CASES[name]
    tasks, shape = prepared(**data)
    shape, recipe = replace(shape, **more), Recipe(epochs=4, batch=64, **recipe)
    tape = Tape()
    plain, replayed = (train(tasks, shape, recipe, CPU, tape=one) for one in (None, tape))
    assert tape.recorded == 1 and tape.replayed == 4 * 4 - WARM_UP
    moved = 0.0
    for one, other, begun in zip(plain, replayed, PackedNetWeights(tasks, shape), strict=True):
        for name, weight in one.weights.items():
            np.testing.assert_allclose(other.weights[name], weight, atol=2e-4, err_msg=name)
            if name in begun:
                moved = max(moved, float(np.abs(weight - begun[name]).max(initial=0.0)))
        assert one.look == other.look
    assert moved > 0.05


def PackedNetWeights(tasks, shape):  # noqa: N802
    """Each member's weights before training."""
    net = PackedNet(shape, [task.seed for task in tasks])
    return [{n: w[m].detach().numpy() for n, w in net.named_parameters()} for m in range(len(tasks))]


def test_a_step_that_reads_a_number_back_or_lets_data_decide_a_size_cannot_be_recorded():
    place = torch.zeros(4)

    def read_back(drawn, fade):
        place.add_(float(drawn.rows.float().mean()))

    def masked(drawn, fade):
        place.add_(place[place > 0].sum())

    for step in (read_back, masked):
        work = ReplayedStep(step, Tape())
        for _ in range(WARM_UP):
            work(Drawn(torch.arange(4)[None]), Fade(0.5, None))
        with pytest.raises(AssertionError):
            work(Drawn(torch.arange(4)[None]), Fade(0.5, None))


def test_every_step_reads_its_own_rows_and_its_own_share_of_the_fading_term():
    total, python = torch.zeros(1), [0]

    def step(drawn, fade):
        total.add_(drawn.rows.sum() * fade.invariance)
        python[0] += 1

    replayed = ReplayedStep(step, Tape())
    for k in range(8):
        replayed(Drawn(torch.full((2, 3), k)), Fade(0.5 + k, None))
    assert float(total) == sum(6 * k * (0.5 + k) for k in range(8))
    assert python[0] == WARM_UP + 1


@pytest.mark.parametrize("auxiliary", [{"threshold_margin": "adaptive"}, {"orthogonality": 0.1}])
def test_a_step_that_decides_by_what_it_finds_is_not_recorded(auxiliary):
    tasks, shape = prepared()
    recipe, tape = Recipe(epochs=2, batch=64, **auxiliary), Tape()
    plain, other = (train(tasks, shape, recipe, CPU, tape=one) for one in (None, tape))
    assert tape.recorded == 0
    for one, same in zip(plain, other, strict=True):
        for name, weight in one.weights.items():
            np.testing.assert_array_equal(same.weights[name], weight)


@pytest.mark.parametrize("name", CASES)
def test_a_step_leaves_the_device_of_its_pack_at_no_point(name):
    """On the device 'meta' tensors have a shape and no numbers: reading one or mixing devices fails."""
    data, recipe, more = CASES[name]
    tasks, shape = prepared(**data)
    shape, recipe, meta = replace(shape, **more), Recipe(**recipe), torch.device("meta")
    net = PackedNet(shape, [task.seed for task in tasks]).to(meta)
    rows = PackedRows(tasks, shape, meta)
    move = IntervenedView(tasks, shape, rows) if tasks[0].budget is not None else None
    drawn = Sampler(tasks, shape, 4, 60, meta).epoch().part(slice(60))
    share = torch.zeros((), device=meta)
    loss = training_loss(net, rows, drawn, move, recipe, Fade(share, None))
    loss.sum().backward()
    assert loss.shape == (4,) and net.get_parameter("w_head").grad.device == meta


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_on_a_gpu_the_graph_gives_the_predictions_of_the_plain_steps():
    process = target_offset(seed=0, rows=400, contexts=5)
    told = [
        CouceRegressor(members=3, device="cuda", cuda_graph=graph)
        .fit(process.X, process.y, process.context)
        .predict(process.X)
        for graph in (False, True)
    ]
    np.testing.assert_allclose(told[1], told[0], atol=1e-3 * process.y.std())
