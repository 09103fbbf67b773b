"""TCM against plain loops, its limits, and its place in the encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.encoder.threshold_margin import (
    LEAST_GAP,
    Margins,
    Pairs,
    ThresholdTerm,
    pairs_of,
    threshold_loss,
)


def by_hand(z, positive, negative, low, high, lp, ln):
    """The formula of the paper, pair by pair, for one member."""
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    near, far = [], []
    for i in range(len(z)):
        for j in range(len(z)):
            s = float(z[i] @ z[j])
            if positive[i, j] and s <= high:
                near.append(high - s)
            if negative[i, j] and s >= low:
                far.append(s - low)
    return lp * (np.mean(near) if near else 0.0) + ln * (np.mean(far) if far else 0.0)


def margins(low, high, members=1):
    return torch.full((members,), low, dtype=torch.float64), torch.full((members,), high, dtype=torch.float64)


def test_three_hand_made_pairs_give_the_written_formula():
    # cosines: 1-2 0.6 (positive, short by 0.3), 1-3 0.8 (negative, above by 0.3), 2-3 0.96 (above by 0.46)
    z = torch.tensor([[[1.0, 0.0], [0.6, 0.8], [0.8, 0.6]]], dtype=torch.float64)
    positive = torch.zeros(1, 3, 3, dtype=torch.bool)
    negative = torch.zeros(1, 3, 3, dtype=torch.bool)
    positive[0, 0, 1] = negative[0, 0, 2] = negative[0, 1, 2] = True
    loss = threshold_loss(z, Pairs(positive, negative), *margins(0.5, 0.9), Margins())
    assert float(loss) == pytest.approx(0.3 + (0.3 + 0.46) / 2, abs=1e-9)


def test_members_match_plain_loops_with_their_own_margins_and_weights():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3, 14, 5)) + 1.0
    labels, context = rng.integers(0, 3, (3, 14)), rng.integers(0, 2, (3, 14, 1))
    pairs = pairs_of(torch.as_tensor(labels), torch.as_tensor(context), ordinal=False)
    low, high = torch.tensor([0.5, 0.3, 0.6]).double(), torch.tensor([0.9, 0.8, 0.95]).double()
    weights = Margins(positive_weight=2.0, negative_weight=0.5)
    loss = threshold_loss(torch.as_tensor(z), pairs, low, high, weights)
    for m in range(3):
        expected = by_hand(
            z[m], pairs.positive[m], pairs.negative[m], float(low[m]), float(high[m]), 2.0, 0.5
        )
        assert float(loss[m]) == pytest.approx(expected, abs=1e-9)
        assert expected > 0


def test_pairs_are_those_of_the_definition():
    rng = np.random.default_rng(1)
    labels, context = rng.integers(0, 6, (1, 20)), rng.integers(0, 3, (1, 20, 1))
    for ordinal in (False, True):
        pairs = pairs_of(torch.as_tensor(labels), torch.as_tensor(context), ordinal=ordinal)
        for i in range(20):
            for j in range(20):
                gap = abs(labels[0, i] - labels[0, j])
                other = context[0, i, 0] != context[0, j, 0]
                assert bool(pairs.positive[0, i, j]) == (i != j and gap == 0 and other)
                assert bool(pairs.negative[0, i, j]) == (gap >= (3 if ordinal else 1))


def test_without_violators_the_loss_and_its_gradient_are_zero():
    z = torch.eye(4, dtype=torch.float64)[None, [0, 0, 1, 1]].clone().requires_grad_()
    labels = torch.tensor([[0, 0, 1, 1]])
    pairs = pairs_of(labels, torch.zeros(1, 4, 0, dtype=torch.int64), ordinal=False)
    loss = threshold_loss(z, pairs, *margins(0.5, 0.9), Margins())
    loss.sum().backward()
    assert loss.item() == 0.0
    assert float(z.grad.abs().max()) < 1e-12


def test_the_gradient_is_that_of_finite_differences():
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(2, 8, 3, generator=rng, dtype=torch.float64, requires_grad=True)
    pairs = pairs_of(torch.arange(8).remainder(2).repeat(2, 1), torch.zeros(2, 8, 0).long(), ordinal=False)
    low, high = margins(0.5, 0.9, 2)
    assert torch.autograd.gradcheck(lambda a: threshold_loss(a, pairs, low, high, Margins()), (z,))


def test_swapped_margins_raise():
    with pytest.raises(ValueError, match="negative <= positive"):
        Margins(positive=0.5, negative=0.9)
    with pytest.raises(ValueError, match="must not be negative"):
        Margins(positive_weight=-1.0)


def test_adaptive_margins_follow_the_similarities_and_stay_apart():
    term = ThresholdTerm(2, margins=Margins(), adaptive=True, ordinal=False, device=torch.device("cpu"))
    positive = torch.ones(2, 6, 6, dtype=torch.bool)
    s = torch.stack([torch.full((6, 6), 0.1), torch.full((6, 6), 0.99)])
    for _ in range(300):
        term.follow(s, Pairs(positive, positive))
    assert term.high.tolist() == pytest.approx([0.7, 0.95], abs=1e-4)
    assert term.low.tolist() == pytest.approx([0.2, 0.6], abs=1e-4)
    for _ in range(300):
        term.follow(torch.stack([s[1], s[1]]) * 0.7, Pairs(positive, positive))
    assert bool((term.high - term.low >= LEAST_GAP - 1e-6).all())


def simple_rows(machines=3, rows=240):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(rows, 3))
    context = np.arange(rows) % machines
    return X, X[:, 0] + 0.2 * rng.normal(size=rows), context.astype(str)


@pytest.mark.parametrize("mode", ["fixed", "adaptive"])
def test_the_margin_changes_the_encoder_and_pulls_positives_of_other_contexts_together(mode):
    X, y, context = simple_rows()
    label = (y > 0).astype(int)
    plain = CouceClassifier(members=1, epochs=15, threads=1).fit(X, label, context)
    pulled = CouceClassifier(members=1, epochs=15, threads=1, threshold_margin=mode).fit(X, label, context)

    def spread(model):
        z = model.embed(X)
        s = z @ z.T
        same = label[:, None] == label[None, :]
        return s[same].mean() - s[~same].mean()

    assert spread(pulled) > spread(plain)
    assert pulled.score(X, label) > 0.8


def test_a_regressor_trains_with_margins_and_refuses_an_unknown_mode():
    X, y, context = simple_rows()
    model = CouceRegressor(members=1, epochs=4, threads=1, threshold_margin="fixed").fit(X, y, context)
    assert np.isfinite(model.predict(X)).all()
    with pytest.raises(ValueError, match="threshold_margin"):
        CouceRegressor(threshold_margin="on").fit(X, y)
