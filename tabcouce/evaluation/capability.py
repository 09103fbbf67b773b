"""Process capability of a measured target against its specification limits.

Cp and Cpk divide by the standard deviation within subgroups (what the process could do), Pp and Ppk
by the overall one (what it did). Read them after stability: with subgroup means outside their
control limits there is no one process whose capability could be stated.

Source  Montgomery, Introduction to Statistical Quality Control (8th ed., 2019), chapters 6 and 8;
        interval of Cpk: Bissell (1990), Applied Statistics 39, 331-340
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, norm

LEVEL = 0.95
MEAN_RANGE = 1.128
"""d2 for ranges of two: mean range over standard deviation of a normal value."""
RANGE_FREEDOM = 0.62
"""Degrees of freedom that a moving range of two is worth per value (Montgomery, section 8.2)."""
LIMIT = 3.0
FEWEST = 8


@dataclass(frozen=True)
class Index:
    """A capability index with its 95 % interval; None throughout where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Capability:
    """How a target sits in its limits.

    n           values
    mean        unit of the target
    within      standard deviation within subgroups, or of neighbouring values in time order
    overall     standard deviation of all values
    cp, pp      width of the limits over six standard deviations; undefined with one limit
    cpk, ppk    distance of the mean to the nearer limit over three standard deviations
    beyond      share of the values outside the limits
    subgroup    name of the column that makes the subgroups; None for neighbouring values
    subgroups   number of subgroups (of single values where `subgroup` is None)
    unstable    texts of the subgroups, or 1-based file rows, outside the 3-sigma control limits
    """

    n: int
    mean: float
    within: float
    overall: float
    cp: Index
    cpk: Index
    pp: Index
    ppk: Index
    beyond: float
    subgroup: str | None
    subgroups: int
    unstable: tuple[str, ...]

    @property
    def is_stable(self) -> bool:
        """Whether no more subgroups lie outside than one in a hundred (3-sigma limits: 0.27 %)."""
        return len(self.unstable) <= 0.01 * self.subgroups


def capability(
    y: npt.NDArray[np.float64],
    lower: float | None,
    upper: float | None,
    *,
    subgroup: npt.NDArray[np.str_] | None = None,
    name: str | None = None,
    order: npt.NDArray[np.float64] | None = None,
    rows: npt.NDArray[np.int64] | None = None,
) -> Capability | None:
    """Capability of y against its limits; None with no limit, too few values or no spread.

    y             (n,) measured values, finite
    lower, upper  specification limits in y's unit, either may be None
    subgroup      (n,) text of each value's subgroup: a lot, machine or shift, and `name` its column;
                  without one, neighbours in `order` (n,), or as they stand, are compared
    rows          (n,) 1-based file rows, the names of single values
    """
    if (lower is None and upper is None) or len(y) < FEWEST or float(y.std(ddof=1)) == 0:
        return None
    if subgroup is not None and np.unique(subgroup, return_counts=True)[1].max() < 2:
        subgroup = None
    if subgroup is None:
        texts = np.arange(1, len(y) + 1) if rows is None else rows
        within, freedom, outside = _single_values(y, order, texts)
        groups, name = len(y), None
    else:
        within, freedom, outside, groups = _subgroups(y, subgroup)
    if within == 0:
        return None
    mean, overall = float(y.mean()), float(y.std(ddof=1))
    ends = (lower, upper)
    return Capability(
        n=len(y),
        mean=mean,
        within=within,
        overall=overall,
        cp=_width(ends, within, freedom),
        cpk=_nearest(ends, mean, within, freedom, len(y)),
        pp=_width(ends, overall, len(y) - 1),
        ppk=_nearest(ends, mean, overall, len(y) - 1, len(y)),
        beyond=float(
            np.mean((y < (-np.inf if lower is None else lower)) | (y > (np.inf if upper is None else upper)))
        ),
        subgroup=name,
        subgroups=groups,
        unstable=outside,
    )


def _single_values(
    y: npt.NDArray[np.float64], order: npt.NDArray[np.float64] | None, texts: npt.NDArray[np.int64]
) -> tuple[float, float, tuple[str, ...]]:
    """Standard deviation from moving ranges of two, its freedom, rows beyond 3 of it."""
    sequence = np.arange(len(y)) if order is None else np.argsort(order, kind="stable")
    within = float(np.abs(np.diff(y[sequence])).mean()) / MEAN_RANGE
    outside = np.abs(y - y.mean()) > LIMIT * within
    return within, RANGE_FREEDOM * (len(y) - 1), tuple(str(text) for text in texts[outside])


def _subgroups(
    y: npt.NDArray[np.float64], subgroup: npt.NDArray[np.str_]
) -> tuple[float, float, tuple[str, ...], int]:
    """Pooled standard deviation, its freedom, subgroups whose mean lies beyond 3 standard errors."""
    names, part = np.unique(subgroup, return_inverse=True)
    count = np.bincount(part)
    mean = np.bincount(part, y) / count
    freedom = len(y) - len(names)
    within = float(np.sqrt(((y - mean[part]) ** 2).sum() / freedom))
    outside = np.abs(mean - y.mean()) > LIMIT * within / np.sqrt(count)
    return within, float(freedom), tuple(str(text) for text in names[outside]), len(names)


def _width(ends: tuple[float | None, float | None], spread: float, freedom: float) -> Index:
    """(USL - LSL) / 6 s; s^2 is chi-squared over its freedom."""
    lower, upper = ends
    if lower is None or upper is None:
        return Index(None)
    value = (upper - lower) / (6 * spread)
    low, high = (float(np.sqrt(chi2.ppf(q, freedom) / freedom)) for q in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Index(value, value * low, value * high)


def _nearest(
    ends: tuple[float | None, float | None], mean: float, spread: float, freedom: float, n: int
) -> Index:
    """Distance to the nearer limit / 3 s, with Bissell's interval (1990, eq. 9)."""
    lower, upper = ends
    distances = [
        d
        for d in (None if upper is None else upper - mean, None if lower is None else mean - lower)
        if d is not None
    ]
    value = min(distances) / (3 * spread)
    half = float(norm.ppf((1 + LEVEL) / 2)) * float(np.sqrt(1 / (9 * n) + value**2 / (2 * freedom)))
    return Index(value, value - half, value + half)
