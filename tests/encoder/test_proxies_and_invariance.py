"""Losses restated in plain loops."""

import numpy as np
import pytest
import torch

from tabcouce.encoder.donor_swap import donors
from tabcouce.encoder.invariance import output_change, symmetric_kl
from tabcouce.encoder.proxies import TargetBins, bin_count, proxy_logits, proxy_nca, readout
from tabcouce.encoder.recalibration import recalibrated


def softmax(a):
    e = np.exp(a - a.max())
    return e / e.sum()


def test_host_loss_equals_the_written_formula_for_every_member():
    rng = np.random.default_rng(0)
    h, proxies = rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 4, 3))
    labels = rng.dirichlet(np.ones(4), (2, 5))
    logits = proxy_logits(torch.as_tensor(h), torch.as_tensor(proxies))
    loss = proxy_nca(logits, torch.as_tensor(labels)).numpy()
    for m in range(2):
        total = 0.0
        for i in range(5):
            # ProxyNCA++ with sigma 3 as squared distances of scaled unit vectors.
            z = 3 * h[m, i] / np.linalg.norm(h[m, i])
            distance = [np.sum((z - 3 * p / np.linalg.norm(p)) ** 2) for p in proxies[m]]
            chance = softmax(-np.array(distance))
            total -= sum(labels[m, i, k] * np.log(chance[k]) for k in range(4))
        assert loss[m] == pytest.approx(total / 5, rel=1e-9)


def test_soft_labels_follow_the_distance_and_become_one_hot_as_the_temperature_vanishes():
    bins = TargetBins(value=np.array([0.0, 1.0, 3.0]), temperature=0.5)
    q = bins.soft_labels(np.array([0.9]))[0]
    written = np.array([np.exp(-abs(0.9 - v) / 0.5) for v in (0.0, 1.0, 3.0)])
    np.testing.assert_allclose(q, written / written.sum(), rtol=1e-12)
    sharp = TargetBins(value=bins.value, temperature=1e-9).soft_labels(np.array([0.9, 2.9, -50.0]))
    np.testing.assert_array_equal(sharp, np.eye(3)[[1, 2, 0]])


def test_bins_are_medians_of_equal_shares_and_survive_repeated_values():
    y = np.arange(100.0)
    bins = TargetBins.of(y, 10)
    np.testing.assert_allclose(bins.value, np.arange(4.5, 100, 10))
    assert bins.temperature == pytest.approx(5.0)
    few = TargetBins.of(np.array([1.0, 1.0, 2.0]), 8)
    assert len(few.value) == 8 and np.isfinite(few.soft_labels(np.array([1.5]))).all()
    assert [bin_count(n) for n in (50, 1200, 10**6)] == [8, 12, 20]


def test_readout_is_the_expected_bin_value():
    logits = np.array([[[0.0, 1.0, -2.0]]])
    value = np.array([[5.0, 6.0, 9.0]])
    expected = float(softmax(logits[0, 0]) @ value[0])
    assert readout(torch.as_tensor(logits), torch.as_tensor(value)).item() == pytest.approx(expected)


def test_symmetric_kl_equals_the_sum_over_proxies_and_stops_each_target():
    rng = np.random.default_rng(1)
    a, b = (torch.tensor(rng.standard_normal((1, 3, 4)), requires_grad=True) for _ in range(2))
    loss = symmetric_kl(a, b)
    total, grad_a = 0.0, np.zeros((3, 4))
    for i in range(3):
        p, q = softmax(a.detach().numpy()[0, i]), softmax(b.detach().numpy()[0, i])
        total += 0.5 * sum(p[k] * np.log(p[k] / q[k]) + q[k] * np.log(q[k] / p[k]) for k in range(4))
        # Only KL(sg(q) || p) moves a: its gradient in the logits is (p - q).
        grad_a[i] = 0.5 * (p - q) / 3
    assert loss.item() == pytest.approx(total / 3)
    loss.sum().backward()
    np.testing.assert_allclose(a.grad.numpy()[0], grad_a, rtol=1e-9)


def test_output_change_is_the_squared_difference_for_values():
    a, b = torch.tensor([[[1.0], [2.0]]]), torch.tensor([[[1.5], [0.0]]])
    assert output_change(a, b).item() == pytest.approx((0.25 + 4.0) / 2)


def test_virtual_recalibration_in_scaled_units_equals_gain_and_offset_on_the_reading():
    centre, factor = 220.0, 1 / 8.0
    reading, gain, offset = 231.0, 1.02, -1.5
    u = torch.tensor([(reading - centre) * factor])
    moved = recalibrated(
        u, torch.tensor([gain - 1]), torch.tensor([offset * factor]), torch.tensor([-centre * factor])
    )
    assert moved.item() == pytest.approx((gain * reading + offset - centre) * factor, rel=1e-5)


def test_a_donor_always_comes_from_another_context_and_from_the_members_own_rows():
    context = np.array([0, 0, 0, 0, 1, 1, 2, 0, 0, 2])
    rows = np.array([0, 1, 2, 4, 5, 6, 7])
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        drawn = donors(context, rows, rng)
        assert (context[drawn] != context[rows]).all()
        seen |= set(drawn.tolist())
    assert seen == set(rows.tolist())
    alone = donors(np.zeros(5, dtype=np.int64), np.arange(5), rng)
    np.testing.assert_array_equal(alone, np.arange(5))
