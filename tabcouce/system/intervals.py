"""Prediction intervals that hold on contexts never seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Intervals:
    """A conformal band around the predictions for a new context.

    level       nominal coverage, e.g. 0.9
    half_width  half the width of the band, unit of the target; infinite where the rows are too
                few for the level
    coverage    share of rows covered when each unit (context) is judged by the residuals of
                the other units; None with fewer than two units
    per_unit    that coverage for each unit, in the order of the split's units; NaN for a unit
                without residuals
    n, units    residuals and independent units behind the band
    split       split whose held-out residuals were used
    """

    level: float
    half_width: float
    coverage: float | None
    per_unit: tuple[float, ...]
    n: int
    units: int
    split: str

    @property
    def promisable(self) -> float:
        """Highest level that can be promised for a new unit at a finite width: U / (U + 1).

        Rows of one unit move together, so only the units are exchangeable: the largest error of a new
        one exceeds that of all U others with probability 1 / (U + 1). With fewer than nine contexts
        90 % is then no promise, only what was seen.

        Source  Dunn, Wasserman and Ramdas, Distribution-free prediction sets for two-layer
                hierarchical models, 2023
        """
        return self.units / (self.units + 1)

    def band(
        self, prediction: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(n,) lower and upper bound of each (n,) prediction."""
        return prediction - self.half_width, prediction + self.half_width


def half_width(residual: npt.NDArray[np.float64], level: float) -> float:
    """Smallest half width that covers `level` of exchangeable new rows.

    residual  (n,) held-out errors, unit of the target
    Returns   the ceil((n + 1) level)-th smallest absolute error; infinite where there is none
    Source    Vovk et al. 2005, split conformal
    """
    # (n + 1) level is often whole, e.g. 0.9 x 10; its last binary digit must not add a rank.
    rank = int(np.ceil(round((len(residual) + 1) * level, 9)))
    if rank > len(residual):
        return float("inf")  # too few residuals to promise the level at any finite width
    return float(np.sort(np.abs(residual))[rank - 1])


def fit_intervals(
    residual: npt.NDArray[np.float64],
    unit: npt.NDArray[np.int64],
    *,
    units: int,
    split: str,
    level: float = 0.9,
) -> Intervals:
    """The band of all residuals, and how it would have done on each unit held out in turn.

    residual  (n,) errors of predictions for held-out rows, NaN where a row was never held out
    unit      (n,) int in [0, units): context or group of each row
    """
    known = np.isfinite(residual)
    errors, owner = residual[known], unit[known]
    per_unit = np.full(units, np.nan)
    covered = 0
    for u in np.unique(owner):
        mine = owner == u
        if mine.all():
            continue
        hit = np.abs(errors[mine]) <= half_width(errors[~mine], level)
        per_unit[u] = hit.mean()
        covered += int(hit.sum())
    several = len(np.unique(owner)) > 1
    return Intervals(
        level=level,
        half_width=half_width(errors, level),
        coverage=covered / len(errors) if several else None,
        per_unit=tuple(float(share) for share in per_unit),
        n=len(errors),
        units=len(np.unique(owner)),
        split=split,
    )
