"""How much each model counts: weights fitted on contexts left out, held back where they are few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Floats = npt.NDArray[np.float64]
Units = npt.NDArray[np.int64]
MixKind = Literal["fitted", "default", "single"]

ANCHORS = ("couce", "lightgbm")
"""The default mix: a smooth model and trees in equal parts, and the best single model beside them."""
PSEUDO_CONTEXTS = 4
PARTS = 20
"""Contexts are left out of the weights one by one, or, where there are more, in this many parts."""
TINY = 1e-12


@dataclass(frozen=True)
class Mix:
    """Weights of the members, none negative, adding up to one.

    kind      'fitted' where they were learnt and shown to be better than the default mix,
              'single' where one model is shown to be better than any mix
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
    """The default mix, unless fitted weights or one single model are shown to be better.

    Shown: the mean gain over contexts exceeds its standard error, every loss being of weights that
    never saw the context. Fitted weights are shrunk to the default mix as if four more contexts
    had asked for it; with few contexts a free choice mostly fits their noise.

    products  (G, M, M) of `error_products`
    """
    contexts = len(products)
    anchored = np.array([member in anchors for member in members])

    def default(part: Floats) -> Floats:
        used = anchored.copy()
        used[int(np.argmin(np.diagonal(part.mean(axis=0))))] = True
        return used / used.sum()

    def single(part: Floats) -> Floats:
        return np.eye(len(members))[int(np.argmin(np.diagonal(part.mean(axis=0))))]

    def fitted(part: Floats) -> Floats:
        free = simplex_weights(part.mean(axis=0))
        return (len(part) * free + PSEUDO_CONTEXTS * default(part)) / (len(part) + PSEUDO_CONTEXTS)

    kind: MixKind = "default"
    rules: dict[MixKind, Callable[[Floats], Floats]] = {
        "fitted": fitted,
        "default": default,
        "single": single,
    }
    if contexts >= 2:
        loss = {key: _left_out_loss(products, rule) for key, rule in rules.items()}
        if _shown(loss["default"] - loss["fitted"]):
            kind = "fitted"
        if _shown(loss[kind] - loss["single"]):
            kind = "single"
    weight = rules[kind](products)
    return Mix(tuple(members), tuple(float(w) for w in weight), kind, contexts)


def equal_mix(members: Sequence[str], anchors: Sequence[str] = ANCHORS) -> Mix:
    """The anchors in equal parts, or all members where none of them is there: nothing was left out."""
    used = np.array([member in anchors for member in members])
    if not used.any():
        used[:] = True
    return Mix(tuple(members), tuple(float(w) for w in used / used.sum()), "default", 0)


def _left_out_loss(products: Floats, rule: Callable[[Floats], Floats]) -> Floats:
    """(G,) error in each context of the weights that the rule finds without it."""
    contexts = len(products)
    part = np.arange(contexts) % min(PARTS, contexts)
    loss = np.empty(contexts)
    for number in np.unique(part):
        w = rule(products[part != number])
        loss[part == number] = np.einsum("a,gab,b->g", w, products[part == number], w)
    return loss


def _shown(gain: Floats) -> bool:
    """Whether a gain over contexts exceeds one standard error of its mean."""
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() > max(error, TINY))
