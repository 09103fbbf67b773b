"""Cluster bootstrap: whole contexts or groups are redrawn, never single rows of them.

Rows of one machine are not independent, so intervals from redrawn rows are far too narrow
(Cameron, Gelbach and Miller, 2008). No row is copied: a draw is a count per unit, sums over
units give R2, errors, losses and confusion counts of all draws at once, and weighted ranks give
AUC, average precision and recall.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tabcouce.evaluation.metrics import FALSE_ALARMS, RECALL_KEY, row_log_loss
from tabcouce.evaluation.trial import Score

Floats = npt.NDArray[np.float64]
Units = npt.NDArray[np.int64]
Counts = npt.NDArray[np.float32]

CELLS = 1_000_000
"""Draws x rows worked on at a time; a block of this size stays in the processor's cache."""


def draw_units(units: int, *, draws: int, seed: int) -> Counts:
    """(draws, units) how often each unit is drawn when as many as there are are drawn again."""
    rng = np.random.default_rng(seed)
    counts = np.empty((draws, units), dtype=np.float32)
    for d in range(draws):
        counts[d] = np.bincount(rng.integers(units, size=units), minlength=units)
    return counts


def resampled(y_true: Floats, prediction: Floats, unit: Units, counts: Counts) -> Mapping[str, Floats]:
    """Each score of every draw, NaN where a draw has none, keyed as in `metrics_of`.

    y_true (n,), prediction (n,) or (n, k), unit (n,) int in [0, U), counts (draws, U)
    """
    if prediction.ndim == 1:
        return _value_draws(y_true, prediction, unit, counts)
    return {
        **_ranking_draws(y_true, prediction, unit, counts),
        **_class_draws(y_true, prediction, unit, counts),
    }


def interval(values: Floats, level: float = 0.95) -> tuple[float, float] | None:
    """Percentile interval of the draws that have a value; None if fewer than half have one."""
    known = values[np.isfinite(values)]
    if len(known) * 2 < len(values) or len(known) == 0:
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def with_interval(value: float | None, values: Floats, *, n: int, units: int) -> Score:
    """A score with its 95 % interval; no interval with fewer than two units."""
    bounds = interval(values) if value is not None and units >= 2 else None
    low, high = bounds if bounds else (None, None)
    return Score(value, low, high, n, units)


def unit_sums(columns: Floats, unit: Units, units: int) -> Floats:
    """(U, s) sum of each of the (n, s) columns within each unit."""
    return np.column_stack([np.bincount(unit, column, minlength=units) for column in columns.T])


def _value_draws(y: Floats, prediction: Floats, unit: Units, counts: Counts) -> Mapping[str, Floats]:
    centred = y - y.mean()  # sums of squares of large numbers would cancel
    error = y - prediction
    columns = np.column_stack([np.ones_like(y), centred, centred**2, error**2, np.abs(error)])
    n, s, ss, sse, sae = (counts @ unit_sums(columns, unit, counts.shape[1])).T
    sst = ss - s**2 / n
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(sst > 1e-12 * np.maximum(ss, 1e-300), 1.0 - sse / sst, np.nan)
    return {"r2": r2, "rmse": np.sqrt(sse / n), "mae": sae / n}


def _class_draws(y: Floats, prediction: Floats, unit: Units, counts: Counts) -> Mapping[str, Floats]:
    k = prediction.shape[1]
    chosen = prediction.argmax(axis=1)
    ones = np.ones_like(y)
    hit = (chosen == y).astype(float)
    scored = [1] if k == 2 else range(k)
    both = [(y == c) & (chosen == c) for c in scored]
    either = [(y == c).astype(float) + (chosen == c) for c in scored]
    members = [(y == c).astype(float) for c in range(k)]
    columns = np.column_stack([ones, hit, row_log_loss(y, prediction), *both, *either, *members]).astype(
        float
    )
    sums = counts @ unit_sums(columns, unit, counts.shape[1])
    n, m = sums[:, 0], len(scored)
    tp2, positives = 2 * sums[:, 3 : 3 + m], sums[:, 3 + m : 3 + 2 * m]
    with np.errstate(divide="ignore", invalid="ignore"):
        f1 = np.where(positives > 0, tp2 / positives, 0.0).sum(axis=1)
        present = (positives > 0).sum(axis=1)
        f1 = f1 / (np.maximum(present, 1) if k > 2 else 1)
    one_class = (sums[:, 3 + 2 * m :] > 0).sum(axis=1) < 2
    return {
        "f1": np.where(one_class, np.nan, f1),
        "log_loss": sums[:, 2] / n,
        "accuracy": sums[:, 1] / n,
    }


def _ranking_draws(y: Floats, prediction: Floats, unit: Units, counts: Counts) -> Mapping[str, Floats]:
    """AUC, average precision (means over classes) and recall of every draw."""
    k = prediction.shape[1]
    per_class = [
        _ranking_of_class(y == c, prediction[:, c], unit, counts) for c in ([1] if k == 2 else range(k))
    ]
    stacked = np.stack(per_class)  # (classes, 3, draws)
    known = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0)
    out = {"auc": mean[0], "average_precision": mean[1]}
    return out if k > 2 else {**out, RECALL_KEY: mean[2]}


def _ranking_of_class(member: npt.NDArray[np.bool_], score: Floats, unit: Units, counts: Counts) -> Floats:
    """(3, draws): AUC, average precision, recall at 5 % false alarms of one class."""
    order = np.argsort(-score, kind="stable")
    ranked, positive, home = score[order], member[order], unit[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # end of each run of ties
    out = np.empty((3, len(counts)))
    step = max(1, CELLS // len(score))
    for start in range(0, len(counts), step):
        weight = counts[start : start + step][:, home].astype(np.float64)  # (draws, n)
        alarms = np.cumsum(weight, axis=1)[:, last]
        weight *= positive
        hits = np.cumsum(weight, axis=1)[:, last]
        out[:, start : start + step] = _curve_scores(hits, alarms - hits)
    return out


def _curve_scores(hits: Floats, false: Floats) -> Floats:
    """Scores of ROC curves given as (draws, thresholds) cumulated hits and false alarms."""
    positives, negatives = hits[:, -1], false[:, -1]
    width = np.diff(false, axis=1, prepend=0.0)
    gained = np.diff(hits, axis=1, prepend=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (width * (hits - gained / 2)).sum(axis=1) / (positives * negatives)
        alarms = hits + false
        precision = np.divide(hits, alarms, out=np.zeros_like(hits), where=alarms > 0)
        ap = (gained * precision).sum(axis=1) / positives
        allowed = false <= FALSE_ALARMS * negatives[:, None]
        recall = np.where(allowed, hits, 0.0).max(axis=1) / positives
    scores = np.stack([area, ap, recall])
    scores[:, (positives == 0) | (negatives == 0)] = np.nan
    return scores
