"""The study of a table without labels: checks, splits and alarms; there is nothing to predict."""

from __future__ import annotations

from tabcouce.checks import check
from tabcouce.errors import FitError
from tabcouce.evaluation import Verdict
from tabcouce.read import Table
from tabcouce.roles import Dataset, Roles
from tabcouce.splits import plan_splits
from tabcouce.study.alarm_caps import alarm_caps
from tabcouce.study.alarms import study_alarms
from tabcouce.study.effort import Effort
from tabcouce.study.progress import Stopwatch
from tabcouce.study.value import TargetStudy
from tabcouce.system import TrainingRange

ALARMS_ONLY = "alarms_only"
"""The verdict's outcome where nothing is labelled."""


def fit_unlabelled(
    table: Table,
    roles: Roles,
    whole: Dataset,
    dataset: Dataset,
    effort: Effort,
    *,
    seed: int,
    device: str,
    watch: Stopwatch,
) -> TargetStudy:
    """Detectors on contexts held out, tried on planted faults.

    whole  all rows; of a large table `dataset` is a part

    Raises  FitError where too few rows are known to be normal
    """
    with watch.stage("checks"):
        findings = check(table, roles, whole)
        plan = plan_splits(dataset, folds=effort.folds, seed=seed)
    split = plan.of(plan.headline)
    with watch.stage("models") as report:
        alarms = study_alarms(dataset, split, {}, effort, seed=seed, device=device, report=report)
    if alarms is None:
        raise FitError(
            "Too few normal rows are left after contexts are held out.",
            place=table.place(),
            remedy="Widen the approved period, or name a context column with more levels.",
        )
    return TargetStudy(
        dataset=dataset,
        findings=findings,
        plan=plan,
        trials=(),
        scores=(),
        verdict=Verdict(ALARMS_ONLY, alarms.alarm.key, alarms.alarm.key, "auc", plan.headline, ()),
        factors=(),
        attributions=(),
        intervals=None,
        inside=TrainingRange.of(dataset.X),
        outside_rate=float("nan"),
        final={},
        caps=alarm_caps(dataset, effort),
        seconds=dict(watch.seconds),
        alarms=alarms,
    )
