"""Which rows train and which rows test; disjointness is proved on construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.errors import SplitError


@dataclass(frozen=True)
class Fold:
    """One train/test pair.

    train, test  int positions of rows, sorted, disjoint, neither empty
    held_out     texts of what the test rows have in common (contexts, a period); may be empty
    """

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    held_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.train) == 0 or len(self.test) == 0:
            raise SplitError("A fold has no training rows or no test rows.")
        if np.intersect1d(self.train, self.test).size:
            raise SplitError("A row is on both sides of a fold.")


@dataclass(frozen=True)
class Split:
    """A way to hold out rows.

    key     'shuffled', 'group', 'unseen:<column>', 'forward' or 'fixed'
    column  context column that is held out, if any
    apart   (n,) int labels that must never be on both sides of a fold (groups for 'group',
            context levels for 'unseen:...'; row numbers where nothing is declared)
    unit    (n,) int label of the independent unit that intervals resample (contexts, groups;
            rows only where nothing else is declared)
    units   text of each unit, indexed by unit
    group   (n,) declared group of each row, apart in every split; None where not declared
    """

    key: str
    folds: tuple[Fold, ...]
    apart: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    units: tuple[str, ...]
    column: str | None = None
    group: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for fold in self.folds:
            both = shared(self.apart, fold)
            if self.group is not None:
                both += shared(self.group, fold)
            if both:
                raise SplitError(
                    f"Split '{self.key}': {both} groups or contexts are on both sides of a fold."
                )


def shared(label: npt.NDArray[np.int64], fold: Fold) -> int:
    """How many labels are on both sides of a fold."""
    return int(np.intersect1d(label[fold.train], label[fold.test]).size)


@dataclass(frozen=True)
class SplitPlan:
    """All splits of one dataset and the one that decides the verdict."""

    splits: tuple[Split, ...]
    headline: str

    def of(self, key: str) -> Split:
        for split in self.splits:
            if split.key == key:
                return split
        raise KeyError(key)
