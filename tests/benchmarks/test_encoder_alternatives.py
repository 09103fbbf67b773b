"""The penalties that the encoder does without, against their definitions in plain loops."""

import numpy as np
import pytest
import torch
from encoder_alternatives import Adversary, any_neighbour, coral, irm, neighbours_across

from tabcouce.encoder.hosts import HOST_SCALE


@pytest.fixture
def batch():
    rng = np.random.default_rng(3)
    level = np.array([[0, 0, 0, 1, 1, 1, 2, 2], [1, 0, 2, 2, 0, 1, 0, 1]])
    h = torch.tensor(rng.normal(size=(2, 8, 4)) + level[..., None])  # the contexts' means differ
    value = torch.tensor(rng.normal(size=(2, 8, 1)))
    label = torch.nn.functional.one_hot(torch.tensor(rng.integers(0, 3, size=(2, 8))), 3).double()
    member = torch.nn.functional.one_hot(torch.tensor(level), 4).double()
    return h, value, label, member, level


def test_coral_is_the_mean_over_pairs_of_squared_differences_of_moments(batch):
    h, value, _, member, level = batch
    found = coral(None, h, value, value, member)
    for m in range(2):
        rows = [h[m, level[m] == k].numpy() for k in range(3)]
        pairs = [(a, b) for a in range(3) for b in range(3) if a != b]
        apart = [
            np.mean((rows[a].mean(0) - rows[b].mean(0)) ** 2)
            + np.mean((np.cov(rows[a].T) - np.cov(rows[b].T)) ** 2)
            for a, b in pairs
        ]
        assert float(found[m]) == pytest.approx(np.mean(apart))


@pytest.mark.parametrize("classes", [False, True])
def test_irm_is_the_squared_gradient_by_a_scale_on_the_answer(batch, classes):
    h, value, label, member, level = batch
    target = label if classes else value
    output = h[..., :3] if classes else h[..., :1]
    found = irm(None, h, output, target, member)
    for m in range(2):
        squares = []
        for k in range(3):
            rows, scale = torch.tensor(level[m] == k), torch.ones((), dtype=h.dtype, requires_grad=True)
            answer = scale * output[m, rows]
            if classes:
                risk = -(torch.log_softmax(answer, -1) * target[m, rows]).sum(-1).mean()
            else:
                risk = (answer - target[m, rows]).square().mean()
            squares.append(float(torch.autograd.grad(risk, scale)[0]) ** 2)
        assert float(found[m]) == pytest.approx(np.mean(squares))


def test_neighbours_across_contexts_predict_a_row_from_other_contexts_only(batch):
    h, value, _, member, level = batch
    found = neighbours_across(None, h, value, value, member)
    for m in range(2):
        errors = []
        for i in range(8):
            others = [j for j in range(8) if level[m, j] != level[m, i]]
            near = [torch.cosine_similarity(h[m, i], h[m, j], dim=0) for j in others]
            weight = torch.softmax(HOST_SCALE * torch.stack(near), 0)
            told = sum(w * value[m, j, 0] for w, j in zip(weight, others, strict=True))
            errors.append(float(value[m, i, 0] - told) ** 2)
        assert float(found[m]) == pytest.approx(np.mean(errors))
    assert not torch.allclose(found, any_neighbour(None, h, value, value, member))


def test_classes_without_a_peer_in_another_context_give_no_gradient_of_nan(batch):
    h, _, label, member, _ = batch
    lonely = label.clone()
    lonely[0, :, :] = torch.tensor([1.0, 0.0, 0.0])
    lonely[0, 0] = torch.tensor([0.0, 1.0, 0.0])
    moved = h.clone().requires_grad_()
    neighbours_across(None, moved, lonely, lonely, member).sum().backward()
    assert torch.isfinite(moved.grad).all()


def test_the_adversary_learns_the_context_and_its_gradient_is_reversed(batch):
    h, value, _, member, _ = (part.float() if isinstance(part, torch.Tensor) else part for part in batch)
    net, adversary = torch.nn.Linear(1, 1), Adversary()
    first = float(adversary(net, h, value, value, member)[0])
    for _ in range(300):
        last = float(adversary(net, h, value, value, member)[0])
    assert last > first  # minus its cross-entropy: it makes fewer mistakes than at first

    moved = h.clone().requires_grad_()
    adversary(net, moved, value, value, member).sum().backward()
    step = h - 0.5 * moved.grad  # down the penalty is up the adversary's mistakes
    assert float(adversary(net, step, value, value, member)[0]) < last
