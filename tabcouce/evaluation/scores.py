"""A trial as numbers: pooled out-of-fold scores, overall and per held-out context."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tabcouce.evaluation.metrics import RANKING_KEYS, Metric, metrics_of
from tabcouce.evaluation.resample import Floats, Units, draw_units, resampled, with_interval
from tabcouce.evaluation.trial import ModelScores, Score, Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split

CONSTANT = "constant"


def score(trial: Trial, dataset: Dataset, split: Split, *, draws: int, seed: int) -> ModelScores:
    """Scores over all rows that a fold tested, with intervals that redraw whole units.

    Pooled, not averaged over folds: the R2 of a one-row fold does not exist. Per unit the same
    scores without interval; a unit with one class or one row keeps its n and has value None.
    Where every row is its own unit there are no contexts to list.
    """
    rows = np.flatnonzero(tested_rows(trial))
    y, prediction = dataset.y[rows], trial.prediction[rows]
    found, unit = np.unique(split.unit[rows], return_inverse=True)
    metrics = metrics_of(prediction)
    ranking = as_ranking(trial.model, prediction)
    counts = draw_units(len(found), draws=draws, seed=seed)
    drawn = dict(resampled(y, prediction, unit, counts)) if len(found) >= 2 else {}
    if drawn and ranking is not prediction:
        again = resampled(y, ranking, unit, counts)
        drawn |= {key: again[key] for key in RANKING_KEYS if key in again}
    return ModelScores(
        model=trial.model,
        split=trial.split,
        metrics={
            key: with_interval(
                metric(y, ranking if key in RANKING_KEYS else prediction),
                drawn.get(key, np.zeros(0)),
                n=len(rows),
                units=len(found),
            )
            for key, metric in metrics.items()
        },
        per_context=_per_unit(metrics, y, prediction, unit, tuple(split.units[u] for u in found)),
        fit_seconds=trial.seconds,
        rows_used=trial.rows_used,
        mode=trial.mode,
        notes=trial.notes,
    )


def as_ranking(model: str, prediction: Floats) -> Floats:
    """The prediction as AUC and its like read it: a constant gives every row the same shares.

    Out of fold it does not. A fold whose test rows are rich in a class was trained on rows poor
    in it, so pooled over the folds the constant ranks them backwards, and an AUC far below 0.5
    would make any guessing model look like a gain.
    """
    if model != CONSTANT or prediction.ndim == 1:
        return prediction
    return np.broadcast_to(prediction.mean(axis=0), prediction.shape)


def tested_rows(trial: Trial) -> npt.NDArray[np.bool_]:
    """(n,) rows that a fold tested."""
    finite = np.isfinite(trial.prediction).reshape(len(trial.prediction), -1)
    return np.asarray(finite.all(axis=1))


def _per_unit(
    metrics: Mapping[str, Metric], y: Floats, prediction: Floats, unit: Units, names: tuple[str, ...]
) -> Mapping[str, Mapping[str, Score]]:
    if len(names) == len(y):
        return {}
    order = np.argsort(unit, kind="stable")
    ends = np.cumsum(np.bincount(unit, minlength=len(names)))
    table: dict[str, Mapping[str, Score]] = {}
    for name, mine in zip(names, np.split(order, ends[:-1]), strict=True):
        table[name] = {
            key: Score(metric(y[mine], prediction[mine]), None, None, len(mine), 1)
            for key, metric in metrics.items()
        }
    return table
