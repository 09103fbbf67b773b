"""What the score on held-out contexts loses when a column is shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tabcouce.evaluation import Score, Trial, paired_difference
from tabcouce.evaluation.run import all_classes
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split


def permutation_importance(
    trial: Trial, dataset: Dataset, split: Split, columns: Sequence[str], *, draws: int, seed: int
) -> dict[str, Score]:
    """Loss of the primary score (R2 or AUC) per column, with an interval over held-out units.

    A column is shuffled among the rows of one held-out unit (a machine, a lot), so that what
    is measured is its use within contexts, not the difference between them.

    Returns  column -> Score; positive: the model needs the column
    Source   Breiman 2001; Fisher, Rudin, Dominici 2019, on leave-context-out predictions
    """
    out: dict[str, Score] = {}
    for column in columns:
        shuffled = replace(trial, prediction=permuted_prediction(trial, dataset, split, column, seed))
        loss = paired_difference(trial, shuffled, dataset, split, draws=draws, seed=seed)
        tested = np.isfinite(trial.prediction).reshape(len(dataset.y), -1).all(axis=1)
        out[column] = Score(loss.gain, loss.low, loss.high, int(tested.sum()), loss.units)
    return out


def permuted_prediction(
    trial: Trial, dataset: Dataset, split: Split, column: str, seed: int
) -> npt.NDArray[np.float64]:
    """Out-of-fold predictions with one column shuffled within each held-out unit."""
    rng = np.random.default_rng([seed, list(dataset.X.columns).index(column)])
    prediction = np.full_like(trial.prediction, np.nan)
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        X = dataset.X.iloc[fold.test].copy()
        order = np.arange(len(X))
        for unit in np.unique(split.unit[fold.test]):
            mine = np.flatnonzero(split.unit[fold.test] == unit)
            order[mine] = rng.permutation(mine)
        X[column] = X[column].array[order]
        estimate = model.estimate(X)
        if not dataset.is_regression:
            # A fold may have been trained without a class that occurs on one machine only.
            estimate = all_classes(estimate, model, len(dataset.classes), len(fold.train))
        prediction[fold.test] = estimate
    return prediction
