"""`AlarmStudy` -> plain numbers: what page, workbook and result.json say about alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tabcouce.evaluation.alarm_rates import ContextRates
from tabcouce.evaluation.alarm_trial import START_UP, DetectorTrial
from tabcouce.report.sampling import POINTS, thin_by_class
from tabcouce.study.alarms import AlarmStudy
from tabcouce.system.alarm import LIMIT, Gauge


@dataclass(frozen=True)
class AlarmLimitSummary:
    """The limit on the shown scale, where it is 1; an end is None where it is not finite.

    n  normal rows behind it
    """

    limit: float
    allowed: float
    expected: float
    rate_low: float
    rate_high: float
    limit_low: float | None
    limit_high: float | None
    n: int


@dataclass(frozen=True)
class ControlPoints:
    """Held-out scores in time order, thinned by context, abnormal rows first.

    place  position within the context;  total  rows there were before thinning
    approved  whether the row belongs to the approved period; empty where none was named
    """

    rows: tuple[int, ...]
    place: tuple[int, ...]
    context: tuple[str, ...]
    score: tuple[float, ...]
    abnormal: tuple[bool, ...]
    total: int
    approved: tuple[bool, ...] = ()


@dataclass(frozen=True)
class AlarmSummary:
    """One limit on every context.

    detector        key of the recommended detector
    corrects        whether a context's own normal rows set its scale
    centres         whether its offsets are taken off the columns as well
    column          context column of the scales
    limit           for a context that has given no normal rows; own_limit for one that has
    pseudo_count    normal rows at the pooled middle that its own are weighed against, and
    scale_count     at the pooled width; None: always the pooled one
    rows_for_new    normal rows a new context needs before its own scale or limit
    rows_for_limit  normal rows before a limit's true rate is surely below twice the allowed
    start_up        rows that stood for the approved period when the forms were compared
    labelled        whether abnormal rows were labelled; else faults were planted in normal ones
    approved        rows of the approved period; None where none was named
    later           rows after it, of which `rung_later` rang
    carriers        column -> mean share of the alarms' contributions
    """

    detector: str
    split: str
    column: str | None
    limit: AlarmLimitSummary
    corrects: bool
    pseudo_count: float | None
    rows_for_new: int
    rows_for_limit: int
    start_up: int
    labelled: bool
    detectors: tuple[DetectorTrial, ...]
    contexts: tuple[ContextRates, ...]
    points: ControlPoints
    scale_count: float | None = None
    centres: bool = False
    own_limit: AlarmLimitSummary | None = None
    approved: int | None = None
    later: int = 0
    rung_later: int = 0
    carriers: Mapping[str, float] = field(default_factory=dict)

    def trial(self, key: str) -> DetectorTrial:
        """One detector's findings."""
        return next(trial for trial in self.detectors if trial.key == key)


def alarm_summary(study: AlarmStudy, *, limit: int = POINTS, seed: int) -> AlarmSummary:
    """Plain numbers of the alarm part; `limit` points are kept for the control chart."""
    alarm, own = study.alarm, study.alarm.own
    later = np.zeros(len(study.rows), bool) if study.approved is None else ~study.approved
    return AlarmSummary(
        detector=alarm.key,
        split=study.split,
        column=alarm.column,
        limit=_limit(alarm.pooled.gauge),
        corrects=alarm.corrects,
        pseudo_count=None if own is None else _finite(own.known.correction.shrinkage.location),
        scale_count=None if own is None else _finite(own.known.correction.shrinkage.scale),
        rows_for_new=alarm.rows_for_new,
        rows_for_limit=study.rows_for_limit,
        start_up=START_UP,
        labelled=not study.planted,
        detectors=study.trials,
        contexts=study.contexts,
        points=_points(study, limit, seed),
        centres=own is not None and own.offsets is not None,
        own_limit=None if own is None else _limit(own.known.gauge),
        approved=None if study.approved is None else int(study.approved.sum()),
        later=int(later.sum()),
        rung_later=int((later & (study.score > LIMIT)).sum()),
        carriers=dict(study.carriers),
    )


def _limit(gauge: Gauge) -> AlarmLimitSummary:
    found = gauge.limit
    low, high = ((end - gauge.middle) / gauge.unit for end in (found.limit_low, found.limit_high))
    return AlarmLimitSummary(
        limit=LIMIT,
        allowed=found.allowed,
        expected=found.expected,
        rate_low=found.rate_low,
        rate_high=found.rate_high,
        limit_low=_finite(low),
        limit_high=_finite(high),
        n=found.n,
    )


def _points(study: AlarmStudy, limit: int, seed: int) -> ControlPoints:
    held = study.held
    place = np.zeros(len(study.rows), dtype=np.int64)
    for name in set(held.context.tolist()):
        own = np.flatnonzero(held.context == name)
        place[own[np.argsort(held.order[own], kind="stable")]] = np.arange(1, len(own) + 1)
    keep = thin_by_class(held.abnormal.astype(float), held.context, limit, seed=seed)
    return ControlPoints(
        rows=tuple(int(row) for row in study.rows[keep]),
        place=tuple(int(p) for p in place[keep]),
        context=tuple(str(name) for name in held.context[keep]),
        score=tuple(float(f"{value:.5g}") for value in study.score[keep]),
        abnormal=tuple(bool(ill) for ill in held.abnormal[keep]),
        total=len(study.rows),
        approved=() if study.approved is None else tuple(bool(one) for one in study.approved[keep]),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
