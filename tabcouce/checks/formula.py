"""The target as a formula of two other columns: a sum, difference, product or ratio."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.checks.candidate import Candidate
from tabcouce.checks.finding import Finding
from tabcouce.checks.sentences import worded
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset

UNEXPLAINED = 1e-6
MOST_COLUMNS = 800


def two_column_formula(
    columns: tuple[Candidate, ...], dataset: Dataset, table: Table, rows: npt.NDArray[np.int64]
) -> list[Finding]:
    """Pairs of columns that give a numeric target exactly, found from correlations alone.

    R2 of y on x1, x2 = (r1² + r2² - 2 r1 r2 r12) / (1 - r12²), for all pairs at once; on
    logarithms, where all values are positive, it finds products and ratios.
    """
    if not dataset.is_regression:
        return []
    y = dataset.y[rows]
    usable = [c for c in columns if c.numbers is not None and np.isfinite(c.numbers[rows]).all()]
    if not 2 <= len(usable) <= MOST_COLUMNS or len(y) < 20:
        return []
    A = np.column_stack([c.numbers[rows] for c in usable if c.numbers is not None])
    names = [c.name for c in usable]
    pair = _exact_pair(A, y)
    sentence = "target-formula.sum"
    if pair is None and (y > 0).all():
        positive = np.flatnonzero((A > 0).all(axis=0))
        if len(positive) >= 2:
            found = _exact_pair(np.log(A[:, positive]), np.log(y))
            pair = None if found is None else (int(positive[found[0]]), int(positive[found[1]]))
            sentence = "target-formula.product"
    if pair is None:
        return []
    first, second = (usable[k] for k in pair)
    both = first.in_use and second.in_use
    # A left-out column goes first: with it out, the other one alone gives nothing away.
    if not second.in_use:
        first, second = second, first
    return [
        worded(
            sentence,
            "blocks" if both else "note",
            table.place(column=first.name),
            {"target": dataset.target, "first": names[pair[0]], "second": names[pair[1]]},
            columns=(first.name, second.name),
            size=1.0,
        )
    ]


def _exact_pair(A: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[int, int] | None:
    """Positions of the two columns that explain y best, if they leave less than a millionth."""
    scale = np.max(np.abs(A), axis=0)
    Z = A / np.where(scale > 0, scale, 1.0)
    Z = Z - Z.mean(axis=0)
    norm = np.sqrt(np.sum(Z * Z, axis=0))
    keep = np.flatnonzero(norm > 1e-9)
    d = y - y.mean()
    if len(keep) < 2 or not np.any(d):
        return None
    Z = Z[:, keep] / norm[keep]
    r = Z.T @ (d / np.sqrt(np.sum(d * d)))
    R = Z.T @ Z
    rest = 1 - R * R
    # Two columns that are nearly one leave the ratio undefined.
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = (r[:, None] ** 2 + r[None, :] ** 2 - 2 * r[:, None] * r[None, :] * R) / rest
    explained[rest < 1e-4] = 0.0
    best = int(np.argmax(explained))
    i, j = divmod(best, len(keep))
    if 1 - explained[i, j] > UNEXPLAINED or max(r[i] ** 2, r[j] ** 2) > 1 - UNEXPLAINED:
        return None
    return int(keep[i]), int(keep[j])
