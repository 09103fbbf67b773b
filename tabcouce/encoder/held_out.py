"""Which rows go together: what members hold out as a whole, and a sample fair to every context."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def held_out_unit(context: pd.DataFrame, held_out: str | None) -> npt.NDArray[np.int64]:
    """Level of the context column that members hold out: the named or the first with 3 levels."""
    rows = np.arange(len(context))
    names = [held_out] if held_out is not None and held_out in context.columns else list(context.columns)
    for name in names:
        place = pd.factorize(context[name], sort=True)[0].astype(np.int64)
        count = np.bincount(place)
        # A context with half of the rows cannot be left out and still be predicted.
        if len(count) >= 3 and count.max() <= len(rows) / 2:
            return place
    return rows


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
