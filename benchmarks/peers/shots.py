"""Up to five labelled rows of every held-out context: the rows that the product's own shots mode draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peers.benchmark_set import SEED, BenchmarkSet
from tabcouce.evaluation.deployment import DRAWS, labelled_rows, sets_of
from tabcouce.evaluation.metrics import auc, r2
from tabcouce.models.calibration import ShotOffset, ShotPrior
from tabcouce.splits import Split

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """The rows of one held-out context in one draw: fold number, shots, the rows that are scored."""

    fold: int
    few: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]


def draws(split: Split) -> Iterator[list[Drawn]]:
    """For each draw, every tested context of every fold, drawn as `evaluation.deployment` draws."""
    for number in range(sets_of(len(split.units), DRAWS)):
        draw = np.random.default_rng([SEED, number])
        found = []
        for fold, part in enumerate(split.folds):
            unit = split.unit[part.test]
            for rows in (part.test[unit == u] for u in np.unique(unit)):
                few = labelled_rows(rows, draw)
                found.append(Drawn(fold, few, np.setdiff1d(rows, few)))
        yield found


def scored_rows(one: BenchmarkSet, drawn: list[Drawn]) -> npt.NDArray[np.bool_]:
    """(n,) rows of the held-out contexts that are nobody's shots."""
    scored = np.zeros(len(one.dataset.y), bool)
    scored[np.concatenate([place.rest for place in drawn])] = True
    return scored


def score(one: BenchmarkSet, prediction: Floats, scored: npt.NDArray[np.bool_]) -> float | None:
    """R2, or AUC for classes, over the rows marked."""
    metric = r2 if one.dataset.is_regression else auc
    return metric(one.dataset.y[scored], prediction[scored])


def offset_scores(one: BenchmarkSet, split: Split, blind: Floats) -> tuple[list[float], list[float]]:
    """Scores of each draw with the generic shrunken offset, and without it on the same rows.

    The offset is tabcouce's (`models.calibration`), which asks a model for nothing but predictions.
    How far contexts differ it learns from the out-of-fold residuals of the contexts that the OTHER
    folds tested: none of the context's own fold, labels of none of its rows but the shots.

    blind  (n,) or (n, k) out-of-fold predictions for a new context
    """
    values = one.dataset.is_regression
    y = one.dataset.y
    priors = []
    for fold in split.folds:
        others = blind.copy()
        others[fold.test] = np.nan
        priors.append(
            ShotPrior.of_values(y - others, split.unit)
            if values
            else ShotPrior.of_classes(y, others, split.unit)
        )
    make = ShotOffset.of_values if values else ShotOffset.of_classes
    with_shots, without = [], []
    for drawn in draws(split):
        moved, scored = blind.copy(), scored_rows(one, drawn)
        for place in drawn:
            offset = make(y[place.few], blind[place.few], priors[place.fold])
            moved[place.rest] = offset(blind[place.rest])
        found, before = score(one, moved, scored), score(one, blind, scored)
        if found is not None and before is not None:
            with_shots.append(found)
            without.append(before)
    return with_shots, without
