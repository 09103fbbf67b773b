"""Weights of the stack: exact on the simplex, held back where contexts are few, honest about gains."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from tabcouce.system.weights import (
    choose_mix,
    context_shares,
    equal_mix,
    error_products,
    plain_mix,
    simplex_weights,
)

Floats = npt.NDArray[np.float64]


def made(contexts: int, spread: tuple[float, ...], seed: int = 0, rows: int = 30) -> tuple[Floats, Floats]:
    """(M, n) errors of independent models with these standard deviations, and (n,) contexts."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(contexts), rows)
    return np.stack([rng.normal(0, s, len(unit)) for s in spread]), unit


@pytest.mark.parametrize("seed", range(4))
def test_weights_are_the_best_of_a_grid_over_the_simplex(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(5, 3)) + rng.normal(size=(5, 1))
    product = root.T @ root
    w = simplex_weights(product)
    assert w.sum() == pytest.approx(1.0) and (w >= 0).all()
    steps = 60
    best = min(
        float(np.array([a, b, steps - a - b]) @ product @ np.array([a, b, steps - a - b])) / steps**2
        for a, b in itertools.product(range(steps + 1), repeat=2)
        if a + b <= steps
    )
    assert w @ product @ w <= best + 1e-9
    assert w @ product @ w == pytest.approx(best, rel=0.02)


def test_independent_errors_are_weighted_by_their_inverse_variance() -> None:
    w = simplex_weights(np.diag([1.0, 4.0]))
    assert w == pytest.approx([0.8, 0.2])


def test_products_of_errors_are_means_over_the_rows_of_a_context() -> None:
    unit = np.array([0, 0, 0, 0, 1])
    errors = np.array([[1.0, 1.0, -1.0, 1.0, 3.0], [0.0, 2.0, 0.0, 0.0, 1.0]])
    products = error_products(errors, unit)
    for g in (0, 1):
        for a, b in itertools.product(range(2), repeat=2):
            rows = [i for i in range(5) if unit[i] == g]
            expected = sum(errors[a, i] * errors[b, i] for i in rows) / len(rows)
            assert products[g, a, b] == pytest.approx(expected)


def test_errors_of_probabilities_add_up_over_the_classes() -> None:
    rng = np.random.default_rng(1)
    errors = rng.normal(size=(2, 6, 3))
    unit = np.array([0, 0, 1, 1, 1, 1])
    products = error_products(errors, unit)
    expected = sum(errors[0, i] @ errors[1, i] for i in (2, 3, 4, 5)) / 4
    assert products[1, 0, 1] == pytest.approx(expected)


def test_a_model_that_alone_is_far_better_is_taken_alone() -> None:
    errors, unit = made(12, (0.1, 2.0, 2.0))
    mix = choose_mix(("linear", "lightgbm", "couce"), error_products(errors, unit))
    assert mix.weight[0] > 0.99
    loss = np.mean(np.square(np.asarray(mix.weight) @ errors))
    assert loss < 1.1 * np.mean(np.square(errors[0]))


def test_weights_are_held_back_by_four_contexts_to_the_trees_that_are_not_clearly_worse() -> None:
    errors, unit = made(8, (1.0, 1.02, 0.9), rows=400)
    products = error_products(errors, unit)
    mix = choose_mix(("random_forest", "lightgbm", "couce"), products)
    loss = np.array([[np.mean(errors[j][unit == g] ** 2) for j in range(3)] for g in range(8)])
    assert loss.mean(axis=0).argmin() == 2
    kept = []
    for j in (0, 1):
        gap = loss[:, j] - loss[:, 2]
        kept.append(gap.mean() <= 2 * np.sqrt(sum((g - gap.mean()) ** 2 for g in gap) / 7 / 8))
    plain = np.array([*kept, not any(kept)], float) / max(1, sum(kept))
    expected = (8 * simplex_weights(products.mean(axis=0)) + 4 * plain) / 12
    assert mix.kind == "fitted" and np.asarray(mix.weight) == pytest.approx(expected)


def test_a_context_counts_by_its_rows_in_weights_and_in_what_is_clearly_worse() -> None:
    members = ("lightgbm", "couce")
    unit = np.repeat([3, 5, 9], [2, 30, 8])
    shares = context_shares(unit)
    assert shares == pytest.approx([0.05, 0.75, 0.2])
    own = np.array([[9.0, 1.0], [1.0, 1.4], [1.1, 1.3]])  # couce wins only the context of two rows
    products = np.stack([np.diag(row) for row in own])
    pooled = sum(share * product for share, product in zip(shares, products, strict=True))
    expected = (3 * simplex_weights(pooled) + 4 * np.array([1.0, 0.0])) / 7
    assert np.asarray(choose_mix(members, products, shares).weight) == pytest.approx(expected)
    alike = choose_mix(members, products).weight
    assert alike[1] > choose_mix(members, products, shares).weight[1] + 0.1


def test_the_noise_of_a_tiny_context_does_not_move_the_weights() -> None:
    errors, unit = made(10, (1.0, 1.5), rows=40)
    tiny = np.hstack([errors, [[6.0], [0.1]]])
    with_tiny = np.append(unit, 99)
    before = choose_mix(("lightgbm", "couce"), error_products(errors, unit), context_shares(unit))
    after = choose_mix(("lightgbm", "couce"), error_products(tiny, with_tiny), context_shares(with_tiny))
    assert after.weight == pytest.approx(before.weight, abs=0.08)
    assert (
        choose_mix(("lightgbm", "couce"), error_products(tiny, with_tiny)).weight[1] > before.weight[1] + 0.2
    )


def test_trees_that_are_clearly_worse_on_left_out_contexts_are_no_part_of_the_plain_mix() -> None:
    members = ("random_forest", "lightgbm", "couce")
    own = np.array([[1.0, 2.3, 0.9], [1.2, 2.0, 1.1], [0.8, 1.9, 0.9], [1.0, 2.1, 0.9]])
    products, alike = np.stack([np.diag(row) for row in own]), np.full(4, 0.25)
    assert plain_mix(members, products, alike) == pytest.approx([1.0, 0.0, 0.0])
    assert plain_mix(members, products[:1], np.ones(1)) == pytest.approx([0.5, 0.5, 0.0])
    own[:, 0] += 1.0
    both_worse = np.stack([np.diag(row) for row in own])
    assert plain_mix(members, both_worse, alike) == pytest.approx([0.0, 0.0, 1.0])


def test_of_equal_models_the_trees_keep_most_of_the_weight_where_contexts_are_few() -> None:
    anchored = []
    for seed in range(20):
        errors, unit = made(2, (1.0, 1.0, 1.0, 1.0), seed)
        mix = choose_mix(("linear", "random_forest", "lightgbm", "couce"), error_products(errors, unit))
        assert sum(mix.weight) == pytest.approx(1.0)
        anchored.append(mix.weight[1] + mix.weight[2])
    assert np.mean(anchored) > 0.65


def test_without_left_out_rows_the_learners_share() -> None:
    assert equal_mix(("constant", "lightgbm", "linear", "couce")).weight == (0.0, 0.5, 0.0, 0.5)
    assert equal_mix(("constant", "linear")).weight == (0.5, 0.5)
    errors, unit = made(1, (1.0, 0.5, 2.0))
    mix = choose_mix(("lightgbm", "linear", "random_forest"), error_products(errors, unit))
    assert mix.kind == "default" and mix.weight == pytest.approx((0.5, 0.0, 0.5))


def test_members_without_errors_share_alike() -> None:
    assert simplex_weights(np.zeros((2, 2))) == pytest.approx([0.5, 0.5])
