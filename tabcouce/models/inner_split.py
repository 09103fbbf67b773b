"""Folds inside the training rows, for penalties, components and rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

INNER_FOLDS = 4
MANY_ROWS = 5000
MANY_CELLS = 1_000_000
MOST_TRAINED = 100_000
FEWEST_LEVELS = 3
"""Of a context column with fewer levels nothing can be held out and the rest still be compared."""


@dataclass(frozen=True)
class InnerFold:
    """Positions among the training rows: sorted, disjoint."""

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]


def inner_folds(
    y: npt.NDArray[np.float64],
    context: pd.DataFrame | None,
    *,
    folds: int,
    classes: bool,
    seed: int,
) -> tuple[InnerFold, ...]:
    """Folds that ask the question the model will be asked.

    With a context, whole levels of its first column with three or more of them are held out,
    packed into folds of about equal rows: a model meant for unseen machines must not choose its
    rounds on machines it has seen. Without one, rows are held out at random, and rows of each
    class (or, for a number, of each range of the target) are spread evenly.

    y        (n,) target of the training rows
    context  (n, c) text of the training rows, or None
    """
    label = held_out_levels(context)
    part = _random_parts(y, folds, classes, seed) if label is None else _packed_levels(label, folds, seed)
    return tuple(InnerFold(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in np.unique(part))


def enough_folds(folds: tuple[InnerFold, ...], n: int) -> tuple[InnerFold, ...]:
    """The first of random folds where rows are so many that one of them measures well enough."""
    return tuple(map(_fewer_to_train, folds[:1] if n > MANY_ROWS else folds))


def enough_context_folds(folds: tuple[InnerFold, ...], cells: int) -> tuple[InnerFold, ...]:
    """The first two of the folds over contexts where boosting is slow.

    cells  rows x columns x trees a round. Half of the contexts then choose the rounds, each still
           predicted from three quarters of the rows.
    """
    return tuple(map(_fewer_to_train, folds[:2] if cells > MANY_CELLS else folds))


def _fewer_to_train(fold: InnerFold) -> InnerFold:
    """At most `MOST_TRAINED` training rows: what is chosen on them hardly changes with more."""
    if len(fold.train) <= MOST_TRAINED:
        return fold
    drawn = np.random.default_rng(0).choice(fold.train, MOST_TRAINED, replace=False)
    return InnerFold(np.sort(drawn), fold.test)


def left_out_units(context: pd.DataFrame | None, n: int) -> npt.NDArray[np.int64] | None:
    """(n,) what a left-out prediction leaves out as a whole: the level of the row's context, or the row.

    None where contexts are given but no column has three levels: none of them can be left out.
    """
    return np.arange(n) if context is None else held_out_levels(context)


def held_out_levels(context: pd.DataFrame | None) -> npt.NDArray[np.int64] | None:
    """(n,) level of the first column with three or more of them; None without one."""
    name = held_out_column(context)
    if context is None or name is None:
        return None
    return np.asarray(pd.factorize(context[name].astype(str), sort=True)[0], dtype=np.int64)


def held_out_column(context: pd.DataFrame | None) -> str | None:
    """The first column with three or more levels; None without one."""
    names = () if context is None else context.columns
    for name in names:
        if context is not None and context[name].astype(str).nunique() >= FEWEST_LEVELS:
            return str(name)
    return None


def _random_parts(y: npt.NDArray[np.float64], folds: int, classes: bool, seed: int) -> npt.NDArray[np.int64]:
    """Deal the rows out in order of the target, after a shuffle that breaks ties."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(y))
    ranked = shuffled[np.argsort(y[shuffled], kind="stable")]
    folds = min(folds, len(y))
    part = np.empty(len(y), dtype=np.int64)
    if classes:
        part[ranked] = np.arange(len(y)) % folds
    else:
        # Within each run of neighbouring targets the fold is random, else fold k would hold
        # the k-th smallest of every run and the fold means would differ in order.
        runs = -(-len(y) // folds)
        dealt = np.argsort(rng.random((runs, folds)), axis=1).ravel()[: len(y)]
        part[ranked] = dealt
    return part


def _packed_levels(label: npt.NDArray[np.int64], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Largest levels first, each into the emptiest fold."""
    size = np.bincount(label)
    folds = min(folds, len(size))
    order = np.random.default_rng(seed).permutation(len(size))
    order = order[np.argsort(-size[order], kind="stable")]
    fill = np.zeros(folds)
    home = np.empty(len(size), dtype=np.int64)
    for level in order:
        home[level] = fill.argmin()
        fill[home[level]] += size[level]
    return home[label]
