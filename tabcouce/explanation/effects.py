"""Naive and context-adjusted effect of each numeric factor, with intervals that redraw no row.

Partially linear model (Robinson 1988; Chernozhukov et al. 2018): what the other inputs and the
contexts say of factor and target is taken out of both, and the rest is regressed on the rest.
Columns recorded after the result are no inputs and never held fixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import false_discovery_control
from threadpoolctl import threadpool_limits

from tabcouce.explanation.cluster_slope import cluster_slope, placebo_share, robustness
from tabcouce.explanation.factor import Effect, Modifier
from tabcouce.explanation.heterogeneity import context_slopes, disagreement, equal_slopes
from tabcouce.explanation.natural_step import natural_step
from tabcouce.explanation.partialling import (
    OtherInputs,
    context_labels,
    demeaned,
    held_contexts,
    held_out_fit,
    numbers,
)
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split

__all__ = ["Slopes", "adjusted_effect", "naive_effect", "slopes"]

FEWEST_CLUSTERS = 5
LEAST_OVERLAP = 0.05
"""Share of a factor's variance that must be left once context and the other inputs are known."""
PLACEBOS = 199
MOST_LEVELS = 40
"""Levels of a context column up to which it is asked whether the factor acts alike in all of them."""

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Slopes:
    """Naive and adjusted effect of one column; None for a category or a constant."""

    naive: Effect | None
    adjusted: Effect | None


@dataclass(frozen=True)
class Left:
    """What partialling left of factor x and target y (n,), and the share of x's variance it is."""

    x: Floats
    y: Floats
    overlap: float


def slopes(dataset: Dataset, columns: Sequence[str], split: Split, *, seed: int) -> Mapping[str, Slopes]:
    """Both effects of each column; empty for classes, whose log-odds have no such slope.

    The q-values of the adjusted effects control the false discovery rate over `columns`.
    """
    if not dataset.is_regression:
        return {}
    # Thousands of small matrix products: threads that wait for each other cost more than they save.
    with threadpool_limits(limits=1, user_api="blas"):
        inputs = OtherInputs.of(dataset)
        found = {
            column: Slopes(
                naive_effect(dataset, column, split),
                adjusted_effect(dataset, column, split, seed=seed, inputs=inputs),
            )
            for column in columns
        }
    return with_q_values(found)


def with_q_values(found: Mapping[str, Slopes]) -> dict[str, Slopes]:
    """Benjamini-Hochberg over the adjusted effects that have a p-value, and over their modifiers."""
    out = dict(found)
    effects = {c: s.adjusted for c, s in found.items() if s.adjusted is not None and s.adjusted.p is not None}
    tests = [(c, k) for c, effect in effects.items() for k in range(len(effect.modifiers))]
    differ = iter(false_discovery_control([effects[c].modifiers[k].p for c, k in tests]) if tests else ())
    q = false_discovery_control([effect.p for effect in effects.values()]) if effects else ()
    for (column, effect), value in zip(effects.items(), q, strict=True):
        modifiers = tuple(replace(one, q=float(next(differ))) for one in effect.modifiers)
        adjusted = replace(effect, q=float(value), modifiers=modifiers)
        out[column] = replace(found[column], adjusted=adjusted)
    return out


def naive_effect(dataset: Dataset, column: str, split: Split) -> Effect | None:
    """Slope of the target on the column alone, as a scatter plot shows it; None for a category."""
    x = numbers(dataset, column)
    if x is None:
        return None
    known = np.isfinite(x)
    x, y = x[known] - x[known].mean(), dataset.y[known] - dataset.y[known].mean()
    step = natural_step(x, dataset.role(column).step)
    return described(Left(x, y, 1.0), split.unit[known], step)


