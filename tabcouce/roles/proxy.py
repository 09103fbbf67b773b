"""Does a column alone give the context away?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BETWEEN_SHARE = 0.9
RECALL = 0.9
MOST_ROWS = 4000


@dataclass(frozen=True)
class Telling:
    """How well one column tells the context.

    between  share of its variance that lies between contexts, corrected for their number
    recall   mean share of a context's rows that a Gaussian per context assigns rightly
    """

    between: float
    recall: float

    @property
    def gives_away(self) -> bool:
        return self.between > BETWEEN_SHARE or self.recall > RECALL


def between_share(x: npt.NDArray[np.float64], level: npt.NDArray[np.int64]) -> float | None:
    """Share of the variance between levels, 1 - (SSW / (n - k)) / (SST / (n - 1)).

    Corrected as an adjusted R2 is: many small levels explain much by chance alone.
    x      (n,) without NaN;  level (n,) int
    Returns None where x is constant or no level repeats
    """
    codes = np.unique(level, return_inverse=True)[1]
    count = np.bincount(codes)
    n, k = len(x), len(count)
    # A glitch near 1e300 would overflow when squared.
    x = x / np.max(np.abs(x)) if np.any(x) else x
    total = float(np.sum((x - x.mean()) ** 2))
    if k < 2 or n - k < 1 or total <= 1e-24 * n:
        return None
    mean = np.bincount(codes, weights=x) / count
    within = float(np.sum((x - mean[codes]) ** 2))
    return 1.0 - (within / (n - k)) / (total / (n - 1))


def telling(x: npt.NDArray[np.float64], level: npt.NDArray[np.int64]) -> Telling | None:
    """Judge one numeric column against one context; only levels with five rows or more count.

    x      (n,) NaN where blank;  level (n,) int
    Returns None where fewer than two such levels, or less than half of the rows, remain
    """
    known = np.isfinite(x)
    x, level = x[known], level[known]
    # A glitch near 1e300 would overflow when squared.
    x = x / np.max(np.abs(x)) if np.any(x) else x
    if len(x) > MOST_ROWS:
        keep = np.linspace(0, len(x) - 1, MOST_ROWS).astype(int)
        x, level = x[keep], level[keep]
    codes, count = np.unique(level, return_inverse=True, return_counts=True)[1:]
    big = count[codes] >= 5
    if big.sum() < 0.5 * len(x):
        return None
    x, codes = x[big], np.unique(codes[big], return_inverse=True)[1]
    share = between_share(x, codes) if len(x) else None
    if share is None:
        return None
    scale = np.std(x)
    count = np.bincount(codes)
    mean = np.bincount(codes, weights=x) / count
    variance = np.bincount(codes, weights=(x - mean[codes]) ** 2) / count
    # A floor keeps a column that is constant within contexts from dividing by zero.
    variance = np.maximum(variance, (1e-6 * scale) ** 2)
    score = -((x[:, None] - mean) ** 2) / (2 * variance) - 0.5 * np.log(variance)
    right = score.argmax(axis=1) == codes
    recall = float(np.mean(np.bincount(codes, weights=right) / count))
    return Telling(between=share, recall=recall)
