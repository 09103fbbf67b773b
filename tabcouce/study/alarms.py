"""The alarm part of a study: detectors on the headline split, one limit, and what rings on new rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.encoder import CouceDetector
from tabcouce.evaluation.alarm_rates import ContextRates
from tabcouce.evaluation.alarm_trial import (
    START_UP,
    DetectorTrial,
    Held,
    assess,
    judged_rates,
    recommend,
)
from tabcouce.evaluation.trial import Trial
from tabcouce.models.control_chart import ControlChart
from tabcouce.models.detection import FEWEST_NORMAL, Detector
from tabcouce.models.labelled_detector import BoostedDetector, log_odds
from tabcouce.models.outlier_models import OutlierModel
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split
from tabcouce.study.effort import Effort
from tabcouce.system.alarm import Alarm
from tabcouce.system.alarm_limit import AlarmLimit, rows_needed
from tabcouce.system.context_correction import ContextCorrection, choose_pseudo_count

Floats = npt.NDArray[np.float64]

ALLOWED = 0.05
"""False-alarm rate the limit is set for."""


@dataclass(frozen=True)
class AlarmStudy:
    """What the study found about alarms.

    trials     every detector, simplest first, on the split `split`
    contexts   rates of the recommended one per held-out context, each under the limit that the
               other contexts set
    alarm      the recommended detector fitted on all rows, with its limit; corrections begin with new rows
    rows       (m,) 1-based rows of the file that were tested
    score      (m,) their held-out score
    held       what is known of these rows
    rows_for_limit  normal rows a limit needs before its true rate is surely below twice the allowed
    """

    split: str
    trials: tuple[DetectorTrial, ...]
    contexts: tuple[ContextRates, ...]
    alarm: Alarm
    rows: npt.NDArray[np.int64]
    score: Floats
    held: Held
    rows_for_limit: int


def detectors(seed: int) -> dict[str, Callable[[], Detector]]:
    """Detectors that learn from normal rows alone, simplest first."""
    return {
        "t2": lambda: ControlChart("t2"),
        "spe": lambda: ControlChart("spe"),
        "isolation_forest": lambda: OutlierModel("isolation_forest", seed=seed),
        "lof": lambda: OutlierModel("lof", seed=seed),
    }


def study_alarms(
    dataset: Dataset, split: Split, trials: Mapping[str, Trial], effort: Effort, *, seed: int, device: str
) -> AlarmStudy | None:
    """Judge the detectors and set the limit; None where too few normal rows were tested.

    trials  blind trials of the panel on this split: the labelled detectors are its classifiers
    """
    abnormal = dataset.y == 1
    scores = {name: _held_out(make, dataset, split) for name, make in detectors(seed).items()}
    for name in ("lightgbm", "couce"):
        if name in trials:
            scores[name] = log_odds(trials[name].prediction)
    tested = np.flatnonzero(np.all([np.isfinite(score) for score in scores.values()], axis=0))
    if (~abnormal[tested]).sum() < FEWEST_NORMAL:
        return None
    held = _held(dataset, split, tested)
    found = {name: assess(name, score[tested], held, ALLOWED) for name, score in scores.items()}
    best = recommend(found)
    final = _final(best, effort, seed=seed, device=device)
    context = dataset.contexts if dataset.contexts.shape[1] else None
    alarm, score = _with_limit(
        best, final.fit(dataset.X, dataset.y, context), scores[best][tested], held, split
    )
    return AlarmStudy(
        split=split.key,
        trials=tuple(found.values()),
        contexts=judged_rates(score, held, ALLOWED),
        alarm=alarm,
        rows=dataset.rows[tested],
        score=score,
        held=held,
        rows_for_limit=rows_needed(ALLOWED),
    )


def _held_out(make: Callable[[], Detector], dataset: Dataset, split: Split) -> Floats:
    """(n,) abnormality by a detector that saw only the fold's training rows; NaN where not tested."""
    score = np.full(len(dataset.y), np.nan)
    for fold in split.folds:
        if (dataset.y[fold.train] == 0).sum() < FEWEST_NORMAL:
            continue
        X = dataset.X.iloc[fold.train].reset_index(drop=True)
        detector = make().fit(X, dataset.y[fold.train])
        score[fold.test] = detector.abnormality(dataset.X.iloc[fold.test].reset_index(drop=True))
    return score


def _held(dataset: Dataset, split: Split, tested: npt.NDArray[np.int64]) -> Held:
    fold = np.zeros(len(dataset.y), dtype=np.int64)
    for k, part in enumerate(split.folds):
        fold[part.test] = k
    names = np.asarray(split.units, object)[split.unit]
    # Without a declared time the order of the file is the best guess there is.
    order = np.arange(len(dataset.y), dtype=float) if dataset.order is None else dataset.order
    return Held(
        abnormal=(dataset.y == 1)[tested],
        context=names[tested],
        fold=fold[tested],
        order=np.nan_to_num(order[tested], nan=np.inf),
    )


def _final(key: str, effort: Effort, *, seed: int, device: str) -> Detector:
    """The recommended detector, unfitted."""
    simple = detectors(seed)
    if key in simple:
        return simple[key]()
    if key == "lightgbm":
        return BoostedDetector(seed=seed, pace=effort.pace)
    return CouceDetector(
        members=effort.members,
        epochs=effort.epochs,
        max_rows=effort.encoder_rows,
        device=device,
        random_state=seed,
    )


def _with_limit(
    key: str, detector: Detector, score: Floats, held: Held, split: Split
) -> tuple[Alarm, Floats]:
    """The limit and the corrections from held-out scores of normal rows; and those scores."""
    normal = ~held.abnormal
    names, order = held.context[normal], held.order[normal]
    count = choose_pseudo_count(score[normal], names, order, allowed=ALLOWED, start_up=START_UP)
    # No correction is kept for the contexts of training: the detector fitted on all rows scores them
    # on another scale than the fold models did. New rows of a context start one (`Alarm.started`).
    pooled = ContextCorrection.of(score[normal], names, count).pooled
    correction = ContextCorrection(pooled, {}, count)
    limit = AlarmLimit.of(score[normal], ALLOWED)
    return Alarm(key, detector, limit, correction, split.column), score
