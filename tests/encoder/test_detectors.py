"""The detector dictionary restated row by row."""

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.detectors import (
    RATE,
    Detectors,
    class_residual,
    soft_orthogonality,
    variance_gate,
)
from tabcouce.simulation import assignment


def test_type_y_residuals_are_taken_from_the_smoothed_mean_of_the_target_bin():
    rng = np.random.default_rng(0)
    z, q = rng.standard_normal((2, 6, 3)), rng.dirichlet(np.ones(4), (2, 6))
    got = class_residual(torch.as_tensor(z), torch.as_tensor(q)).numpy()
    for m in range(2):
        means = [sum(q[m, i, k] * z[m, i] for i in range(6)) / sum(q[m, :, k]) for k in range(4)]
        for i in range(6):
            reference = sum(q[m, i, k] * means[k] for k in range(4))
            np.testing.assert_allclose(got[m, i], z[m, i] - reference)


def test_type_y_residuals_of_one_hot_labels_have_mean_zero_in_every_bin():
    z = torch.randn(1, 8, 3, generator=torch.Generator().manual_seed(1))
    y = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    residual = class_residual(z, torch.eye(3)[y][None])[0]
    for k in range(3):
        np.testing.assert_allclose(residual[y == k].mean(0).numpy(), 0, atol=1e-6)


def test_the_gate_is_the_positive_part_of_james_and_stein():
    atoms = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    gate = variance_gate(torch.tensor([5.0, 5.0, 1.0]), atoms)
    np.testing.assert_allclose(gate.numpy(), [1 - 5 / 25, 0.0, 0.0])


def test_soft_orthogonality_is_the_gated_squared_projection_and_moves_no_atom():
    rng = np.random.default_rng(2)
    r, D, g = rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 4, 3)), rng.random((2, 4))
    residual, atoms = torch.tensor(r, requires_grad=True), torch.tensor(D, requires_grad=True)
    got = soft_orthogonality(residual, atoms, torch.as_tensor(g))
    for m in range(2):
        total = 0.0
        for i in range(5):
            total += sum(g[m, k] * (r[m, i] @ D[m, k] / np.linalg.norm(D[m, k])) ** 2 for k in range(4))
        assert got[m].item() == pytest.approx(total / 5)
    got.sum().backward()
    assert atoms.grad is None and residual.grad.any()


def test_atoms_follow_batch_means_of_levels_that_occur_and_the_gate_their_noise():
    rng = np.random.default_rng(3)
    rows = torch.tensor([[50.0, 3.0, 40.0]])
    detectors = Detectors(rows, embedding=2)
    atom, count, scatter, met = np.zeros((3, 2)), np.zeros(3), None, np.zeros(3, dtype=bool)
    for _ in range(4):
        r, context = rng.standard_normal((9, 2)) + np.array([1.0, 0.0]), rng.integers(2, size=9)
        detectors.update(torch.tensor(r[None], dtype=torch.float32), torch.tensor(context[None, :, None]))
        spread = np.mean(((r - r.mean(0)) ** 2).sum(1))
        scatter = spread if scatter is None else (1 - RATE) * scatter + RATE * spread
        for k in range(3):
            own = r[context == k]
            if len(own) == 0:
                continue
            rate = RATE if met[k] else 1.0
            atom[k] += rate * (own.mean(0) - atom[k])
            count[k] += rate * (len(own) - count[k])
            met[k] = True
    np.testing.assert_allclose(detectors.atoms[0].numpy(), atom, rtol=1e-5)
    for k in range(3):
        effective = min(count[k] * (2 - RATE) / RATE, float(rows[0, k]))
        written = max(0.0, 1 - scatter / effective / (atom[k] @ atom[k])) if met[k] else 0.0
        assert detectors.gate()[0, k].item() == pytest.approx(written, abs=1e-5)
    assert not met[2] and not detectors.atoms[0, 2].any()


def test_an_open_gate_is_one_for_every_level_met():
    detectors = Detectors(torch.tensor([[50.0, 3.0]]), embedding=2, gated=False)
    detectors.update(torch.ones(1, 4, 2), torch.zeros(1, 4, 1, dtype=torch.int64))
    assert detectors.gate().tolist() == [[1.0, 0.0]]


def test_orthogonality_changes_training_and_zero_weight_leaves_it_alone():
    process = assignment(seed=0, rows=200, contexts=4)
    settings = {"epochs": 4, "width": 8, "threads": 1, "members": 2}
    fits = [
        CouceRegressor(orthogonality=weight, variance_gate=gate, **settings)
        .fit(process.X, process.y, process.context)
        .predict(process.X)
        for weight, gate in ((0.0, True), (0.0, False), (5.0, False))
    ]
    np.testing.assert_array_equal(fits[0], fits[1])
    assert not np.allclose(fits[0], fits[2], atol=1e-4)
