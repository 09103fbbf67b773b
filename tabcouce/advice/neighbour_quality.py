"""How well the outcomes of the nearest past rows predict, on contexts never seen, in each space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tabcouce.advice.row_space import SPACES, Embeds, Gallery, HasLeaves, ScaledCode, SpaceName, coordinates
from tabcouce.evaluation.compare import paired_difference
from tabcouce.evaluation.scores import score
from tabcouce.evaluation.trial import Difference, Score, Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Fold, Split

Rows = npt.NDArray[np.int64]
NEIGHBOURS = 5
MOST_ASKED = 2_000
"""Held-out rows of a split that are looked up; more only sharpen the third digit."""
MOST_PAST = 4_000
"""Training rows of a fold among which neighbours are sought."""
MADE_BY: Mapping[SpaceName, str] = {"encoder": "couce", "leaves": "lightgbm"}
"""Space -> model whose fold models make it."""


@dataclass(frozen=True)
class SpaceScore:
    """One space.

    score  R2 (values) or AUC (classes) of the mean outcome of the nearest rows
    gain   of this space over scaled distance on the same rows; None for scaled distance itself
    """

    space: str
    score: Score
    gain: Difference | None = None


@dataclass(frozen=True)
class NeighbourQuality:
    """All spaces on one split.

    best   the simplest space that no other is shown to beat; 'scaled' where none earns its place
    asked  held-out rows looked up; past: most training rows of a fold they were sought among
    """

    split: str
    metric: str
    neighbours: int
    spaces: tuple[SpaceScore, ...]
    best: str
    asked: int
    past: int

    def of(self, space: str) -> SpaceScore | None:
        return next((each for each in self.spaces if each.space == space), None)


def neighbour_quality(
    trials: Mapping[str, Trial], dataset: Dataset, split: Split, *, draws: int, seed: int
) -> NeighbourQuality:
    """Score the mean outcome of the 5 nearest training rows in the space of each fold.

    trials  blind trials of the split by model; a space whose models are missing is left out
    """
    rng = np.random.default_rng(seed)
    asked = [
        _thinned(fold.test, MOST_ASKED * len(fold.test) // len(dataset.y) + 1, rng) for fold in split.folds
    ]
    past = [_thinned(fold.train, MOST_PAST, rng) for fold in split.folds]
    made: dict[SpaceName, Trial] = {}
    for space in SPACES:
        models = _makers(space, trials, split.folds)
        if models is not None:
            made[space] = _looked_up(space, models, dataset, split, asked, past)
    found = [
        SpaceScore(
            space,
            score(trial, dataset, split, draws=draws, seed=seed).metrics[_metric(dataset)],
            None
            if space == "scaled"
            else replace(
                paired_difference(trial, made["scaled"], dataset, split, draws=draws, seed=seed),
                per_unit={},
                shares={},
            ),
        )
        for space, trial in made.items()
    ]
    return NeighbourQuality(
        split=split.key,
        metric=_metric(dataset),
        neighbours=NEIGHBOURS,
        spaces=tuple(found),
        best=best_space(found),
        asked=sum(map(len, asked)),
        past=max(map(len, past)),
    )


def best_space(found: Sequence[SpaceScore]) -> str:
    """Scaled distance unless another's gain over it has a 95 % interval above zero; then the largest."""
    winners = [s for s in found if s.gain is not None and s.gain.low is not None and s.gain.low > 0]
    return max(winners, key=lambda s: s.gain.gain if s.gain else 0.0).space if winners else "scaled"


def neighbour_mean(outcome: npt.NDArray[np.float64], classes: int) -> npt.NDArray[np.float64]:
    """(m,) mean value, or (m, classes) share of each class, of outcomes (m, k)."""
    if not classes:
        return outcome.mean(axis=1)
    return np.stack([(outcome == c).mean(axis=1) for c in range(classes)], axis=1)


def _looked_up(
    space: SpaceName,
    models: Sequence[object],
    dataset: Dataset,
    split: Split,
    asked: Sequence[Rows],
    past: Sequence[Rows],
) -> Trial:
    classes = len(dataset.classes)
    prediction = np.full((len(dataset.y), classes) if classes else len(dataset.y), np.nan)
    for model, test, train in zip(models, asked, past, strict=True):
        X = dataset.X.iloc[train].reset_index(drop=True)
        scaled = ScaledCode.of(X) if space == "scaled" else None
        gallery = Gallery(space, coordinates(space, X, scaled=scaled, model=model))
        new = dataset.X.iloc[test].reset_index(drop=True)
        found = gallery.nearest(coordinates(space, new, scaled=scaled, model=model), NEIGHBOURS)
        prediction[test] = neighbour_mean(dataset.y[train][found.position], classes)
    return Trial(space, split.key, prediction, (), 0.0, max(map(len, past)))


def _makers(space: SpaceName, trials: Mapping[str, Trial], folds: Sequence[Fold]) -> Sequence[object] | None:
    """The models of the folds that make the space; None where one of them cannot."""
    if space == "scaled":
        return [None] * len(folds)
    trial = trials.get(MADE_BY[space])
    kind = Embeds if space == "encoder" else HasLeaves
    if trial is None or not all(isinstance(model, kind) for model in trial.fitted):
        return None
    return trial.fitted if len(trial.fitted) == len(folds) else None


def _thinned(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _metric(dataset: Dataset) -> str:
    return "r2" if dataset.is_regression else "auc"