def adjusted_effect(
    dataset: Dataset, column: str, split: Split, *, seed: int, inputs: OtherInputs | None = None
) -> Effect | None:
    """Slope once every context column and the other inputs are held fixed.

    Contexts leave by their means (fixed effects, alternating over the columns), so a common cause
    that is constant within contexts cannot move the slope. The other inputs leave by ridge on
    cubic splines, fitted on folds that never hold the same cluster on both sides. Rows without a
    value of the factor are left out; blanks of other inputs are an input of their own.

    inputs   of the dataset, coded once where several factors are asked for; None codes them here
    Returns  None for a category or a constant; bounds are None with fewer than 5 clusters or
             where less than 5 % of the factor is left to learn from
    """
    x = numbers(dataset, column)
    if x is None:
        return None
    known = np.isfinite(x)
    if np.ptp(x[known]) == 0:
        return None
    others = [c for c in dataset.X.columns if c != column]
    inputs = inputs or OtherInputs.of(dataset)
    left = partialled(dataset, x, known, others, inputs, split, seed)
    unit = split.unit[known]
    effect = described(left, unit, natural_step(x, dataset.role(column).step))
    if effect is None or effect.low is None:
        return effect
    per_context = context_slopes(left.x, left.y, unit, split.units)
    settings = [c for c in others if dataset.role(str(c)).kind != "sensor"]
    total = None
    if dataset.role(column).kind == "condition" and len(settings) < len(others):
        bare = partialled(dataset, x, known, settings, inputs, split, seed)
        total = float(bare.x @ bare.y / (bare.x @ bare.x))
    return replace(
        effect,
        per_context=per_context,
        i2=disagreement(per_context),
        placebo=placebo_share(left.x, left.y, unit, draws=PLACEBOS, seed=seed),
        held=held_contexts(dataset.contexts),
        without_readings=total,
        modifiers=modifiers(dataset, left, known, unit),
    )


def modifiers(
    dataset: Dataset, left: Left, known: npt.NDArray[np.bool_], cluster: Labels
) -> tuple[Modifier, ...]:
    """Whether the slope differs between the levels of each context column that is held fixed.

    Rows of one held-out context count together within a level that has five of them or more.
    """
    found = []
    for name in held_contexts(dataset.contexts):
        code, levels = pd.factorize(dataset.contexts[name][known], sort=True)
        if not 2 <= len(levels) <= MOST_LEVELS:
            continue
        lines = context_slopes(left.x, left.y, code.astype(np.int64), [str(v) for v in levels], cluster)
        p = equal_slopes(lines)
        if p is not None:
            declared = dataset.role(name).graph == "modifier"
            found.append(Modifier(name, lines, p, declared=declared))
    return tuple(found)


def partialled(
    dataset: Dataset,
    x: Floats,
    known: npt.NDArray[np.bool_],
    others: Sequence[str],
    inputs: OtherInputs,
    split: Split,
    seed: int,
) -> Left:
    """Factor and target less what contexts and the inputs `others` say of them, cross-fitted."""
    contexts = context_labels(dataset, known)
    both = np.column_stack([demeaned(v[known], contexts) for v in (x, dataset.y)])
    Z = inputs.of_rows(known, others, contexts)
    left = both - held_out_fit(Z, both, split.unit[known], seed)
    return Left(left[:, 0], left[:, 1], float(np.var(left[:, 0]) / np.var(x[known])))


def described(left: Left, cluster: Labels, step: float) -> Effect | None:
    """The effect with its interval, where one may be claimed; None where nothing varies."""
    energy = float(left.x @ left.x)
    if energy <= 0:
        return None
    clusters, rows = len(np.unique(cluster)), len(left.x)
    found = cluster_slope(left.x, left.y, cluster)
    if found is None or clusters < FEWEST_CLUSTERS or left.overlap < LEAST_OVERLAP:
        theta = float(left.x @ left.y) / energy
        return Effect(theta, None, None, left.overlap, clusters, None, step=step, rows=rows)
    return Effect(
        found.slope,
        found.slope - found.half,
        found.slope + found.half,
        left.overlap,
        clusters,
        robustness(found.slope, found.error, rows),
        p=found.p,
        step=step,
        rows=rows,
    )
