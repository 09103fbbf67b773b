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

ANCHORS = ("couce", "lightgbm")
"""A smooth model and trees: what fails in one of them is seldom what fails in the other."""
PSEUDO_CONTEXTS = 4
TINY = 1e-12


@dataclass(frozen=True)
class Mix:
    """Weights of the members, none negative, adding up to one.

    kind      'fitted' where they were learnt on left-out contexts, 'single' where that left one
              model, 'default' where there was nothing to learn from
    contexts  left-out contexts behind the choice; 0: nothing could be measured
    """

    members: tuple[str, ...]
    weight: tuple[float, ...]
    kind: MixKind
    contexts: int

    @property
    def counting(self) -> tuple[str, ...]:
        """Members of weight above zero."""
        return tuple(key for key, w in zip(self.members, self.weight, strict=True) if w > 0)

    def __call__(self, estimates: Floats) -> Floats:
        """(n,) or (n, k) weighted mean of (M, n) values or (M, n, k) probabilities."""
        return np.tensordot(np.asarray(self.weight), estimates, axes=1)


def error_products(errors: Floats, unit: Units) -> Floats:
    """(G, M, M) mean product of two members' errors in each context: w' E_g w is the mix's error.

    Each context counts alike, however many rows it has.

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


def choose_mix(members: Sequence[str], products: Floats, anchors: Sequence[str] = ANCHORS) -> Mix:
    """The weights of least left-out error, held back towards the plain mix of what is not clearly worse.

    w = (G w_free + 4 w_plain) / (G + 4) over G contexts: with few of them a free choice mostly
    fits their noise. Chosen on 6 to 14 simulated machines and judged on others, 8 to 50 rows each
    (benchmarks/mix_rules.py; four processes, one seed): a better mean at all nine sizes than the
    best single model and than a plain mix that gives way to fitted weights only where they are
    shown to gain; free weights alone are as good to 0.001 R2.

    products  (G, M, M) of `error_products`
    """
    contexts = len(products)
    plain = plain_mix(members, products, anchors)
    free = simplex_weights(products.mean(axis=0)) if contexts > 1 else plain
    weight = (contexts * free + PSEUDO_CONTEXTS * plain) / (contexts + PSEUDO_CONTEXTS)
    kind: MixKind = "default" if contexts < 2 else "single" if weight.max() > 1 - TINY else "fitted"
    return Mix(tuple(members), tuple(float(w) for w in weight), kind, contexts)


def plain_mix(members: Sequence[str], products: Floats, anchors: Sequence[str] = ANCHORS) -> Floats:
    """(M,) equal parts of the best single model and the anchors within one standard error of it.

    The error is that of the paired difference over contexts: an anchor that is clearly worse on
    contexts left out is no guard but a loss (equal parts whatever their error: 0.024 to 0.034 R2
    below the best single model in the mean of four simulated processes). Of one context there is
    no such error, and every anchor stays.
    """
    own = np.diagonal(products, axis1=1, axis2=2)  # (G, M)
    best = int(np.argmin(own.mean(axis=0)))
    used = np.array([member in anchors for member in members])
    if len(products) > 1:
        gap = own - own[:, [best]]
        error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
        used &= gap.mean(axis=0) <= error
    used[best] = True
    return np.asarray(used / used.sum())


def equal_mix(members: Sequence[str], anchors: Sequence[str] = ANCHORS) -> Mix:
    """The anchors in equal parts, or all members where none of them is there: nothing was left out."""
    used = np.array([member in anchors for member in members])
    if not used.any():
        used[:] = True
    return Mix(tuple(members), tuple(float(w) for w in used / used.sum()), "default", 0)
