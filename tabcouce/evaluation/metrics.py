"""Scores of a prediction: plain f(y_true, prediction), None where the score is not defined.

Values: y_true and prediction are (n,). Classes: y_true (n,) class numbers 0..k-1, prediction
(n, k) probabilities; with two classes the second is the positive one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score, roc_curve

Floats = npt.NDArray[np.float64]
Metric = Callable[[Floats, Floats], float | None]

FALSE_ALARMS = 0.05
LEAST_PROBABILITY = 1e-15
RECALL_KEY = "recall_at_5pct_false_alarms"
RANKING_KEYS = ("auc", "average_precision", RECALL_KEY)
"""Scores that read the order of the rows only."""


def r2(y_true: Floats, prediction: Floats) -> float | None:
    """1 - SSE / SST; not defined for a constant target."""
    if len(y_true) < 2 or np.ptp(y_true) == 0:
        return None
    total = np.square(y_true - y_true.mean()).sum()
    return float(1.0 - np.square(y_true - prediction).sum() / total)


def rmse(y_true: Floats, prediction: Floats) -> float | None:
    """Root mean squared error, unit of the target."""
    return float(np.sqrt(np.square(y_true - prediction).mean())) if len(y_true) else None


def mae(y_true: Floats, prediction: Floats) -> float | None:
    """Mean absolute error, unit of the target."""
    return float(np.abs(y_true - prediction).mean()) if len(y_true) else None


def auc(y_true: Floats, prediction: Floats) -> float | None:
    """Area under the ROC curve; more than two classes: mean of each class against the rest.

    Classes that are absent (or alone) in y_true are left out of the mean.
    """
    return _mean_over_classes(roc_auc_score, y_true, prediction)


def average_precision(y_true: Floats, prediction: Floats) -> float | None:
    """Mean precision over recall; more than two classes as for `auc`."""
    return _mean_over_classes(average_precision_score, y_true, prediction)


def f1(y_true: Floats, prediction: Floats) -> float | None:
    """F1 of the most probable class; two classes: of the positive one (probability above 0.5).

    More than two classes: mean over the classes that are present or predicted. Not defined
    where y_true holds one class only.
    """
    if len(np.unique(y_true)) < 2:
        return None
    chosen = prediction.argmax(axis=1)
    average = "binary" if prediction.shape[1] == 2 else "macro"
    return float(f1_score(y_true.astype(int), chosen, average=average, zero_division=0.0))


def accuracy(y_true: Floats, prediction: Floats) -> float | None:
    """Share of rows whose most probable class is right."""
    return float((prediction.argmax(axis=1) == y_true).mean()) if len(y_true) else None


def log_loss(y_true: Floats, prediction: Floats) -> float | None:
    """Mean -log of the probability given to the true class."""
    return float(row_log_loss(y_true, prediction).mean()) if len(y_true) else None


def recall_at_5pct_false_alarms(y_true: Floats, prediction: Floats) -> float | None:
    """Two classes: recall at the best threshold that alarms on at most 5 % of the negatives."""
    return recall_at_false_alarm_rate(y_true, prediction, FALSE_ALARMS)


def recall_at_false_alarm_rate(y_true: Floats, prediction: Floats, rate: float) -> float | None:
    """Largest recall of a threshold on the positive class whose false alarm rate is <= rate."""
    if prediction.shape[1] != 2 or len(np.unique(y_true)) < 2:
        return None
    false_alarms, recall, _ = roc_curve(y_true == 1, prediction[:, 1], drop_intermediate=False)
    return float(recall[false_alarms <= rate].max())


def row_log_loss(y_true: Floats, prediction: Floats) -> Floats:
    """(n,) -log of the probability given to each row's class, at least 1e-15."""
    given = prediction[np.arange(len(y_true)), y_true.astype(int)]
    return -np.log(np.clip(given, LEAST_PROBABILITY, 1.0))


def metrics_of(prediction: Floats) -> Mapping[str, Metric]:
    """The scores that fit the shape of a prediction, primary one first."""
    if prediction.ndim == 1:
        return {"r2": r2, "rmse": rmse, "mae": mae}
    for_classes: dict[str, Metric] = {
        "auc": auc,
        "average_precision": average_precision,
        "f1": f1,
        "log_loss": log_loss,
        "accuracy": accuracy,
    }
    if prediction.shape[1] == 2:
        for_classes[RECALL_KEY] = recall_at_5pct_false_alarms
    return for_classes


def _mean_over_classes(
    ranking: Callable[[npt.NDArray[np.bool_], Floats], float], y_true: Floats, prediction: Floats
) -> float | None:
    k = prediction.shape[1]
    found = []
    for c in [1] if k == 2 else range(k):
        member = y_true == c
        if member.any() and not member.all():
            found.append(ranking(member, prediction[:, c]))
    return float(np.mean(found)) if found else None
