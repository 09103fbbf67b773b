"""The alarm part of a study: detectors on the headline split, one limit, and what rings on new rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from tabcouce.encoder import CouceDetector
from tabcouce.evaluation.alarm_rates import ContextRates, context_rates
from tabcouce.evaluation.alarm_trial import (
    START_UP,
    DetectorTrial,
    Held,
    assess,
    judged_rates,
    recommend,
    started,
)
from tabcouce.evaluation.trial import Trial
from tabcouce.models.control_chart import ControlChart
from tabcouce.models.detection import FEWEST_NORMAL, Detector
from tabcouce.models.labelled_detector import BoostedDetector, log_odds
from tabcouce.models.outlier_models import OutlierModel, PyodDetector
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split
from tabcouce.study.effort import Effort
from tabcouce.study.progress import Report
from tabcouce.study.watched import HeldScores, Watched
from tabcouce.system.alarm import LIMIT, Alarm, Gauge, OwnScale, Scale
from tabcouce.system.alarm_limit import rows_needed
from tabcouce.system.context_correction import NONE, ContextCorrection, choose_shrinkage
from tabcouce.system.jury import Jury
from tabcouce.system.start_offsets import StartOffsets

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ALLOWED = 0.05
"""False-alarm rate the limit is set for."""
CARRIERS = 300
"""Alarms whose contributions are averaged, drawn evenly."""
ENCODER_MEMBERS, ENCODER_EPOCHS = 1, 16
"""Of the encoder where the effort leaves them open; it is trained for every fold and form."""


@dataclass(frozen=True)
class AlarmStudy:
    """What the study found about alarms.

    trials     every detector, simplest first, on the split `split`
    planted    whether the faults it was tried on were planted, since none are labelled
    contexts   rates of the recommended one per context
    alarm      the recommended detector with its limit and corrections
    rows       (m,) 1-based rows of the file that were scored
    score      (m,) their score by detectors that did not know them, 1 is the limit
    held       what is known of these rows
    approved   (m,) whether they belong to the approved period; None where none was named
    carriers   column -> its mean share of the alarms' contributions; empty without alarms
    rows_for_limit  normal rows a limit needs before its true rate is surely below twice the allowed
    """

    split: str
    trials: tuple[DetectorTrial, ...]
    planted: bool
    contexts: tuple[ContextRates, ...]
    alarm: Alarm
    rows: npt.NDArray[np.int64]
    score: Floats
    held: Held
    approved: Flags | None
    carriers: Mapping[str, float]
    rows_for_limit: int


def detectors(effort: Effort, *, labelled: bool, seed: int, device: str) -> dict[str, Callable[[], Detector]]:
    """Every detector, simplest first; LightGBM only where abnormal rows are labelled."""
    found: dict[str, Callable[[], Detector]] = {
        "t2": lambda: ControlChart("t2"),
        "spe": lambda: ControlChart("spe"),
        "isolation_forest": lambda: OutlierModel("isolation_forest", seed=seed),
        "lof": lambda: OutlierModel("lof", seed=seed),
    }
    for one in effort.also:
        if isinstance(one, PyodDetector):
            found[one.key] = partial(OutlierModel, one.key, seed=seed)
    if labelled:
        found["lightgbm"] = lambda: BoostedDetector(seed=seed, pace=effort.pace)
    found["couce"] = lambda: CouceDetector(
        members=effort.members or ENCODER_MEMBERS,
        epochs=effort.epochs or ENCODER_EPOCHS,
        max_rows=effort.encoder_rows,
        device=device,
        random_state=seed,
    )
    return found


def study_alarms(
    dataset: Dataset,
    split: Split,
    trials: Mapping[str, Trial],
    effort: Effort,
    *,
    seed: int,
    device: str,
    report: Report | None = None,
) -> AlarmStudy | None:
    """Judge the detectors and set the limit; None where too few normal rows were tested.

    trials  blind trials of the panel on this split: the labelled detectors are its classifiers
    """
    watched = Watched.of(dataset, split, seed=seed)
    made = detectors(effort, labelled=watched.labelled, seed=seed, device=device)
    plain: dict[str, Floats] = {}
    juries: dict[str, tuple[Detector, ...]] = {}
    centred: dict[str, HeldScores] = {}
    for number, (name, make) in enumerate(made.items()):
        if report is not None:
            report(name, number / (len(made) + 1))
        trial = trials.get(name) if watched.labelled else None
        if trial is not None:
            plain[name] = log_odds(trial.prediction)
        else:
            held_out = watched.unseen(make)
            plain[name], juries[name] = held_out.score, held_out.detectors
        # The labelled encoder is dear: its second form is tried only where it is the best.
        if split.column is not None and not (watched.labelled and name == "couce"):
            centred[name] = watched.unseen(make, centred=True)
    tested = np.flatnonzero(watched.judged & np.all([np.isfinite(s) for s in plain.values()], axis=0))
    if (~watched.abnormal[tested]).sum() < FEWEST_NORMAL:
        return None
    held = watched.held(tested)
    found = {
        name: assess(
            name,
            score[tested],
            held,
            ALLOWED,
            centred=centred[name].score[tested] if name in centred else None,
        )
        for name, score in plain.items()
    }
    best = recommend(found, started=dataset.approved is not None and split.column is not None)
    if report is not None:
        report(best, len(made) / (len(made) + 1))
    make = made[best]
    if best not in juries:
        held_out = watched.unseen(make)
        plain[best], juries[best] = held_out.score, held_out.detectors
    if split.column is not None and best not in centred:
        centred[best] = watched.unseen(make, centred=True)
    inner = centred[best].score[tested] if best in centred else None
    found[best] = assess(best, plain[best][tested], held, ALLOWED, centred=inner)
    first = HeldScores(plain[best], juries[best])
    alarm, familiar = _alarm(found[best], make, watched, tested, first, centred.get(best), split.column)
    rows, score = _scored(alarm, watched, tested, plain[best], familiar, dataset)
    own = watched.held(rows)
    return AlarmStudy(
        split=split.key,
        trials=tuple(found.values()),
        planted=not watched.labelled,
        contexts=_rates(score, own, watched, rows, dataset),
        alarm=alarm,
        rows=dataset.rows[rows],
        score=score,
        held=own,
        approved=None if dataset.approved is None else dataset.approved[rows],
        carriers=_carriers(alarm, dataset, rows[score > LIMIT], seed),
        rows_for_limit=rows_needed(ALLOWED),
    )


def _alarm(
    trial: DetectorTrial,
    make: Callable[[], Detector],
    watched: Watched,
    tested: npt.NDArray[np.int64],
    plain: HeldScores,
    centred: HeldScores | None,
    column: str | None,
) -> tuple[Alarm, Floats | None]:
    """The recommended detector with its limits; and the scores by detectors that knew the context.

    The pooled limit is for contexts that have given nothing: from contexts held out whole. The
    contexts' own scales come from start-ups played through on contexts held out (a new one), and
    from stretches of time held out (a known one).
    """
    held = watched.held(tested)
    normal = ~held.abnormal
    nothing = ContextCorrection.of(plain.score[tested][normal], held.context[normal], NONE)
    pooled = Scale(
        Jury(plain.detectors),
        ContextCorrection(nothing.pooled),
        Gauge.of(plain.score[tested][normal], ALLOWED),
    )
    if column is None or not trial.corrects:
        return Alarm(trial.key, pooled, None, column), None
    offsets, X, unseen = None, watched.X, plain
    if trial.used == "centred" and centred is not None:
        start = watched.start
        learnt = StartOffsets.learnt(X, watched.context, start, watched.normal & ~start)
        offsets = learnt.knowing(X, watched.context, watched.normal)
        X, unseen = offsets(X, watched.context), centred
    score, names = unseen.score[tested], held.context
    shrinkage = choose_shrinkage(
        score[normal], names[normal], held.order[normal], allowed=ALLOWED, start_up=START_UP
    )
    began = started(score, held, ALLOWED)
    familiar = watched.known(make, X)
    own = watched.normal & np.isfinite(familiar.score)
    known = ContextCorrection.of(familiar.score[own], watched.context[own], shrinkage)
    scale = OwnScale(
        offsets,
        known=Scale(
            Jury(familiar.detectors),
            known,
            Gauge.of(known(familiar.score[own], watched.context[own]), ALLOWED),
        ),
        started=Scale(
            Jury(unseen.detectors),
            ContextCorrection(
                ContextCorrection.of(score[normal], names[normal], shrinkage).pooled, {}, shrinkage
            ),
            Gauge.of(began[normal & ~held.start], ALLOWED),
        ),
    )
    return Alarm(trial.key, pooled, scale, column), familiar.score


def _scored(
    alarm: Alarm,
    watched: Watched,
    tested: npt.NDArray[np.int64],
    plain: Floats,
    familiar: Floats | None,
    dataset: Dataset,
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Rows of the file and their score, 1 the limit, by detectors that had not learnt from them.

    With an approved period: its rows by detectors that knew other stretches of it (or, without
    a scale of their own, other contexts), later rows by the alarm in use. Else contexts held out.
    """
    real = tested[watched.real[tested]]
    if dataset.approved is None:
        return real, alarm.pooled.gauge(plain[real])
    rows = np.arange(len(dataset.y))
    context = None if alarm.column is None else dataset.contexts[alarm.column]
    score = alarm.judge(dataset.X, context).score
    learnt = watched.normal[rows] | watched.abnormal[rows]
    if alarm.own is not None and familiar is not None:
        score[learnt] = alarm.own.known.of(familiar[rows][learnt], watched.context[rows][learnt])
    else:
        score[learnt] = alarm.pooled.gauge(plain[rows][learnt])
    kept = np.isfinite(score)
    return rows[kept], score[kept]


