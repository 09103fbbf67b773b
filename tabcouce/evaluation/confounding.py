"""Five scores that tell what the contexts explain, what the conditions do, and what they share.

On shuffled rows, whose contexts are known, as confounding can only be seen there:

    context only      shrunken levels of the contexts, no condition
    conditions only   LightGBM, no context
    both              LightGBM with shrunken effects of the contexts
    adjusted          LightGBM inside the contexts: their levels are taken from target and inputs, and
                      the score is that of what is left
    increment         both less context only: what the conditions add to knowing the context

Conditions that score far better alone than adjusted owe the difference to telling contexts apart.

Source  the five models of cccpm (confound-corrected connectome-based predictive modelling), from
        linear models to trees. DIFF: levels are shrunken; classes have no residual, so their adjusted
        score is the AUC among rows of one context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.evaluation.metrics import auc, r2
from tabcouce.evaluation.resample import Counts, draw_units, resampled, with_interval
from tabcouce.evaluation.trial import Score, Trial
from tabcouce.models.boosted_trees import TreeSettings, grow, raw_score, to_estimate
from tabcouce.models.boosting import BoostingModel
from tabcouce.models.context_effects import ContextEffects, effects_of_classes, effects_of_values
from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.scaling import RobustScale
from tabcouce.models.within import shrunken_means
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Fold, Split

Floats = npt.NDArray[np.float64]
SPLIT = "shuffled"
TREES, TREES_AND_CONTEXTS = "lightgbm", "lightgbm_context"


@dataclass(frozen=True)
class Confounding:
    """The five scores; metric is 'r2' or 'auc' for all of them, intervals redraw whole contexts."""

    metric: str
    context_only: Score
    conditions_only: Score
    both: Score
    adjusted: Score
    increment: Score


def confounding(
    trials: Sequence[Trial], dataset: Dataset, split: Split, *, draws: int, seed: int
) -> Confounding | None:
    """None without contexts, and where one of the two LightGBM trials on shuffled rows is missing.

    No round is chosen anew: the adjusted trees have as many as those of the conditions alone.
    """
    found = {(t.model, t.mode): t for t in trials if t.split == split.key}
    alone, both = found.get((TREES, "blind")), found.get((TREES_AND_CONTEXTS, "known"))
    if alone is None or both is None or not dataset.contexts.shape[1]:
        return None
    place, inside = np.full_like(alone.prediction, np.nan), np.full_like(alone.prediction, np.nan)
    for fold, model in zip(split.folds, alone.fitted, strict=True):
        if not isinstance(model, BoostingModel):
            return None  # a fold of one class
        place[fold.test] = _levels(dataset, fold)
        inside[fold.test] = _inside(dataset, fold, model)
    rows = np.flatnonzero(np.isfinite(inside).reshape(len(inside), -1).all(axis=1))
    unit = np.unique(split.unit[rows], return_inverse=True)[1]
    counts = draw_units(int(unit.max()) + 1, draws=draws, seed=seed)
    y = dataset.y[rows]
    metric = "r2" if dataset.is_regression else "auc"

    def of(prediction: Floats, truth: Floats = y) -> tuple[Score, Floats]:
        again = resampled(truth, prediction, unit, counts)[metric]
        value = (r2 if metric == "r2" else auc)(truth, prediction)
        return with_interval(value, again, n=len(rows), units=counts.shape[1]), again

    context, context_draws = of(place[rows])
    whole, whole_draws = of(both.prediction[rows])
    gained = None if whole.value is None or context.value is None else whole.value - context.value
    if dataset.is_regression:
        adjusted = of(inside[rows], y - place[rows])[0]
    else:
        adjusted = _within_auc(y, inside[rows], unit, counts)
    return Confounding(
        metric=metric,
        context_only=context,
        conditions_only=of(alone.prediction[rows])[0],
        both=whole,
        adjusted=adjusted,
        increment=with_interval(gained, whole_draws - context_draws, n=len(rows), units=counts.shape[1]),
    )


def _levels(dataset: Dataset, fold: Fold) -> Floats:
    """(m,) values or (m, k) probabilities of the test rows by nothing but their contexts."""
    train, test = dataset.contexts.iloc[fold.train], dataset.contexts.iloc[fold.test]
    y = dataset.y[fold.train]
    if dataset.is_regression:
        base = np.full(len(y), y.mean())
        return y.mean() + effects_of_values(y, base, train).of_rows(test)[:, 0]
    k = len(dataset.classes)
    member = (y[:, None] == np.arange(k)).astype(float)
    if k == 2:
        member = member[:, 1:]
    share = (member.sum(axis=0) + 0.5) / (len(y) + 1.0)
    base = np.log(share / (1 - share)) if k == 2 else np.log(share)
    effects: ContextEffects = effects_of_classes(member, np.broadcast_to(base, member.shape).copy(), train)
    raw = base + effects.of_rows(test)
    return to_estimate(raw[:, 0] if k == 2 else raw, k)


def _inside(dataset: Dataset, fold: Fold, alone: BoostingModel) -> Floats:
    """(m,) what is left of the target, or (m, k) probabilities, by inputs less the level of their context.

    alone  the LightGBM that saw the same rows as they are; lends settings and number of rounds
    """
    matrix = DesignMatrix.of(dataset.X.iloc[fold.train])
    everything = np.concatenate([fold.train, fold.test])
    codes = matrix.codes(dataset.X.iloc[everything])
    n = len(fold.train)
    numbers = [j for j in range(codes.shape[1]) if j not in matrix.categorical]
    codes[:, numbers] = without_levels(codes[:, numbers], dataset.contexts.iloc[everything], n)
    y = dataset.y[fold.train]
    k = len(alone.classes_)
    label = np.searchsorted(alone.classes_, y).astype(float) if k else y - _fitted_levels(dataset, fold)
    settings = TreeSettings.for_rows(*codes[:n].shape, classes=k, threads=alone.threads, seed=alone.seed)
    # No shrunken levels for classes: their base rate is one number, which no ranking inside reads.
    offset = np.broadcast_to(alone.base_ if k else np.zeros(()), (n, *alone.base_.shape)).copy()
    trees = grow(codes[:n], label, offset, matrix.categorical, alone.rounds_, settings)
    raw = raw_score(trees, codes[n:], alone.threads)
    if not k:
        return raw
    told = to_estimate(raw + alone.base_, k)
    every = np.zeros((len(told), len(dataset.classes)))
    every[:, alone.classes_.astype(int)] = told
    return every


def _fitted_levels(dataset: Dataset, fold: Fold) -> Floats:
    """(n,) the same levels on the rows that they were found on."""
    train, y = dataset.contexts.iloc[fold.train], dataset.y[fold.train]
    return y.mean() + effects_of_values(y, np.full(len(y), y.mean()), train).of_rows(train)[:, 0]


def without_levels(values: Floats, contexts: pd.DataFrame, known: int, sweeps: int = 2) -> Floats:
    """(n, q) scaled columns less their shrunken mean in each level of every context column.

    Scale and means are those of the first `known` rows only; the columns of contexts take turns, so
    that one does not keep what belongs to another. Blanks count nowhere and stay blank.
    """
    rest = RobustScale.of(values[:known]).straight(values)
    coded = [pd.factorize(contexts[name].astype(str))[0].astype(np.int64) for name in contexts.columns]
    for _ in range(sweeps):
        for code in coded:
            rest -= shrunken_means(rest[:known], code[:known], int(code.max()) + 1)[code]
    return np.where(np.isfinite(values), rest, np.nan)


def _within_auc(y: Floats, prediction: Floats, unit: npt.NDArray[np.int64], counts: Counts) -> Score:
    """AUC among rows of one context: the mean over contexts, each counting with its pairs of classes."""
    units = counts.shape[1]
    found, pairs = np.zeros(units), np.zeros(units)
    for u in range(units):
        mine = unit == u
        value = auc(y[mine], prediction[mine])
        if value is not None:
            sizes = np.unique(y[mine], return_counts=True)[1].astype(float)
            found[u], pairs[u] = value, (sizes.sum() ** 2 - (sizes**2).sum()) / 2
    if not pairs.any():
        return Score(None, None, None, len(y), units)
    with np.errstate(invalid="ignore", divide="ignore"):
        again = (counts @ (found * pairs)) / (counts @ pairs)
    return with_interval(float(found @ pairs / pairs.sum()), again, n=len(y), units=units)
