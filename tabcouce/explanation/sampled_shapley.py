"""Shapley values of a model that can only be asked, from random orders of the columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def sampled_shapley(
    score: Callable[[pd.DataFrame], Floats],
    X: pd.DataFrame,
    background: pd.DataFrame,
    *,
    draws: int,
    seed: int,
) -> Floats:
    """(m, p + 1) contributions that add up to the score of each row of X (m, p), base last.

    Strumbelj and Kononenko (2014), algorithm 1: in a random order the columns of a background row
    become those of the row explained, and each column is given what its change did. DIFF: an order is
    followed by its reverse from the same background row, and what the background row scores is the base.

    score  (n, p) frame -> (m * draws * (p + 1),): of each row of X in turn, all its steps
    """
    rng = np.random.default_rng(seed)
    m, p = X.shape
    both = pd.concat([X, background], ignore_index=True)
    orders = np.empty((m, draws, p), dtype=np.int64)
    reference = np.empty((m, draws), dtype=np.int64)
    for d in range(0, draws, 2):
        orders[:, d] = rng.permuted(np.tile(np.arange(p), (m, 1)), axis=1)
        orders[:, d + 1 : d + 2] = orders[:, d : d + 1, ::-1][:, : draws - d - 1]
        reference[:, d : d + 2] = m + rng.integers(len(background), size=(m, 1))
    rank = np.argsort(orders, axis=2)  # (m, draws, p) when each column is exchanged
    own = np.arange(m)[:, None, None, None]
    exchanged = rank[:, :, None, :] < np.arange(p + 1)[:, None]  # (m, draws, p + 1, p)
    source = np.where(exchanged, own, reference[:, :, None, None]).reshape(-1, p)
    steps = pd.DataFrame({name: both[name].take(source[:, j]).array for j, name in enumerate(both.columns)})
    told = score(steps).reshape(m, draws, p + 1)
    out = np.empty((m, p + 1))
    gained = np.take_along_axis(np.diff(told, axis=2), rank, axis=2)
    out[:, :p] = gained.mean(axis=1)
    out[:, p] = told[:, :, 0].mean(axis=1)
    return out