def _rates(
    score: Floats, held: Held, watched: Watched, rows: npt.NDArray[np.int64], dataset: Dataset
) -> tuple[ContextRates, ...]:
    """Each context under the limit that the others set; after an approved period, under the one limit."""
    if dataset.approved is None:
        return judged_rates(score, held, ALLOWED)
    known = watched.judged[rows]
    return context_rates(score > LIMIT, held.abnormal, held.context, unknown=~known)


def _carriers(alarm: Alarm, dataset: Dataset, rung: npt.NDArray[np.int64], seed: int) -> Mapping[str, float]:
    """Column -> mean share of the positive contributions of alarms, the largest first."""
    if len(rung) > CARRIERS:
        rung = np.sort(np.random.default_rng(seed).choice(rung, CARRIERS, replace=False))
    if len(rung) == 0:
        return {}
    X = dataset.X.iloc[rung].reset_index(drop=True)
    context = None if alarm.column is None else dataset.contexts[alarm.column].iloc[rung]
    context = None if context is None else context.reset_index(drop=True)
    carried = np.clip(np.nan_to_num(alarm.judge(X, context).contributions), 0.0, None)
    total = carried.sum(axis=1, keepdims=True)
    share = (carried / np.where(total > 0, total, 1.0))[total[:, 0] > 0]
    if len(share) == 0:
        return {}
    mean = share.mean(axis=0)
    return {str(X.columns[j]): float(mean[j]) for j in np.argsort(-mean, kind="stable") if mean[j] > 0}
