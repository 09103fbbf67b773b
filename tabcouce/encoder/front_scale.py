"""Where the front scale starts: how much a feature machine leans on each column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.linear_start import within
from tabcouce.models.feature_machine import Metric, median_distance
from tabcouce.models.kernel_choice import LINEAR, POWERS
from tabcouce.models.kernel_intercept import positive_solve

Array = npt.NDArray[np.float64]

ROWS = 400
"""A metric is learnt from at most this many rows: its time grows with their cube."""
RIDGE = 0.1
"""Noise variance in variances of the target, between the two that the kernel expert tries."""
LEAST, MOST = 0.3, 3.0
"""No column is shut out before training has begun."""


def front_start(Z: Array, target: Array, index: npt.NDArray[np.int64] | None, seed: int) -> Array:
    """(q,) sqrt(M_j / mean M), M the diagonal metric of a recursive feature machine fitted to the rows.

    Z       (n, q) scaled inputs of the member's training rows
    target  (n, k)
    index   (n, c) contexts whose means are taken off first, so that a column that only tells
            contexts apart gains nothing; None takes off the grand mean
    """
    own = np.sort(np.random.default_rng(seed).permutation(len(Z))[:ROWS])
    centred = target - target.mean(axis=0) if index is None else within(target, index)
    rows, y = Z[own], centred[own]
    spread = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) * np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-9)
    noise = RIDGE * max(float(y.var()), 1e-12)
    weight = np.ones(rows.shape[1])
    for power in POWERS:
        bandwidth = median_distance(Metric(weight, 1.0, LINEAR).parts(rows, rows)[0])
        metric = Metric(weight, bandwidth, LINEAR)
        alpha = positive_solve(metric.kernel(rows, rows) + noise * np.eye(len(rows)), y)
        weight = metric.learnt(rows, alpha, power)
    return np.clip(np.sqrt(weight), LEAST, MOST)
