"""A trial as numbers: pooled out-of-fold scores, overall and per held-out context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
    Where every row is its own unit there are no contexts to list. Of a trial with repeats every
    number is the mean over its draws of labelled rows.
    """
    if trial.repeats:
        share = max(1, draws // (1 + len(trial.repeats)))
        parts = [
            score(replace(trial, prediction=each, repeats=()), dataset, split, draws=share, seed=seed)
            for each in (trial.prediction, *trial.repeats)
        ]
        return _mean_scores(parts)
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


def _mean_scores(parts: Sequence[ModelScores]) -> ModelScores:
    """Mean of each number over draws; a number that some draw does not define is the mean of the rest."""
    per_context = {
        unit: {
            key: _mean([p.per_context[unit][key] for p in parts if unit in p.per_context]) for key in scores
        }
        for unit, scores in parts[0].per_context.items()
    }
    metrics = {key: _mean([part.metrics[key] for part in parts]) for key in parts[0].metrics}
    return replace(parts[0], metrics=metrics, per_context=per_context)


def _mean(scores: Sequence[Score]) -> Score:
    def over(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    value, low, high = (over([getattr(s, name) for s in scores]) for name in ("value", "low", "high"))
    return replace(scores[0], value=value, low=low, high=high)


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
