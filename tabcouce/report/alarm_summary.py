"""`AlarmStudy` -> plain numbers: what page, workbook and result.json say about alarms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tabcouce.evaluation.alarm_rates import ContextRates
from tabcouce.evaluation.alarm_trial import START_UP, DetectorTrial
from tabcouce.report.sampling import POINTS, thin_by_class
from tabcouce.study.alarms import AlarmStudy


@dataclass(frozen=True)
class AlarmLimitSummary:
    """The limit as `system.AlarmLimit` found it; None where an end is not finite."""

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
    """

    rows: tuple[int, ...]
    place: tuple[int, ...]
    context: tuple[str, ...]
    score: tuple[float, ...]
    abnormal: tuple[bool, ...]
    total: int


@dataclass(frozen=True)
class AlarmSummary:
    """One limit on every context.

    detector        key of the recommended detector
    corrects        whether a context's own normal rows correct its scores
    column          context column of the corrections
    pseudo_count    of the correction; None without one
    rows_for_new    normal rows a new context needs before its own correction or limit
    rows_for_limit  normal rows before a limit's true rate is surely below twice the allowed
    start_up        rows that stood for the approved period when the forms were compared
    labelled        whether abnormal rows were known
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

    def trial(self, key: str) -> DetectorTrial:
        """One detector's findings."""
        return next(trial for trial in self.detectors if trial.key == key)


def alarm_summary(study: AlarmStudy, *, limit: int = POINTS, seed: int) -> AlarmSummary:
    """Plain numbers of the alarm part; `limit` points are kept for the control chart."""
    alarm, held = study.alarm, study.held
    found = alarm.limit
    count = alarm.correction.pseudo_count
    return AlarmSummary(
        detector=alarm.key,
        split=study.split,
        column=alarm.column,
        limit=AlarmLimitSummary(
            limit=found.limit,
            allowed=found.allowed,
            expected=found.expected,
            rate_low=found.rate_low,
            rate_high=found.rate_high,
            limit_low=_finite(found.limit_low),
            limit_high=_finite(found.limit_high),
            n=found.n,
        ),
        corrects=alarm.corrects,
        pseudo_count=_finite(count),
        rows_for_new=alarm.rows_for_new,
        rows_for_limit=study.rows_for_limit,
        start_up=START_UP,
        labelled=bool(held.abnormal.any()),
        detectors=study.trials,
        contexts=study.contexts,
        points=_points(study, limit, seed),
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
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
