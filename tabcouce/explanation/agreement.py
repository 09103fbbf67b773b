"""Whether what was found agrees with what the engineer expects, and what a factor is bound to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.evaluation import Score
from tabcouce.explanation.effects import LEAST_OVERLAP
from tabcouce.explanation.factor import Effect


def supported_direction(direction: str, adjusted: Effect | None, permutation: Score | None) -> str:
    """The direction that two methods support, as one model's word is no evidence.

    A claimed adjusted effect gives its sign (a peak stays a peak). Where it claims none, the
    model's word needs a measured loss without the column; else it is 'mixed'.
    """
    if direction not in ("increases", "decreases", "mixed"):
        return direction
    if adjusted is not None and adjusted.claimed:
        return "increases" if adjusted.slope > 0 else "decreases"
    if adjusted is None:
        return direction
    return direction if loses_without(permutation) else "mixed"


def loses_without(permutation: Score | None) -> bool:
    """Whether shuffling the column is shown to cost accuracy: its interval lies above zero."""
    return permutation is not None and permutation.low is not None and permutation.low > 0


def agreement(expected: str, found: str) -> str:
    """Whether the direction found agrees with the engineer's, by word."""
    if expected == "unknown":
        return "not_reviewed"
    if expected == found:
        return "agrees"
    # 'mixed' and 'none' say that no direction was seen, which contradicts no expected one.
    seen = found not in ("mixed", "none")
    contradicts = expected == "none" or {expected, found} == {"increases", "decreases"}
    return "opposite" if seen and contradicts else "unclear"


def judged(expected: str, found: str, adjusted: Effect | None) -> str:
    """`agreement`, or 'inseparable' where contexts and other inputs leave nothing of the column."""
    if expected != "unknown" and adjusted is not None and adjusted.overlap < LEAST_OVERLAP:
        return "inseparable"
    return agreement(expected, found)


def bound_to(column: pd.Series, contexts: pd.DataFrame) -> str | None:
    """The context whose levels tell most of a numeric column's variance, chance taken off; None
    for a category and where no context tells half of it."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return None
    values = pd.Series(column.to_numpy(float))
    told = {str(name): between_share(values, contexts[name]) for name in contexts.columns}
    best = max(told, key=lambda name: told[name], default=None)
    return best if best is not None and told[best] > 0.5 else None


def between_share(values: pd.Series, levels: pd.Series) -> float:
    """Adjusted R2 of a column on the levels of a context; 0 where nothing varies."""
    known = values.notna().to_numpy()
    y, label = values[known].to_numpy(), pd.factorize(levels[known])[0]
    n, k = len(y), len(np.unique(label))
    total: npt.NDArray[np.float64] = y - y.mean()
    if n - k < 1 or float(total @ total) == 0:
        return 0.0
    means = np.bincount(label, y) / np.bincount(label)
    left = y - means[label]
    return 1 - float(left @ left) / (n - k) / (float(total @ total) / (n - 1))
