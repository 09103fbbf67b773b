"""Structural matching: D1, D2-D4 and D6-D7 of the method notes, on blocks with a planted fault."""

from itertools import pairwise

import numpy as np
import pytest

from tabcouce.explanation.matching import (
    cross_type_share,
    diagonal_match,
    masses,
    match,
    reranked,
    sinkhorn,
    unit,
)

BLOCKS, WIDTH = 8, 16
LABELS = np.arange(BLOCKS).astype(object)


def blocks(rng, permute=False):
    """A row and a reference of the same kind, one block of the row faulty: (row, reference, fault, order)."""
    kind = unit(rng.normal(size=(BLOCKS, WIDTH)))
    state = 0.6 * unit(rng.normal(size=(BLOCKS, WIDTH)))
    row = kind + state + 0.15 * rng.normal(size=(BLOCKS, WIDTH)) / 4
    reference = kind + state + 0.15 * rng.normal(size=(BLOCKS, WIDTH)) / 4
    fault = int(rng.integers(BLOCKS))
    row[fault] += 1.5 * unit(rng.normal(size=(1, WIDTH)))[0]
    order = rng.permutation(BLOCKS) if permute else np.arange(BLOCKS)
    return row[order], reference, int(np.flatnonzero(order == fault)[0]), order


def located(trials, permute, deficit):
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(trials):
        row, reference, fault, _ = blocks(rng, permute)
        hits += int(np.argmax(deficit(row, reference)) == fault)
    return hits / trials


def per_mass(found):
    mass = found.plan.sum(axis=1)
    return found.deficit / mass


@pytest.mark.parametrize("marginals", ["uniform", "cross-correlation", "reference"])
def test_contributions_sum_to_the_similarity_and_the_plan_keeps_its_masses(marginals):  # D1
    rng = np.random.default_rng(1)
    row, reference = rng.normal(size=(5, 4)), rng.normal(size=(7, 4))
    weight = np.arange(1.0, 8.0)
    found = match(row, reference, marginals=marginals, weight=weight)
    assert abs(found.contribution.sum() - found.similarity) < 1e-12
    assert abs(found.contribution.sum() + found.deficit.sum() - 1) < 1e-9
    u, v = masses(unit(row), unit(reference), marginals, weight)
    assert np.abs(found.plan.sum(axis=0) - v).sum() < 1e-9
    assert (
        found.violation == pytest.approx(np.abs(found.plan.sum(axis=1) - u).sum()) and found.violation < 1e-3
    )


def test_the_plan_is_the_one_of_plain_sinkhorn_iterations():
    rng = np.random.default_rng(2)
    cost, u, v = rng.random((4, 3)), np.full(4, 0.25), np.array([0.5, 0.3, 0.2])
    kernel, c = np.exp(-cost / 0.1), np.ones(3)
    for _ in range(5000):
        r = u / (kernel @ c)
        c = v / (kernel.T @ r)
    np.testing.assert_allclose(sinkhorn(cost, u, v), r[:, None] * kernel * c, atol=1e-4)


def test_marginals_are_the_written_cross_correlations():
    rng = np.random.default_rng(3)
    A, B = unit(rng.normal(size=(4, 3)) + 1), unit(rng.normal(size=(5, 3)) + 1)
    u, _ = masses(B, A, "cross-correlation", None)
    centre = A.mean(axis=0) / np.linalg.norm(A.mean(axis=0))
    written = np.array([max(centre @ b, 0) for b in B])
    np.testing.assert_allclose(u, written / written.sum(), atol=1e-4)


def test_aligned_blocks_need_no_matching_and_permuted_ones_do():  # D2, D3
    def transport(row, reference):
        return match(row, reference).deficit

    def diagonal(row, reference):
        return diagonal_match(row, reference).deficit

    assert abs(located(100, False, transport) - located(100, False, diagonal)) <= 0.03
    assert located(100, True, transport) - located(100, True, diagonal) >= 0.2


def test_cross_correlation_marginals_hide_the_fault_and_say_so():  # D4
    def uniform(row, reference):
        return match(row, reference).deficit

    def crossed(row, reference):
        found = match(row, reference, marginals="cross-correlation")
        assert found.hides
        return found.deficit

    assert located(100, False, crossed) < located(100, False, uniform)


def test_the_block_blamed_does_not_depend_on_the_blur():  # D6
    rng = np.random.default_rng(4)
    pairs = [blocks(rng)[:2] for _ in range(60)]
    usual = [int(np.argmax(match(a, b).deficit)) for a, b in pairs]
    for blur in (0.05, 0.2):
        other = [int(np.argmax(match(a, b, blur=blur).deficit)) for a, b in pairs]
        assert np.mean(np.equal(usual, other)) >= 0.9


def test_a_stronger_prior_keeps_matches_within_a_type():  # D7
    rng = np.random.default_rng(5)
    row, reference, _, order = blocks(rng, permute=True)
    types = (LABELS[order], LABELS)
    shares = [
        cross_type_share(match(row, reference, types=types, prior=rho), types) for rho in (0, 0.25, 0.5, 1, 4)
    ]
    assert all(a > b for a, b in pairwise(shares)) and shares[-1] < 1e-6


def test_reranking_helps_where_parts_tell_and_leaves_the_rest_in_global_order():  # D5
    rng = np.random.default_rng(6)
    hits = {0: 0, 20: 0}
    for _ in range(30):
        base = unit(rng.normal(size=(BLOCKS, WIDTH)))
        # The same blocks in other company: equal means, other parts.
        gallery = np.stack([base[rng.permutation(BLOCKS)] @ _turn(rng) for _ in range(20)])
        twin = base[rng.permutation(BLOCKS)] + 0.2 * rng.normal(size=base.shape)
        gallery[7] = twin
        for k in hits:
            hits[k] += int(reranked(base, gallery, truncate=k)[0] == 7)
    assert hits[20] >= hits[0]
    order = reranked(base, gallery, truncate=5)
    np.testing.assert_array_equal(order[5:], reranked(base, gallery, truncate=0)[5:])


def test_random_parts_gain_nothing_by_reranking():  # D5, the control: a gain here would be leakage
    rng = np.random.default_rng(8)
    trials, hits = 80, {0: 0, 20: 0}
    for _ in range(trials):
        parts = rng.normal(size=(21, BLOCKS, WIDTH))
        for k in hits:
            hits[k] += int(reranked(parts[0], parts[1:], truncate=k)[0] == 7)
    # Chance is 4 of 80; 12 and more have a probability of 1 in 1500.
    assert max(hits.values()) < 12


def _turn(rng):
    return np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0]


def test_unequal_blocks_have_no_diagonal():
    with pytest.raises(ValueError, match="equal blocks"):
        diagonal_match(np.eye(3), np.eye(4))
