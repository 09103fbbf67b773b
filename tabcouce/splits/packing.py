"""Levels or groups packed into a few folds of about equal size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def pack(label: npt.NDArray[np.int64], *, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """(n,) fold of each row; rows with one label share a fold.

    Largest label first into the emptiest fold (the longest-processing-time rule); labels of
    one size come in an order drawn from the seed.
    label  (n,) int in [0, k)
    """
    count = np.bincount(label)
    present = np.flatnonzero(count)
    drawn = np.random.default_rng(seed).permutation(present)
    ranked = drawn[np.argsort(-count[drawn], kind="stable")]
    load = np.zeros(min(folds, len(present)), dtype=np.int64)
    fold_of = np.zeros(len(count), dtype=np.int64)
    for one in ranked:
        emptiest = int(load.argmin())
        fold_of[one] = emptiest
        load[emptiest] += count[one]
    return fold_of[label]


def pack_stratified(
    label: npt.NDArray[np.int64], y: npt.NDArray[np.float64] | None, *, folds: int, seed: int
) -> npt.NDArray[np.int64]:
    """(n,) fold of each row as in `pack`, the classes spread evenly over the folds.

    Labels of one make-up are dealt out in turn, rarest class first, as scikit-learn's
    StratifiedGroupKFold does in spirit: each label goes to the fold that has the smallest
    share of the label's rarest class, then to the emptiest.
    label  (n,) int in [0, k);  y  (n,) class number, or None for no stratification
    """
    if y is None:
        return pack(label, folds=folds, seed=seed)
    classes = np.unique(y, return_inverse=True)[1]
    k = int(classes.max()) + 1
    table = np.zeros((int(label.max()) + 1, k), dtype=np.int64)
    np.add.at(table, (label, classes), 1)
    rarity = np.argsort(np.bincount(classes), kind="stable")
    present = np.flatnonzero(table.sum(axis=1))
    rarest = np.array([next(c for c in rarity if table[one, c]) for one in present])
    drawn = np.random.default_rng(seed).permutation(len(present))
    key = np.lexsort((-table[present[drawn]].sum(axis=1), np.argsort(rarity)[rarest[drawn]]))
    load = np.zeros((min(folds, len(present)), k), dtype=np.int64)
    rows = np.zeros(len(load), dtype=np.int64)
    fold_of = np.zeros(len(table), dtype=np.int64)
    for position in drawn[key]:
        one, c = present[position], rarest[position]
        emptiest = int(np.lexsort((rows, load[:, c]))[0])
        fold_of[one] = emptiest
        load[emptiest] += table[one]
        rows[emptiest] += table[one].sum()
    return fold_of[label]
