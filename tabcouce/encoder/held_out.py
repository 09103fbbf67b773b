"""Which rows go together: what members hold out as a whole, and a sample fair to every context."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

MOST_OF_ROWS, MOST_WHEN_NAMED = 0.5, 0.75
"""Share of the rows past which a context cannot be left out and still be predicted; a named column
asks for just that, and even two instruments tell how the third will fare."""


def held_out_unit(context: pd.DataFrame, held_out: str | None) -> npt.NDArray[np.int64]:
    """Level of the column that members hold out: the named, or the first with 3 levels; else the row."""
    named = held_out is not None and held_out in context.columns
    names = [held_out] if named else list(context.columns)
    least, most = (2, MOST_WHEN_NAMED) if named else (3, MOST_OF_ROWS)
    for name in names:
        place = pd.factorize(context[name], sort=True)[0].astype(np.int64)
        count = np.bincount(place)
        if len(count) >= least and count.max() <= most * len(context):
            return place
    return np.arange(len(context))


def context_blocks(unit: npt.NDArray[np.int64], blocks: int, seed: int) -> npt.NDArray[np.int64]:
    """(n,) block of each row: whole units, filled largest first into the emptiest block."""
    level, place, count = np.unique(unit, return_inverse=True, return_counts=True)
    order = np.random.default_rng([seed, 2]).permutation(len(level))
    order = order[np.argsort(-count[order], kind="stable")]
    blocks = min(blocks, len(level))
    filled = np.zeros(blocks, dtype=np.int64)
    block_of = np.zeros(len(level), dtype=np.int64)
    for k in order:
        emptiest = int(np.argmin(filled))
        block_of[k] = emptiest
        filled[emptiest] += count[k]
    return block_of[place]
