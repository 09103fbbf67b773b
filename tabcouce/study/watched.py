"""The rows that detectors learn from and are tried on, and scores by detectors that did not know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.evaluation.alarm_trial import START_UP, Held
from tabcouce.evaluation.planted import planted_faults
from tabcouce.models.detection import FEWEST_NORMAL, Detector
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split
from tabcouce.system.start_offsets import StartOffsets

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

BLOCKS = 4
"""Stretches of time left out in turn where a context's other rows are known."""


@dataclass(frozen=True)
class HeldScores:
    """Abnormality (m,) of rows that the detector had not learnt from; detectors: one for each part."""

    score: Floats
    detectors: tuple[Detector, ...]


@dataclass(frozen=True)
class Watched:
    """Rows of a dataset and, below them, planted faults where no abnormal row is labelled.

    X         (m, p); the first n rows are the dataset's
    source    (m,) row of the dataset that each is, or was made from
    abnormal  (m,) labelled or planted
    normal    (m,) rows to learn from: approved ones, else all that are not labelled abnormal
    judged    (m,) rows whose truth is known: normal ones and faults
    context   (m,) text of what the split holds out
    fold      (m,) fold that tests the row, -1 for none
    order     (m,) time
    labelled  whether abnormal rows are labelled; else they were planted
    start_up  normal rows that stand for a context's approved period
    """

    X: pd.DataFrame
    source: Whole
    abnormal: Flags
    normal: Flags
    judged: Flags
    context: npt.NDArray[np.object_]
    contexts: pd.DataFrame | None
    fold: Whole
    order: Floats
    labelled: bool
    split: Split
    start_up: int = START_UP

    @classmethod
    def of(cls, dataset: Dataset, split: Split, *, seed: int) -> Watched:
        n = len(dataset.y)
        ill = dataset.y == 1 if dataset.labelled else np.zeros(n, bool)
        normal = ~ill if dataset.approved is None else dataset.approved & ~ill
        judged = np.ones(n, bool) if dataset.labelled else normal
        context = np.asarray(split.units, object)[split.unit]
        # Without a declared time the order of the file is the best guess there is.
        order = (
            np.arange(n, dtype=float) if dataset.order is None else np.nan_to_num(dataset.order, nan=np.inf)
        )
        fold = np.full(n, -1, dtype=np.int64)
        for k, part in enumerate(split.folds):
            fold[part.test] = k
        X, source = dataset.X, np.arange(n)
        if not ill.any():
            faults = planted_faults(X, normal & (fold >= 0), context, seed=seed)
            X = pd.concat([X, faults.X], ignore_index=True)
            source = np.concatenate([source, faults.source])
        made = np.arange(len(source)) >= n
        return cls(
            X=X,
            source=source,
            abnormal=ill[source] | made,
            normal=normal[source] & ~made,
            judged=judged[source] | made,
            context=context[source],
            contexts=dataset.contexts if dataset.contexts.shape[1] else None,
            fold=fold[source],
            order=order[source],
            labelled=bool(ill.any()),
            split=split,
        )

    @property
    def real(self) -> Flags:
        """(m,) rows of the file, not planted ones."""
        return np.arange(len(self.source)) == self.source

    @property
    def start(self) -> Flags:
        """(m,) the first normal rows of each context; see `Held.start`."""
        found = np.zeros(len(self.source), bool)
        rows = np.flatnonzero(self.normal)
        found[rows] = self.held(rows).start
        return found

    def held(self, rows: Whole) -> Held:
        """What the evaluation knows of some rows."""
        return Held(self.abnormal[rows], self.context[rows], self.fold[rows], self.order[rows], self.start_up)

    def fit(self, make: Callable[[], Detector], rows: Flags, X: pd.DataFrame) -> Detector:
        """A detector on the chosen rows (m,) of X: on normal ones alone, or on labels where it takes them."""
        detector = make()
        taken = np.flatnonzero(rows & (self.normal | self.abnormal) & self.real)
        if not (self.labelled and getattr(detector, "uses_labels", False)):
            taken = taken[self.normal[taken]]
        label = self.abnormal[taken].astype(float) if self.labelled else None
        context = None if self.contexts is None else self.contexts.iloc[taken].reset_index(drop=True)
        return detector.fit(X.iloc[taken].reset_index(drop=True), label, context)

    def unseen(self, make: Callable[[], Detector], *, centred: bool = False) -> HeldScores:
        """By detectors that saw nothing of the row's fold; NaN where not tested.

        centred  take each context's start-up offset off the columns, its lasting share learnt on
                 the contexts of training
        """
        score, start, made = np.full(len(self.source), np.nan), self.start, []
        for k, part in enumerate(self.split.folds):
            train, test = np.isin(self.source, part.train) & self.real, self.fold == k
            if (train & self.normal).sum() < FEWEST_NORMAL:
                continue
            X = self.X
            if centred:
                learn = self.normal & train
                offsets = StartOffsets.learnt(X, self.context, start & train, learn & ~start)
                X = offsets.knowing(X, self.context, start)(X, self.context)
            made.append(self.fit(make, train, X))
            score[test] = made[-1].abnormality(X.iloc[np.flatnonzero(test)].reset_index(drop=True))
        return HeldScores(score, tuple(made))

    def known(self, make: Callable[[], Detector], X: pd.DataFrame) -> HeldScores:
        """Of X by detectors that knew other stretches of the row's own context.

        Rows that nothing is learnt from, e.g. those after an approved period, have NaN.
        """
        block, made = self._blocks(), []
        score = np.full(len(self.source), np.nan)
        for k in range(BLOCKS):
            test = np.flatnonzero(block == k)
            if len(test) and ((block != k) & self.normal).sum() >= FEWEST_NORMAL:
                made.append(self.fit(make, block != k, X))
                score[test] = made[-1].abnormality(X.iloc[test].reset_index(drop=True))
        return HeldScores(score, tuple(made))

    def _blocks(self) -> Whole:
        """(m,) stretch of time within the context of each normal or abnormal row of the file, else -1."""
        block = np.full(len(self.source), -1, dtype=np.int64)
        taken = (self.normal | self.abnormal) & self.real
        for name in set(self.context.tolist()):
            own = np.flatnonzero(taken & (self.context == name))
            own = own[np.argsort(self.order[own], kind="stable")]
            # Rows of one instant, such as the pieces of one shot, stay together.
            first = np.searchsorted(self.order[own], self.order[own], side="left")
            block[own] = first * BLOCKS // max(len(own), 1)
        if self.split.group is not None:
            group = self.split.group[self.source]
            earliest = np.full(int(group.max()) + 1, BLOCKS, dtype=np.int64)
            np.minimum.at(earliest, group[taken], block[taken])
            block[taken] = earliest[group[taken]]
        return block
