"""How much each model counts: weights fitted on contexts left out, held back where they are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Floats = npt.NDArray[np.float64]
Units = npt.NDArray[np.int64]
MixKind = Literal["fitted", "default", "single"]

ANCHORS = ("random_forest", "lightgbm")
"""Trees hold what they predict within what they saw, so they fail least on what is new."""
SIMPLE = ("constant", "linear")
"""Counted only where left-out contexts ask for them: a line runs out of what it has seen."""
PSEUDO_CONTEXTS = 4
CLEARLY = 2.0
"""Standard errors by which an anchor must be behind to be left out."""
TINY = 1e-12


@dataclass(frozen=True)
class Mix:
    """Weights of the members, none negative, adding up to one.

    kind  'fitted' where they were learnt on left-out contexts, 'single' where that left one model,
          'default' where there was too little to learn from
    """

    members: tuple[str, ...]
    weight: tuple[float, ...]
    kind: MixKind

    @property
    def counting(self) -> tuple[str, ...]:
        """Members of weight above zero."""
        return tuple(key for key, w in zip(self.members, self.weight, strict=True) if w > 0)

    def __call__(self, estimates: Floats) -> Floats:
        """(n,) or (n, k) weighted mean of (M, n) values or (M, n, k) probabilities."""
        return np.tensordot(np.asarray(self.weight), estimates, axes=1)


def error_products(errors: Floats, unit: Units) -> Floats:
    """(G, M, M) mean product of two members' errors in each context: w' E_g w is the mix's error.

    How much a context then counts is said by `context_shares`.

    errors  (M, n) left-out values minus target, or (M, n, k) probabilities minus class membership
    unit    (n,) int, context of each row
    """
    flat = errors.reshape(*errors.shape[:2], -1)  # (M, n, k)
    own = np.unique(unit, return_inverse=True)[1]
    order = np.argsort(own, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(own))[:-1])
    return np.stack([np.einsum("ank,bnk->ab", flat[:, p], flat[:, p]) / len(p) for p in parts])


def simplex_weights(product: Floats) -> Floats:
    """(M,) the weights w >= 0, sum w = 1, of least w' E w.

    With R'R = E the minimiser of |R v|^2 + (1'v - 1)^2 over v >= 0 is t w for some t > 0: along
    each ray it is t^2 q + (t - 1)^2 with q = w' E w, whose minimum q / (1 + q) grows with q
    (after Lawson and Hanson, 1974, chapter 23).
    """
    scale = float(np.trace(product)) / len(product)
    if scale <= 0:
        return np.full(len(product), 1.0 / len(product))
    values, vectors = np.linalg.eigh(product / scale)
    root = np.sqrt(np.clip(values, 0.0, None))[:, None] * vectors.T
    v, _ = nnls(np.vstack([root, np.ones(len(product))]), np.append(np.zeros(len(product)), 1.0))
    return np.asarray(v / v.sum())


def context_shares(unit: Units) -> Floats:
    """(G,) how much each context counts, in the order of `error_products`: by its rows; adds up to one.

    The mean error of a context of three rows is mostly noise, and the score that is asked for is
    pooled over rows.
    """
    rows = np.unique(unit, return_counts=True)[1]
    return np.asarray(rows / rows.sum())


def choose_mix(
    members: Sequence[str],
    products: Floats,
    shares: Floats | None = None,
    anchors: Sequence[str] = ANCHORS,
) -> Mix:
    """The weights of least left-out error, held back towards the plain mix of the trees.

    w = (G w_free + 4 w_plain) / (G + 4) over G contexts: with few of them a free choice mostly
    fits their noise, so what it is held back to must not depend on that noise. Chosen on contexts of
    nine tables and on simulated machines, judged on others (benchmarks/mix_rules.py): in the mean
    0.002 R2 or AUC behind the better tree on the tables, 0.045 on the worst of them; held back to
    smooth model, LightGBM and best, contexts alike, it was 0.010 and 0.081; 0.083 ahead on six
    processes, before 0.085.

    products  (G, M, M) of `error_products`
    shares    (G,) of `context_shares`; None: all alike
    """
    contexts = len(products)
    weight_of = np.full(contexts, 1.0 / contexts) if shares is None else shares
    plain = plain_mix(members, products, weight_of, anchors)
    free = simplex_weights(np.tensordot(weight_of, products, axes=1)) if contexts > 1 else plain
    weight = (contexts * free + PSEUDO_CONTEXTS * plain) / (contexts + PSEUDO_CONTEXTS)
    kind: MixKind = "default" if contexts < 2 else "single" if weight.max() > 1 - TINY else "fitted"
    return Mix(tuple(members), tuple(float(w) for w in weight), kind)


def plain_mix(
    members: Sequence[str], products: Floats, shares: Floats, anchors: Sequence[str] = ANCHORS
) -> Floats:
    """(M,) equal parts of the anchors that are not clearly worse than the best single model.

    Clearly: by more than two standard errors of the paired difference over contexts. Where all of
    them are, the best single model; of one context there is no such error, and every anchor stays.
    """
    own = np.diagonal(products, axis1=1, axis2=2)  # (G, M)
    best = int(np.argmin(shares @ own))
    used = np.array([member in anchors for member in members])
    if len(products) > 1:
        gap = own - own[:, [best]]
        mean = shares @ gap
        # Of a weighted mean over contexts; for equal shares the usual s / sqrt(G).
        spread = np.square(shares) @ np.square(gap - mean) * len(gap) / (len(gap) - 1)
        used &= mean <= CLEARLY * np.sqrt(spread)
    if not used.any():
        used[best] = True
    return np.asarray(used / used.sum())


def equal_mix(members: Sequence[str]) -> Mix:
    """The learners in equal parts, or all members where there is none: nothing is to be learnt from."""
    used = np.array([member not in SIMPLE for member in members])
    if not used.any():
        used[:] = True
    return Mix(tuple(members), tuple(float(w) for w in used / used.sum()), "default")
