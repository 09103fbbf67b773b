"""Small data for the charts: held-out predictions and factor curves, thinned by context."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.explanation.accumulated import Accumulated
from tabcouce.explanation.factor import Attribution, ranked
from tabcouce.explanation.joint_reading import JointGrid
from tabcouce.report.predictions import models_of, single_number, trial_of
from tabcouce.report.sampling import POINTS, thin_by_class, thin_by_context
from tabcouce.report.summary import (
    Curve,
    EvidenceView,
    JointView,
    PairPanel,
    Panel,
    Points,
    Shape,
    WhatIfView,
)
from tabcouce.study.value import TargetStudy

CURVES = 6
"""Factors with a curve of their own in the report."""
CURVE_POINTS = 400
LEADING = 5
"""Columns whose evidence is drawn."""
LINES = 12
"""Contexts with a line of their own in a factor's curve, those with the widest span of the factor."""
SLICES = 8


def headline_context(study: TargetStudy) -> npt.NDArray[np.object_]:
    """(n,) text of the unit that the headline split holds out together."""
    split = study.plan.of(study.plan.headline)
    if split.column is not None:
        return study.dataset.contexts[split.column].astype(object).to_numpy()
    if not study.dataset.contexts.empty:
        return study.dataset.contexts.iloc[:, 0].astype(object).to_numpy()
    return np.asarray([split.units[k] for k in split.unit], object)


