"""Why two rows are alike: optimal matching of their process blocks (DIML-style).

Zhao et al. (ICCV 2021, arXiv 2108.05889): the similarity of two objects is the sum of what their
parts contribute. Parts here are the blocks of a process row, each a unit vector.

DIFF: log-domain Sinkhorn to a stated marginal error, and a structure prior between block types;
uniform or reference marginals for diagnosis, because the paper's cross-correlation marginals take
mass away from the very part that differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Marginals = Literal["cross-correlation", "uniform", "reference"]

BLUR = 0.1
PRIOR = 0.5
MOST_ROUNDS = 2000
TIGHT = 1e-4
SOFTEN = 1e-5


@dataclass(frozen=True)
class Match:
    """Blocks s of a row against blocks m of a reference.

    plan           (S, M) mass moved, sums to 1; similarity = sum plan * cosine
    contribution   (S,) what each block of the row adds to the similarity
    deficit        (S,) what it falls short by: sum of contributions and deficits is 1
    violation      L1 distance of the plan's row sums to their marginal
    hides          whether the marginals may hide the part that differs (cross-correlation)
    """

    plan: Floats
    cosine: Floats
    similarity: float
    contribution: Floats
    deficit: Floats
    violation: float
    hides: bool


def match(
    row: Floats,
    reference: Floats,
    *,
    marginals: Marginals = "uniform",
    weight: Floats | None = None,
    types: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]] | None = None,
    prior: float = PRIOR,
    blur: float = BLUR,
) -> Match:
    """Match the blocks of a row (S, d) with those of a reference (M, d); rows are scaled to unit length.

    marginals  'cross-correlation' for retrieval; 'uniform', or 'reference' with the mass `weight`
               (M,) of the reference's blocks, for diagnosis
    types      block types of both; a match of unlike types costs `prior` more
    """
    B, A = unit(row), unit(reference)
    cosine = B @ A.T
    cost = 1 - cosine
    if types is not None:
        cost = cost + prior * (types[0][:, None] != types[1][None, :])
    u, v = masses(B, A, marginals, weight)
    plan = sinkhorn(cost, u, v, blur=blur)
    return described(plan, cosine, u, hides=marginals == "cross-correlation")


def diagonal_match(row: Floats, reference: Floats, weight: Floats | None = None) -> Match:
    """The null model for aligned blocks: each block with its own counterpart, nothing moved."""
    B, A = unit(row), unit(reference)
    if B.shape != A.shape:
        raise ValueError(f"A diagonal match needs equal blocks; got {B.shape} and {A.shape}.")
    w = np.full(len(B), 1 / len(B)) if weight is None else np.asarray(weight) / np.sum(weight)
    return described(np.diag(w), B @ A.T, w, hides=False)


def described(plan: Floats, cosine: Floats, u: Floats, *, hides: bool) -> Match:
    contribution = (plan * cosine).sum(axis=1)
    return Match(
        plan,
        cosine,
        float((plan * cosine).sum()),
        contribution,
        (plan * (1 - cosine)).sum(axis=1),
        float(np.abs(plan.sum(axis=1) - u).sum()),
        hides,
    )


def unit(parts: Floats) -> Floats:
    """Rows scaled to length one; a zero row stays zero."""
    length = np.linalg.norm(parts, axis=1, keepdims=True)
    return parts / np.where(length > 0, length, 1.0)


def masses(B: Floats, A: Floats, marginals: Marginals, weight: Floats | None) -> tuple[Floats, Floats]:
    """(S,), (M,) mass of each block, both sum to 1.

    cross-correlation: u_s = relu(a . b_s), v_m = relu(b . a_m) with a, b the unit means (section 3.2)
    """
    if marginals == "cross-correlation":
        a, b = unit(A.mean(axis=0, keepdims=True))[0], unit(B.mean(axis=0, keepdims=True))[0]
        u, v = np.maximum(B @ a, 0) + SOFTEN, np.maximum(A @ b, 0) + SOFTEN
        return u / u.sum(), v / v.sum()
    u = np.full(len(B), 1 / len(B))
    if marginals == "uniform":
        return u, np.full(len(A), 1 / len(A))
    if weight is None:
        raise ValueError("Reference marginals need the weight of the reference's blocks.")
    v = np.asarray(weight, float) / np.sum(weight)
    # Aligned blocks take the reference's mass on both sides; else the row's blocks stay equal.
    return (v.copy() if len(A) == len(B) else u), v


def sinkhorn(cost: Floats, u: Floats, v: Floats, *, blur: float = BLUR) -> Floats:
    """(S, M) entropic optimal plan, in the log domain; row sums u to 1e-4, column sums v exactly."""
    score = -cost / blur
    with np.errstate(divide="ignore"):
        log_u, log_v = np.log(u), np.log(v)
    f, g = np.zeros(len(u)), np.zeros(len(v))
    for _ in range(MOST_ROUNDS):
        f = log_u - log_sum(score + g)
        g = log_v - log_sum((score + f[:, None]).T)
        plan = np.exp(score + f[:, None] + g)
        if np.abs(plan.sum(axis=1) - u).sum() < TIGHT:
            break
    return np.asarray(plan)


def log_sum(values: Floats) -> Floats:
    """(n,) log of the sum of exponentials along rows; scipy's does the same at ten times the cost."""
    top = values.max(axis=1)
    return np.asarray(top + np.log(np.exp(values - top[:, None]).sum(axis=1)))


def cross_type_share(found: Match, types: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]) -> float:
    """Share of the mass that went between unlike block types."""
    return float(found.plan[types[0][:, None] != types[1][None, :]].sum() / found.plan.sum())


def reranked(
    query: Floats, gallery: Floats, *, truncate: int, marginals: Marginals = "cross-correlation"
) -> npt.NDArray[np.int64]:
    """(n,) gallery positions, best first: the nearest `truncate` by global cosine are put in order
    by structural + global similarity, the rest keep the global order (section 3.4).

    query (S, d); gallery (n, M, d)
    """
    centre = unit(unit(query).mean(axis=0, keepdims=True))[0]
    centres = unit(np.stack([unit(parts).mean(axis=0) for parts in gallery]))
    near = centres @ centre
    order = np.argsort(-near, kind="stable")
    head = order[:truncate]
    score = np.array([match(query, gallery[k], marginals=marginals).similarity + near[k] for k in head])
    return np.concatenate([head[np.argsort(-score, kind="stable")], order[truncate:]]).astype(np.int64)
