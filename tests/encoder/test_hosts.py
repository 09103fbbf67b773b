"""Every host equals its published formula on one-hot targets, restated in plain loops."""

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.hosts import (
    HOSTS,
    centre_spread,
    host_loss,
    proxy_anchor,
    soft_neighbours,
    soft_triple,
    triple_similarity,
)
from tabcouce.encoder.proxies import HOST_SCALE
from tabcouce.simulation import target_offset

M, B, K = 2, 7, 4


def unit(a):
    return a / np.linalg.norm(a, axis=-1, keepdims=True)


def batch(seed):
    """Cosines in (-1, 1) and classes of which the last is absent from the batch."""
    rng = np.random.default_rng(seed)
    cosine = np.einsum(
        "mbd,mkd->mbk", unit(rng.standard_normal((M, B, 5))), unit(rng.standard_normal((M, K, 5)))
    )
    return cosine, rng.integers(K - 1, size=(M, B))


def test_proxy_anchor_is_the_published_sum_over_positives_and_negatives():
    cosine, y = batch(0)
    labels = np.eye(K)[y]
    got = proxy_anchor(torch.as_tensor(cosine), torch.as_tensor(labels)).numpy()
    for m in range(M):
        attract, repel = [], []
        for k in range(K):
            positive = [np.exp(-32 * (cosine[m, i, k] - 0.1)) for i in range(B) if y[m, i] == k]
            if positive:
                attract.append(np.log(1 + sum(positive)))
            repel.append(
                np.log(1 + sum(np.exp(32 * (cosine[m, i, k] + 0.1)) for i in range(B) if y[m, i] != k))
            )
        assert got[m] == pytest.approx(np.mean(attract) + np.mean(repel), rel=1e-6)


def test_soft_proxy_anchor_weighs_each_row_by_its_share_of_the_nearest_bin():
    cosine, _ = batch(1)
    q = np.random.default_rng(1).dirichlet(np.ones(K), (M, B))
    got = proxy_anchor(torch.as_tensor(cosine), torch.as_tensor(q)).numpy()
    for m in range(M):
        attract, repel = [], []
        for k in range(K):
            near = [q[m, i, k] / max(q[m, i]) for i in range(B)]
            up = sum(w * np.exp(-32 * (cosine[m, i, k] - 0.1)) for i, w in enumerate(near))
            down = sum((1 - w) * np.exp(32 * (cosine[m, i, k] + 0.1)) for i, w in enumerate(near))
            repel.append(np.log(1 + down))
            if sum(near) > 0.5:
                attract.append(np.log(1 + up))
        assert got[m] == pytest.approx(np.mean(attract) + np.mean(repel), rel=1e-6)


def test_soft_triple_is_the_published_margin_softmax_over_softly_chosen_centres():
    rng = np.random.default_rng(2)
    centres = 3
    h, w = unit(rng.standard_normal((M, B, 5))), unit(rng.standard_normal((M, K * centres, 5)))
    y = rng.integers(K, size=(M, B))
    cosine = torch.as_tensor(np.einsum("mbd,mkd->mbk", h, w))
    similarity = triple_similarity(cosine, K)
    got = soft_triple(similarity, torch.as_tensor(np.eye(K)[y])).numpy()
    spread = centre_spread(torch.as_tensor(2.5 * w), K).numpy()
    for m in range(M):
        total = 0.0
        for i in range(B):
            s = []
            for c in range(K):
                own = [h[m, i] @ w[m, c * centres + k] for k in range(centres)]
                chance = np.exp(np.array(own) / 0.1)
                s.append(sum(own * chance / chance.sum()))
            logits = [20 * (s[c] - 0.01 * (c == y[m, i])) for c in range(K)]
            total -= logits[y[m, i]] - np.log(sum(np.exp(logits)))
        assert got[m] == pytest.approx(total / B, rel=1e-6)
        pairs = 0.0
        for c in range(K):
            for s in range(centres):
                for t in range(s + 1, centres):
                    cos = w[m, c * centres + s] @ w[m, c * centres + t]
                    pairs += np.sqrt(2 + 1e-5 - 2 * cos)
        assert spread[m] == pytest.approx(pairs / (K * centres * (centres - 1)), rel=1e-6)
    assert not centre_spread(torch.as_tensor(w[:, :K]), K).any(), "one centre has nothing to merge"


def test_proxy_nca_host_is_cross_entropy_of_squared_distances():
    cosine, y = batch(3)
    logits, labels = torch.as_tensor(HOST_SCALE * cosine), torch.as_tensor(np.eye(K)[y])
    got = host_loss("proxy_nca", logits, labels, torch.zeros(M, K, 5)).numpy()
    for m in range(M):
        terms = []
        for i in range(B):
            chance = np.exp(-(18 - 18 * cosine[m, i]))
            terms.append(-np.log(chance[y[m, i]] / chance.sum()))
        assert got[m] == pytest.approx(np.mean(terms), rel=1e-6)


def test_soft_neighbours_of_classes_and_of_values_in_plain_loops():
    rng = np.random.default_rng(4)
    h = rng.standard_normal((M, B, 5))
    y = np.array([[0, 0, 1, 1, 1, 0, 2], [0, 1, 0, 1, 0, 1, 1]])  # a class of one has no neighbour
    value = rng.standard_normal((M, B, 1))
    classes = soft_neighbours(torch.as_tensor(h), torch.as_tensor(np.eye(K)[y])).numpy()
    values = soft_neighbours(torch.as_tensor(h), torch.as_tensor(value)).numpy()
    z = unit(h)
    for m in range(M):
        losses, errors = [], []
        for i in range(B):
            others = [j for j in range(B) if j != i]
            weight = np.array([np.exp(18 * z[m, i] @ z[m, j]) for j in others])
            weight /= weight.sum()
            same = sum(w for w, j in zip(weight, others, strict=True) if y[m, j] == y[m, i])
            if same > 0:
                losses.append(-np.log(same))
            errors.append((value[m, i, 0] - sum(weight * value[m, others, 0])) ** 2)
        assert classes[m] == pytest.approx(np.mean(losses), rel=1e-6)
        assert values[m] == pytest.approx(np.mean(errors), rel=1e-6)


def test_a_row_alone_in_its_class_has_no_gradient_of_its_own_and_no_nan():
    h = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    soft_neighbours(h, torch.eye(4)[None]).sum().backward()
    assert not h.grad.any()


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_trains_both_estimators_and_survives_saving(host):
    process = target_offset(seed=0, rows=150, contexts=4)
    settings = {"host": host, "neighbour_weight": 0.1, "epochs": 2, "width": 8, "threads": 1}
    model = CouceRegressor(**settings).fit(process.X, process.y, process.context)
    again = CouceRegressor.from_state(model.state())
    np.testing.assert_allclose(again.predict(process.X), model.predict(process.X), atol=1e-5)
    label = (process.y > np.median(process.y)).astype(int)
    chance = CouceClassifier(**settings).fit(process.X, label, process.context).predict_proba(process.X)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)


def test_an_unknown_host_is_refused():
    process = target_offset(seed=0, rows=60, contexts=4)
    with pytest.raises(ValueError, match="host must be one of"):
        CouceRegressor(host="triplet").fit(process.X, process.y)
