"""What one input column does to the prediction, and whether that agrees with knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tabcouce.evaluation.trial import Score


@dataclass(frozen=True)
class Attribution:
    """Contributions of the inputs to one model's held-out predictions.

    values   (m, p) contribution per explained row and input column, unit of the target
             (log-odds or raw score for classes); base (m,) what they add to
    rows     (m,) positions of the explained rows in the dataset
    fold     (m,) fold whose model explained the row
    gap      largest absolute difference between base + sum of values and the model's output
    method   'tree contributions', 'linear contributions' or 'expected gradients'
    """

    model: str
    columns: tuple[str, ...]
    values: npt.NDArray[np.float64]
    base: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int64]
    gap: float
    method: str


@dataclass(frozen=True)
class ContextSlope:
    """The slope within one context, with a 95 % interval, its standard error and their degrees of freedom."""

    context: str
    slope: float
    low: float
    high: float
    rows: int
    error: float = 0.0
    freedom: float = 1.0


@dataclass(frozen=True)
class Modifier:
    """A context column by whose levels a factor may act differently.

    slopes   slope within each level that has one
    p        two-sided p-value against one slope for all levels (Welch's test)
    q        its Benjamini-Hochberg value over all factors and context columns of the target
    declared whether the roles call the column a modifier
    """

    column: str
    slopes: tuple[ContextSlope, ...]
    p: float
    q: float = 1.0
    declared: bool = False

    @property
    def claimed(self) -> bool:
        """Whether it may be stated that the factor acts differently, also over all that was tested."""
        return self.q <= 0.05


@dataclass(frozen=True)
class Effect:
    """A slope: unit of the target per unit of the column.

    low, high   95 % interval, clusters are contexts or groups; None where it may not be claimed
    overlap     share of the column's variance the slope was learnt from; near 0 the column cannot
                be separated from context and other inputs
    clusters    independent contexts or groups
    robustness  share of the leftover variance of both that a hidden cause must explain to erase it
    p, q        two-sided p-value; q is its Benjamini-Hochberg value over all factors of the target
    step        natural step of the column, its unit; an engineer reads slope * step
    rows        rows with a value of the column
    per_context slope within each context of 8 rows or more
    i2          share of the spread of those slopes that noise does not explain
    placebo     share of placebo factors (the column shuffled within contexts) with as large a slope
    held        context columns held fixed; one in which most rows have a level each is not
    modifiers   context columns with few levels, and whether the slope differs between their levels
    without_readings  of a setting: slope where sensors are not held fixed, as they may pass its
                effect on
    """

    slope: float
    low: float | None
    high: float | None
    overlap: float
    clusters: int
    robustness: float | None
    p: float | None = None
    q: float | None = None
    step: float = 1.0
    rows: int = 0
    per_context: tuple[ContextSlope, ...] = ()
    i2: float | None = None
    placebo: float | None = None
    held: tuple[str, ...] = ()
    without_readings: float | None = None
    modifiers: tuple[Modifier, ...] = ()

    @property
    def claimed(self) -> bool:
        """Whether its sign may be stated: the interval excludes zero, also over all factors."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return False
        return self.q is None or self.q <= 0.05


@dataclass(frozen=True)
class Factor:
    """One row of the factor table.

    importance   mean |contribution| over held-out rows, unit of the target
    spread       standard deviation of that mean over folds
    share        importance over the sum of all importances
    direction    'increases', 'decreases', 'peak', 'mixed' or 'none'
    correlation  rank correlation of value and contribution; None for a category
    per_context  mean |contribution| per level of the headline context
    permutation  loss of the primary score when the column is shuffled within held-out contexts
    naive, adjusted  slope of the column alone, and with contexts and other inputs held fixed;
                 None for categories and for classes
    agreement    'agrees', 'opposite', 'unclear', 'inseparable' (from `bound_to`) or 'not_reviewed'
    supported    direction that two methods support; 'mixed' where they do not
    strength     what one standard deviation moves, from adjusted slope and the model's curvature
                 together (`strength.strength`); unit of the target
    bound_to     context column that tells most of the column's variance, if one does
    """

    name: str
    model: str
    importance: float
    spread: float
    share: float
    direction: str
    correlation: float | None
    per_context: Mapping[str, float]
    permutation: Score | None
    expected: str = "unknown"
    agreement: str = "not_reviewed"
    unit: str | None = None
    varies_within_context: float | None = None
    """Share of the column's variance that lies within contexts; near 0 it cannot be separated."""
    naive: Effect | None = None
    adjusted: Effect | None = None
    bound_to: str | None = None
    supported: str = "mixed"
    strength: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def shown_direction(self) -> str:
        """The direction to tell: the supported one where it has a sign, else the model's."""
        return self.supported if self.supported in ("increases", "decreases") else self.direction


def ranked(factors: Iterable[Factor]) -> tuple[Factor, ...]:
    """The strongest first; where no second method supports a strength, by the model's importance.

    Importance alone would let a column lead that only tells the contexts apart.
    """
    return tuple(sorted(factors, key=lambda f: (-f.strength, -f.importance, f.name)))
