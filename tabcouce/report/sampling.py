"""Thinning rows for charts without losing a context."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

POINTS = 1_500
"""Points a chart shows at most; the page states how many there were."""


def thin_by_class(
    classes: npt.NDArray[np.float64], context: npt.NDArray[np.object_], limit: int, *, seed: int
) -> npt.NDArray[np.int64]:
    """Positions of at most `limit` rows, a rare class kept as whole as the others leave room for it.

    classes  (n,) class number per row; every class gets an equal share of the room, and what the
             rare ones do not need goes to the frequent ones
    """
    names, count = np.unique(classes, return_counts=True)
    kept, room = [], limit
    for position, k in enumerate(np.argsort(count, kind="stable")):
        rows = np.flatnonzero(classes == names[k])
        share = max(room // (len(names) - position), 1)
        chosen = rows[thin_by_context(context[rows], share, seed=seed)]
        kept.append(chosen)
        room -= len(chosen)
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.int64)


def thin_by_context(context: npt.NDArray[np.object_], limit: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Positions of at most `limit` rows, each context keeping its share and at least one row.

    context  (n,) text per row
    Returns  (m,) int, sorted; m = n where n <= limit. Where there are more contexts than
             `limit`, the largest contexts keep one row each.
    """
    n = len(context)
    if n <= limit:
        return np.arange(n)
    names, member, count = np.unique(context.astype(str), return_inverse=True, return_counts=True)
    if len(names) > limit:
        quota = np.zeros(len(names), np.int64)
        quota[np.argsort(-count, kind="stable")[:limit]] = 1
    else:
        spare = limit - len(names)
        quota = 1 + np.floor(spare * (count - 1) / max(n - len(names), 1)).astype(np.int64)
    rng = np.random.default_rng(seed)
    kept = [
        rng.choice(np.flatnonzero(member == k), size=quota[k], replace=False)
        for k in range(len(names))
        if quota[k]
    ]
    return np.sort(np.concatenate(kept))
