"""The factor table: importance, direction and agreement with what the engineer expects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from tabcouce.evaluation import Score
from tabcouce.explanation.agreement import bound_to, judged, loses_without, supported_direction
from tabcouce.explanation.effects import Slopes
from tabcouce.explanation.factor import Attribution, Effect, Factor, ranked
from tabcouce.explanation.partialling import held_contexts
from tabcouce.explanation.strength import strength
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split

CLEAR = 0.5
"""Rank correlation of value and contribution from which a direction is named."""
NEGLIGIBLE = 0.005
"""Share of all importance below which a direction would be noise."""


def factor_table(
    attribution: Attribution,
    permutation: Mapping[str, Score],
    effects: Mapping[str, Slopes],
    dataset: Dataset,
    split: Split,
) -> tuple[Factor, ...]:
    """One factor per input, the strongest first (`Factor.rank`).

    attribution  contributions on held-out rows of `split`
    permutation  column -> loss, for the columns it was measured for
    effects      column -> slopes, likewise
    """
    size = np.abs(attribution.values).mean(axis=0)
    total = float(size.sum())
    by_fold = [
        np.abs(attribution.values[attribution.fold == f]).mean(axis=0) for f in np.unique(attribution.fold)
    ]
    spread = np.std(by_fold, axis=0)
    units = split.unit[attribution.rows]
    told_apart = contexts_of(dataset, split)
    factors = []
    for j, name in enumerate(attribution.columns):
        column = dataset.X[name].iloc[attribution.rows]
        contribution = attribution.values[:, j]
        share = float(size[j]) / total if total > 0 else 0.0
        shape, correlation = direction(column, contribution, share)
        if dataset.task == "multiclass" and shape != "none":
            # Contributions go to the class predicted for the row: no one direction exists.
            shape, correlation = "mixed", None
        role = dataset.role(name)
        adjusted = effects[name].adjusted if name in effects else None
        found = supported_direction(shape, adjusted, permutation.get(name))
        factors.append(
            Factor(
                name=name,
                model=attribution.model,
                importance=float(size[j]),
                spread=float(spread[j]),
                share=share,
                direction=shape,
                correlation=correlation,
                per_context={
                    split.units[u]: float(np.abs(contribution[units == u]).mean()) for u in np.unique(units)
                },
                permutation=permutation.get(name),
                expected=role.expected,
                agreement=judged(role.expected, found, adjusted),
                unit=role.unit,
                naive=effects[name].naive if name in effects else None,
                adjusted=adjusted,
                bound_to=bound_to(dataset.X[name], dataset.contexts),
                supported=found,
                strength=strength_of(
                    dataset.X[name],
                    attribution.rows,
                    contribution,
                    units,
                    adjusted,
                    loses_without(permutation.get(name)),
                ),
                varies_within_context=within_share(dataset.X[name], told_apart),
            )
        )
    return ranked(factors)


def direction(
    column: pd.Series, contribution: npt.NDArray[np.float64], share: float
) -> tuple[str, float | None]:
    """The direction word and the rank correlation behind it.

    'increases', 'decreases' by rank correlation; 'peak' where contributions in the middle third
    of the values lie above both outer thirds by more than half their overall spread; else 'mixed'.
    """
    if share < NEGLIGIBLE:
        return "none", None
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return "mixed", None
    values = column.to_numpy(float)
    known = np.isfinite(values)
    if known.sum() < 10 or np.ptp(values[known]) == 0:
        return "none", None
    ranks, effect = rankdata(values[known]), contribution[known]
    if np.ptp(effect) == 0:
        return "none", None
    correlation = float(np.corrcoef(ranks, rankdata(effect))[0, 1])
    if abs(correlation) >= CLEAR:
        return ("increases" if correlation > 0 else "decreases"), correlation
    third = np.minimum((ranks - 1) * 3 // len(ranks), 2)
    means = [effect[third == t].mean() if (third == t).any() else np.nan for t in range(3)]
    if min(means[1] - means[0], means[1] - means[2]) > 0.5 * effect.std():
        return "peak", correlation
    return "mixed", correlation


def strength_of(
    column: pd.Series,
    rows: npt.NDArray[np.int64],
    contribution: npt.NDArray[np.float64],
    units: npt.NDArray[np.int64],
    adjusted: Effect | None,
    lost: bool,
) -> float:
    """`strength` of a column of the dataset; a category has no straight part."""
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    values = column.to_numpy(float) if numeric else np.full(len(column), np.nan)
    spread = 0.0
    if numeric and np.isfinite(values).any():
        # A glitched cell must not make a column strong: its outer hundredths count as their edges.
        spread = float(np.nanstd(np.clip(values, *np.nanquantile(values, [0.01, 0.99]))))
    return strength(values[rows], contribution, units, spread, adjusted if numeric else None, lost)


def contexts_of(dataset: Dataset, split: Split) -> npt.NDArray[np.int64]:
    """(n,) the context that a column must vary within: what the split holds out, or, where that are
    groups of rows (a set made at one setting), the first context column that can be held fixed."""
    held = held_contexts(dataset.contexts)
    if split.column is not None or not held:
        return split.unit
    return pd.factorize(dataset.contexts[held[0]])[0].astype(np.int64)


def within_share(column: pd.Series, unit: npt.NDArray[np.int64]) -> float | None:
    """Share of a numeric column's variance that lies within contexts; None for a category.

    Near zero the column cannot be separated from the context, whatever a model says of it.
    """
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return None
    values = pd.Series(column.to_numpy(float))
    total = float(values.var(ddof=0))
    if not np.isfinite(total) or total == 0:
        return None
    within = values - values.groupby(unit).transform("mean")
    return float(within.var(ddof=0)) / total
