"""Which rows of a new machine to measure first, so that its other rows are told best.

Measured against random rows on held-out machines (benchmarks/first_rows.py): better by up to .02 R2 with
one or two rows where machines differ by an offset and the kernel predicts; on real tables not shown to
be better. So nothing asks for it unless the user does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.advice.posterior import Posterior, Runs, choose_shape

Floats = npt.NDArray[np.float64]
MOST_PAST = 400
"""Past rows behind the shape and the covariance; the choice hardly changes with more."""
MOST_ROWS = 1000
"""Rows of the new machine looked at."""


@dataclass(frozen=True)
class FirstRows:
    """Rows to measure, the most telling first.

    position  (k,) of the rows of the new context
    left      (k,) standard deviation of the rest (root mean square) once the first 1, 2, ... are
              measured, as a share of what it is before
    """

    position: npt.NDArray[np.int64]
    left: Floats


def first_rows(past: Runs, Z: Floats, k: int, *, seed: int) -> FirstRows:
    """The k rows of a new context Z (m, q) that leave least variance in all of its rows, one by one.

    y = f(x) + b + e with f ~ GP, a random intercept b for the new context, and the past rows known: the
    covariance C of f + b over its rows falls by C_i C_i' / (C_ii + noise) once row i is measured. The
    row is taken that lowers the trace most (active learning of Cohn, 1996; Seo et al., 2000): it is
    typical of many rows rather than extreme. No value of the new context is needed.

    past  rows of the known contexts, Z scaled as the new ones
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(past.y))[:MOST_PAST])
    runs = Runs(past.Z[rows], past.y[rows], past.member[rows])
    posterior = Posterior.of(runs, choose_shape(runs))
    looked = np.sort(rng.permutation(len(Z))[:MOST_ROWS])
    cover, noise = posterior.new_context(Z[looked]), posterior.shape.ridge
    before = float(np.trace(cover))
    taken: list[int] = []
    left: list[float] = []
    for _ in range(min(k, len(looked))):
        fall = np.square(cover).sum(axis=0) / (np.diag(cover) + noise)
        fall[taken] = -np.inf
        best = int(np.argmax(fall))
        taken.append(best)
        cover = cover - np.outer(cover[best], cover[best]) / (cover[best, best] + noise)
        left.append(float(np.sqrt(max(np.trace(cover), 0.0) / before)) if before > 0 else 1.0)
    return FirstRows(looked[taken], np.array(left))
