"""`Study` -> `Summary`: the only place where the report reads the study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tabcouce.checks.finding import SEVERITIES
from tabcouce.evaluation.capability import Capability, capability
from tabcouce.evaluation.noise_ceiling import noise_ceiling
from tabcouce.explanation.context_shift import context_shifts
from tabcouce.read.table import Table
from tabcouce.report.alarm_summary import alarm_summary
from tabcouce.report.curves import (
    CURVE_POINTS,
    evidence_view,
    factor_curves,
    headline_context,
    held_out_points,
    what_if,
)
from tabcouce.report.embedding_map import MAP_POINTS, EmbeddingMap, embedding_map
from tabcouce.report.lot_cards import lot_cards
from tabcouce.report.out_of_spec import OutOfSpec, out_of_spec
from tabcouce.report.predictions import model_rank, models_of, trial_of
from tabcouce.report.row_address import drawn_places
from tabcouce.report.sampling import POINTS
from tabcouce.report.summary import Band, SplitProof, Summary, Target, TargetSummary
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits.split import Split
from tabcouce.study.value import Study, TargetStudy
from tabcouce.system.intervals import Intervals


def summarize(study: Study) -> Summary:
    """Plain numbers and words of one study, thinned where a chart needs no more."""
    # One page holds all targets: its size must not grow with their number.
    share = min(1.0, 2 / len(study.targets))
    return Summary(
        name=study.name,
        source=study.source,
        effort=study.effort.name,
        seed=study.seed,
        rows=len(study.table.rows),
        roles_origin=study.roles.origin,
        columns=_columns_by_kind(study.roles),
        role_warnings=tuple(study.roles.warnings),
        targets=tuple(
            _target_summary(target, study.table, share=share, seed=study.seed) for target in study.targets
        ),
        versions=dict(study.versions),
        interrupted=study.interrupted,
        seconds=dict(study.seconds),
    )


def _columns_by_kind(roles: Roles) -> dict[str, tuple[str, ...]]:
    kinds = dict.fromkeys(column.kind for column in roles.columns)
    return {kind: roles.named(kind) for kind in kinds}


def _target_summary(study: TargetStudy, table: Table, *, share: float, seed: int) -> TargetSummary:
    units = {column.name: column.unit for column in table.columns}
    headline = study.plan.of(study.plan.headline)
    scored = {scores.model for scores in study.scores} | set(models_of(study))
    made = TargetSummary(
        target=_target(study.dataset, units),
        rows=len(study.dataset.y),
        inputs=study.dataset.X.shape[1],
        contexts={
            str(name): int(study.dataset.contexts[name].nunique()) for name in study.dataset.contexts.columns
        },
        headline=headline.key,
        headline_column=headline.column,
        models=tuple(sorted(scored, key=model_rank)),
        scores=study.scores,
        verdict=study.verdict,
        findings=tuple(sorted(study.findings, key=lambda found: SEVERITIES.index(found.severity))),
        factors=study.factors,
        splits=tuple(split_proof(split) for split in study.plan.splits),
        band=None if study.intervals is None else _band(study.intervals, headline),
        points=held_out_points(study, limit=round(share * POINTS), seed=seed),
        curves=factor_curves(study, limit=round(share * CURVE_POINTS), seed=seed),
        outside_rate=float(study.outside_rate) if math.isfinite(study.outside_rate) else None,
        capability=_capability(study.dataset, headline.column),
        ceiling=noise_ceiling(study.dataset),
        alarms=None if study.alarms is None else alarm_summary(study.alarms, seed=seed),
        caps=study.caps,
        seconds=dict(study.seconds),
        savings=study.savings,
        what_if=what_if(study, share=share),
        evidence=evidence_view(study),
        groups=study.groups,
        pairs=study.pairs,
        neighbours=None if study.advice is None else study.advice.neighbours,
        shots=None if study.advice is None else study.advice.shots,
        shifts=context_shifts(study.dataset),
        source=table.source,
        map=_map(study, limit=round(share * MAP_POINTS), seed=seed),
        lots=lot_cards(study),
        out_of_spec=_out_of_spec(study),
        confounding=study.confounding,
        far=None if study.advice is None else study.advice.far,
        golden=study.golden,
    )
    return replace(made, places=drawn_places(made, table))


def _map(study: TargetStudy, *, limit: int, seed: int) -> EmbeddingMap | None:
    past = None if study.advice is None else study.advice.past
    if past is None or past.embedding is None:
        return None
    return embedding_map(
        past.embedding,
        past.rows,
        headline_context(study),
        past.outcome,
        trained_on=past.trained_on,
        limit=limit,
        seed=seed,
    )


def _out_of_spec(study: TargetStudy) -> OutOfSpec | None:
    model = study.verdict.recommended
    trial = trial_of(study, study.plan.headline, model)
    if trial is None:
        return None
    return out_of_spec(study.spec_risk, model, study.dataset.y, trial.prediction, headline_context(study))


def _target(dataset: Dataset, units: Mapping[str, str | None]) -> Target:
    role = dataset.role(dataset.target) if dataset.labelled else ColumnRole("", "target")
    counts = {text: int((dataset.y == k).sum()) for k, text in enumerate(dataset.classes)}
    counts = counts if dataset.labelled else {}
    numbers = dataset.y[np.isfinite(dataset.y)] if dataset.is_regression else np.zeros(0)
    return Target(
        name=dataset.target,
        task=dataset.task,
        unit=role.unit or units.get(dataset.target),
        classes=counts,
        spread=float(numbers.std()) if len(numbers) else None,
        low=float(numbers.min()) if len(numbers) else None,
        high=float(numbers.max()) if len(numbers) else None,
        lower=role.lower,
        upper=role.upper,
    )


def _capability(dataset: Dataset, headline: str | None) -> Capability | None:
    """Subgroups are the levels of the context that the study holds out, else of the first one."""
    if not dataset.is_regression:
        return None
    role = dataset.role(dataset.target)
    names = [str(name) for name in dataset.contexts.columns]
    column = headline if headline in names else next(iter(names), None)
    return capability(
        dataset.y,
        role.lower,
        role.upper,
        subgroup=None if column is None else dataset.contexts[column].to_numpy(dtype=str),
        name=column,
        order=dataset.order,
        rows=dataset.rows,
    )


def split_proof(split: Split) -> SplitProof:
    """Count again, from the folds themselves, what is on both sides."""
    rows = [len(np.intersect1d(fold.train, fold.test)) for fold in split.folds]
    tested = np.unique(np.concatenate([fold.test for fold in split.folds]))
    labels = [len(np.intersect1d(split.apart[fold.train], split.apart[fold.test])) for fold in split.folds]
    return SplitProof(
        key=split.key,
        column=split.column,
        folds=len(split.folds),
        units=len(np.unique(split.unit[tested])),
        tested=len(tested),
        shared_rows=max(rows),
        shared_labels=max(labels),
        by_rows=len(np.unique(split.apart)) == len(split.apart),
        held_out=tuple(fold.held_out for fold in split.folds),
    )


def _band(intervals: Intervals, split: Split) -> Band:
    finite = math.isfinite(intervals.half_width)
    return Band(
        level=intervals.level,
        half_width=float(intervals.half_width) if finite else None,
        coverage=intervals.coverage,
        n=intervals.n,
        units=intervals.units,
        split=intervals.split,
        per_unit={
            name: share
            for name, share in zip(split.units, intervals.per_unit, strict=True)
            if math.isfinite(share)
        },
        promisable=intervals.promisable,
    )
