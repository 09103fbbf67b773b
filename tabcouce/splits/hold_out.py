"""Folds that hold out whole contexts, with groups kept together as well."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.splits.packing import pack
from tabcouce.splits.split import Fold

KEPT_SHARE = 0.5
"""Below this share of training rows left, groups are crossed with contexts instead of purged."""


def hold_out(
    level: npt.NDArray[np.int64],
    pack_of: npt.NDArray[np.int64],
    texts: tuple[str, ...],
    group: npt.NDArray[np.int64] | None,
    *,
    folds: int,
    seed: int,
) -> tuple[Fold, ...]:
    """One fold per pack of levels; no level and no group is on both sides.

    Where a group lies in several levels (one sample on three instruments), its rows in other
    packs are taken out of the training rows. If that would leave less than half of them, packs
    and groups are crossed: the test rows are one pack and one part of the groups, the training
    rows are the other packs and the other groups, so each row is still tested once.

    level    (n,) level of each row;  texts  text of each level
    pack_of  (n,) fold of each row by its level; -1 never tested
    group    (n,) or None
    """
    packs = [np.flatnonzero(pack_of == k) for k in range(int(pack_of.max()) + 1)]
    if group is None:
        return _folds([(test, _others(pack_of, k)) for k, test in enumerate(packs)], level, texts)
    purged = [(test, _purge(_others(pack_of, k), test, group)) for k, test in enumerate(packs)]
    kept = sum(len(train) for _, train in purged)
    offered = sum(len(pack_of) - len(test) for test in packs)
    if kept >= KEPT_SHARE * offered:
        return _folds(purged, level, texts)
    # At least two parts of the groups, at most `folds` folds in all.
    parts = max(2, folds // len(packs))
    part_of = pack(group, folds=parts, seed=seed)
    crossed = []
    for k, rows in enumerate(packs):
        for part in range(parts):
            test = rows[part_of[rows] == part]
            others = _others(pack_of, k)
            crossed.append((test, others[part_of[others] != part]))
    return _folds(crossed, level, texts)


def _others(pack_of: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.int64]:
    return np.flatnonzero(pack_of != k)


def _purge(
    train: npt.NDArray[np.int64], test: npt.NDArray[np.int64], group: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    return train[~np.isin(group[train], group[test])]


def _folds(
    pairs: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
    level: npt.NDArray[np.int64],
    texts: tuple[str, ...],
) -> tuple[Fold, ...]:
    return tuple(
        Fold(train=train, test=test, held_out=tuple(texts[k] for k in np.unique(level[test])))
        for test, train in pairs
        if len(train) and len(test)
    )
