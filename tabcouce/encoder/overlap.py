"""Whether contexts meet in the inputs: without overlap the sum over contexts is extrapolation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from tabcouce.errors import FitError

NEIGHBOURS = 10
MOST_ROWS = 2000
"""Rows looked at; the share of this many is known to about one per cent."""
LEAST_OVERLAP = 0.3
REACH = 3.0
"""Interquartile ranges beyond which a cell counts as equally far: glitches are no distance."""


def overlap(u: npt.NDArray[np.float64], context: npt.NDArray[np.int64], *, seed: int) -> float | None:
    """Share of rows whose ten nearest rows in the inputs come from two contexts or more.

    u (n, q) scaled inputs without declared proxies, which give the context away by definition;
    context (n,) label number. None with fewer than two contexts or no input.
    """
    if len(np.unique(context)) < 2 or u.shape[1] == 0:
        return None
    rows = np.random.default_rng([seed, 7]).permutation(len(u))[:MOST_ROWS]
    x, label = np.clip(u[rows], -REACH, REACH), context[rows]
    nearest = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(rows) - 1)).fit(x)
    around = label[nearest.kneighbors(return_distance=False)]
    return float((around != around[:, :1]).any(axis=1).mean())


def check_overlap(share: float | None) -> None:
    """Refuse the do-claim where contexts hardly meet.

    Raises  FitError below 0.3
    """
    if share is not None and share < LEAST_OVERLAP:
        raise FitError(
            f"Only {share:.0%} of the rows have neighbours from two contexts: what the output would be in "
            "another context is not in these data.",
            remedy="Use predict, which makes no such claim, or collect rows of several contexts at the same "
            "settings.",
        )
