"""Folds forward in time: always trained on earlier rows only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.splits.split import Fold


@dataclass(frozen=True)
class TimeBlocks:
    """Rows cut into successive blocks; rows of one instant are in one block.

    block  (n,) block number, 0 is never tested; -1 where the time is not known
    count  number of blocks
    """

    block: npt.NDArray[np.int64]
    count: int


def time_blocks(order: npt.NDArray[np.float64], *, tests: int) -> TimeBlocks:
    """Cut into `tests` + 1 blocks of about equal size, fewer where ties leave no cut.

    order  (n,) rank in time, ties allowed, NaN where unknown
    """
    block = np.full(len(order), -1, dtype=np.int64)
    known = np.isfinite(order)
    instants, count = np.unique(order[known], return_counts=True)
    blocks = min(tests + 1, len(instants))
    if blocks < 2:
        return TimeBlocks(block, len(instants))
    # The middle of an instant decides its block; then empty blocks are closed up.
    middle = np.cumsum(count) - count / 2
    wanted = np.floor(middle / count.sum() * blocks).astype(np.int64)
    wanted = np.unique(wanted, return_inverse=True)[1]
    block[known] = wanted[np.searchsorted(instants, order[known])]
    return TimeBlocks(block, int(wanted.max()) + 1)


def forward_folds(
    blocks: TimeBlocks, group: npt.NDArray[np.int64] | None, *, texts: tuple[str, ...]
) -> tuple[Fold, ...]:
    """Block k is tested after training on blocks 0..k-1; groups of the test rows are purged.

    texts  name of each block
    """
    folds = []
    for k in range(1, blocks.count):
        test = np.flatnonzero(blocks.block == k)
        train = np.flatnonzero((blocks.block >= 0) & (blocks.block < k))
        if group is not None:
            train = train[~np.isin(group[train], group[test])]
        if len(train) and len(test):
            folds.append(Fold(train=train, test=test, held_out=(texts[k],)))
    return tuple(folds)
