"""How well one column alone gives the target: correlation, order, and a step function."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

FOLDS = 5


def step_codes(x: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """(n,) bin of each value: its own where few values occur, else bins of equal count; blanks apart."""
    known = np.isfinite(x)
    codes = np.zeros(len(x), dtype=np.int64)
    values = np.unique(x[known])
    most = int(np.clip(known.sum() / 10, 4, 100))
    if len(values) > most:
        edges = np.unique(np.quantile(x[known], np.linspace(0, 1, most + 1)[1:-1]))
        codes[known] = 1 + np.searchsorted(edges, x[known], side="right")
    else:
        codes[known] = 1 + np.searchsorted(values, x[known])
    return codes


def step_score(codes: npt.NDArray[np.int64], y: npt.NDArray[np.float64], *, classes: int, seed: int) -> float:
    """Out-of-fold score of predicting each bin by its mean: R2, or the mean one-against-rest AUC.

    A bin without training rows is predicted by the overall mean.

    codes    (n,) bin of each row;  y (n,) value or class number;  classes 0 for regression
    """
    Y = y[:, None] if classes == 0 else (y[:, None] == np.arange(classes)).astype(float)
    fold = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    size = int(codes.max()) + 1
    predicted = np.empty_like(Y)
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        count = np.bincount(codes[train], minlength=size)
        for j in range(Y.shape[1]):
            total = np.bincount(codes[train], weights=Y[train, j], minlength=size)
            mean = np.where(count > 0, total / np.maximum(count, 1), Y[train, j].mean())
            predicted[test, j] = mean[codes[test]]
    if classes == 0:
        return 1.0 - float(np.sum((Y - predicted) ** 2) / np.sum((Y - Y.mean()) ** 2))
    scores = [auc(Y[:, j] > 0, predicted[:, j]) for j in range(classes)]
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else 0.5


def auc(positive: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float | None:
    """Area under the ROC curve, ties counted half; None where a side is empty."""
    hits = int(positive.sum())
    misses = len(positive) - hits
    if hits == 0 or misses == 0:
        return None
    ranks = rankdata(score)
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def correlations(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Pearson and Spearman correlation over rows where x is known; 0 where undefined."""
    known = np.isfinite(x)
    x, y = x[known], y[known]
    if len(x) < 10 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0, 0.0
    return _pearson(x, y), _pearson(rankdata(x), rankdata(y))


def _pearson(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    x = x / np.max(np.abs(x))  # 1e33 squared would overflow
    dx, dy = x - x.mean(), y - y.mean()
    norm = float(np.sqrt(np.sum(dx * dx) * np.sum(dy * dy)))
    return float(np.sum(dx * dy) / norm) if norm > 0 else 0.0


def order_violations(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """Share of pairs with different x whose y is not in the same order; 0 if x is a rounded y.

    A rounded or thresholded copy of the target cuts the target's range into intervals that do
    not overlap, however coarse its steps are. Falling columns count as rising ones.
    """
    known = np.isfinite(x)
    x, y = x[known], y[known]
    if len(x) < 10:
        return 1.0
    sign = np.sign(x[:, None] - x[None, :])
    differ = int(np.count_nonzero(sign))
    if differ == 0:
        return 1.0
    agree = np.sign(y[:, None] - y[None, :]) * sign
    return float(
        min(np.count_nonzero((agree <= 0) & (sign != 0)), np.count_nonzero((agree >= 0) & (sign != 0)))
        / differ
    )