def compact(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Five significant digits are enough for a chart and keep the page small."""
    return tuple(float(f"{value:.5g}") for value in values)


def held_out_points(study: TargetStudy, *, limit: int = POINTS, seed: int) -> Points | None:
    """Observed value and every model's prediction on the headline split; None without trials.

    limit  rows that are kept, drawn by context; of classes the rare ones first
    """
    key = study.plan.headline
    predicted = {
        model: single_number(trial, study.dataset)
        for model in models_of(study)
        if (trial := trial_of(study, key, model)) is not None
    }
    if not predicted:
        return None
    tested = np.flatnonzero(np.any([np.isfinite(values) for values in predicted.values()], axis=0))
    context = headline_context(study)
    if study.dataset.is_regression:
        keep = tested[thin_by_context(context[tested], limit, seed=seed)]
    else:
        keep = tested[thin_by_class(study.dataset.y[tested], context[tested], limit, seed=seed)]
    return Points(
        split=key,
        rows=tuple(int(row) for row in study.dataset.rows[keep]),
        context=tuple(str(text) for text in context[keep]),
        observed=compact(study.dataset.y[keep]),
        predicted={
            model: tuple(value if np.isfinite(value) else None for value in compact(values[keep]))
            for model, values in predicted.items()
        },
        total=len(tested),
        order=() if study.dataset.order is None else tuple(study.dataset.order[keep].tolist()),
    )


def factor_curves(study: TargetStudy, *, limit: int = CURVE_POINTS, seed: int) -> tuple[Curve, ...]:
    """Value against contribution for the most important factors of the explained model.

    limit  rows of a curve that are kept, drawn by context
    """
    explained = [attribution.model for attribution in study.attributions]
    if not explained:
        return ()
    wanted = study.verdict.recommended if study.verdict.recommended in explained else explained[0]
    attribution = study.attributions[explained.index(wanted)]
    factors = ranked(factor for factor in study.factors if factor.model == wanted)
    return tuple(
        _curve(study, attribution, factor.name, factor.unit, limit=limit, seed=seed)
        for factor in factors[:CURVES]
        if factor.name in attribution.columns and factor.importance > 0
    )


def _curve(
    study: TargetStudy, attribution: Attribution, name: str, unit: str | None, *, limit: int, seed: int
) -> Curve:
    contribution = attribution.values[:, attribution.columns.index(name)]
    column = study.dataset.X[name].iloc[attribution.rows]
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    known = np.isfinite(contribution) & column.notna().to_numpy()
    rows, contribution, column = attribution.rows[known], contribution[known], column[known]
    context = headline_context(study)[rows]
    keep = thin_by_context(context, limit, seed=seed)
    values = column.to_numpy(float) if numeric else np.zeros(0)
    middle, mean = slice_means(values, contribution) if numeric else (np.zeros(0), np.zeros(0))
    return Curve(
        name=name,
        model=attribution.model,
        unit=unit,
        values=compact(values[keep]) if numeric else (),
        levels=() if numeric else tuple(str(text) for text in column.astype(object).to_numpy()[keep]),
        contribution=compact(contribution[keep]),
        rows=tuple(int(row) for row in study.dataset.rows[rows[keep]]),
        context=tuple(str(text) for text in context[keep]),
        middle=compact(middle),
        mean=compact(mean),
        total=len(rows),
        shape=next((_shape(made) for made in study.shapes if made.name == name), None),
    )


def _shape(made: Accumulated) -> Shape:
    span = {name: int(np.isfinite(line).sum()) for name, line in made.per_context.items()}
    widest = sorted(span, key=lambda name: (-span[name], name))[:LINES]
    return Shape(
        edges=compact(made.edges),
        effect=compact(made.effect),
        supported=tuple(bool(known) for known in made.supported),
        lines={
            name: tuple(value if np.isfinite(value) else None for value in compact(made.per_context[name]))
            for name in widest
        },
    )


def what_if(study: TargetStudy, *, share: float = 1.0) -> WhatIfView | None:
    """The what-if grid in numbers short enough for the page; None where there is none.

    share  of the starting rows that are kept, the most typical ones
    """
    grid = study.profiler
    if grid is None:
        return None
    kept = max(1, round(share * len(grid.rows)))
    width = None if study.intervals is None else study.intervals.half_width
    context = headline_context(study)
    return WhatIfView(
        rows=tuple(int(row) for row in study.dataset.rows[grid.rows[:kept]]),
        context=tuple(str(text) for text in context[grid.rows[:kept]]),
        prediction=compact(grid.prediction[:kept]),
        half_width=None if width is None or not np.isfinite(width) else float(width),
        panels=tuple(
            Panel(
                name=moved.name,
                unit=study.dataset.role(moved.name).unit,
                values=compact(moved.values),
                start=compact(moved.start[:kept]),
                prediction=tuple(compact(line) for line in moved.prediction[:kept]),
                outside=tuple(tuple(bool(flag) for flag in line) for line in moved.outside[:kept]),
            )
            for moved in grid.factors
        ),
        joint=None if grid.joint is None else _joint(grid.joint, kept),
    )


def _joint(joint: JointGrid, kept: int) -> JointView:
    return JointView(
        joint.every,
        joint.error,
        tuple(
            PairPanel(
                pair.first,
                pair.second,
                tuple(compact(square.ravel()) for square in pair.prediction[:kept]),
                tuple("".join("01"[int(flag)] for flag in square.ravel()) for square in pair.outside[:kept]),
            )
            for pair in joint.pairs
        ),
    )


def evidence_view(study: TargetStudy) -> EvidenceView | None:
    """How the encoder's evidence formed, its leading columns only; None where it was not recorded."""
    made = study.formation
    if made is None:
        return None
    leading = np.argsort(-made.evidence[-1], kind="stable")[:LEADING]
    return EvidenceView(
        progress=compact(made.progress),
        lines={made.columns[j]: compact(made.evidence[:, j]) for j in leading},
        proxies=made.proxies,
        proxy_share=compact(made.proxy_share) if made.proxies else (),
        shared=made.shared,
        gap=made.gap,
    )


def slice_means(
    values: npt.NDArray[np.float64], contribution: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Median value and mean contribution of slices with equally many rows, ties together."""
    if len(values) == 0:
        return np.zeros(0), np.zeros(0)
    few = np.unique(values)
    if len(few) <= SLICES:  # two levels of a plan are two slices, not one
        means = np.array([contribution[values == value].mean() for value in few])
        return few, means
    edges = np.unique(np.quantile(values, np.linspace(0, 1, SLICES + 1)))
    member = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    slices = np.unique(member)
    middle = np.array([np.median(values[member == k]) for k in slices])
    mean = np.array([contribution[member == k].mean() for k in slices])
    return middle, mean
