"""Factors of a target: contributions, losses, effects, curves, pairs and the what-if grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.evaluation.stacked import PEERS
from tabcouce.explanation.accumulated import Accumulated, accumulated_effect
from tabcouce.explanation.contributions import attribute
from tabcouce.explanation.effects import Slopes, slopes, with_q_values
from tabcouce.explanation.evidence import Formation
from tabcouce.explanation.factor import Attribution, Factor, ranked
from tabcouce.explanation.factors import factor_table
from tabcouce.explanation.formation import formation
from tabcouce.explanation.permutation import permutation_importance
from tabcouce.explanation.together import ColumnGroup, PairEffect, column_groups, pair_effects
from tabcouce.explanation.what_if import Profiler, profiler
from tabcouce.models import Model
from tabcouce.roles import Dataset
from tabcouce.study.judge import JudgedModels
from tabcouce.study.progress import Report
from tabcouce.system.stack import StackModel

CURVES = 6
"""Factors with a curve and a what-if panel of their own, the strongest first."""
FORMED_ROWS = 200
"""Rows whose evidence is followed along the encoder's training."""
BESIDE_ROWS, BESIDE_COLUMNS = 300, 12
"""Rows explained and columns shuffled of a model that is neither the shown one nor LightGBM."""
PAIRED = 5
"""Factors whose pairs are looked at."""


@dataclass(frozen=True)
class Explanations:
    """What the factors stage found; curves, groups, pairs and profiler are of the recommended
    model, or of LightGBM where the constant is."""

    attributions: tuple[Attribution, ...] = ()
    factors: tuple[Factor, ...] = ()
    shapes: tuple[Accumulated, ...] = ()
    groups: tuple[ColumnGroup, ...] = ()
    pairs: tuple[PairEffect, ...] = ()
    profiler: Profiler | None = None
    formation: Formation | None = None
    """Of the encoder, if one is among the final models and recorded its training."""


def explain(judged: JudgedModels, report: Report) -> Explanations:
    """Explain the recommended model and LightGBM by their held-out predictions; all models if thorough."""
    trials, dataset, split = judged.headline, judged.dataset, judged.split
    recommended, effort, seed = judged.recommended, judged.effort, judged.seed
    # A constant uses nothing: where none beats it, what LightGBM looked at is told instead.
    wanted = set(trials) - {PEERS} if effort.explain_all else {recommended, "lightgbm"} & set(trials)
    models = sorted(wanted - {"constant"})
    if not models:
        return Explanations()
    shown = recommended if recommended in models else "lightgbm" if "lightgbm" in models else models[0]
    attributions: list[Attribution] = []
    losses = {}
    effects: dict[str, Slopes] = {}
    for k, model in enumerate(models):
        report(model, 0.8 * k / len(models))
        beside = model not in (shown, "lightgbm")
        rows = min(effort.explained_rows, BESIDE_ROWS) if beside else effort.explained_rows
        found = attribute(trials[model], dataset, split, rows=rows, seed=seed)
        top = most_important(found)[: BESIDE_COLUMNS if beside else effort.permuted]
        report(f"{model}, permutation", 0.8 * (k + 0.5) / len(models))
        losses[model] = permutation_importance(
            trials[model], dataset, split, top, draws=effort.draws, seed=seed
        )
        fresh = [column for column in top if column not in effects]
        report(f"{model}, effects", 0.8 * (k + 0.8) / len(models))
        effects |= slopes(dataset, fresh, split, seed=seed)
        attributions.append(found)
    effects = with_q_values(effects)  # over all columns tested, whichever model named them
    factors = [
        row
        for found in attributions
        for row in factor_table(found, losses[found.model], effects, dataset, split)
    ]
    return with_curves(Explanations(tuple(attributions), tuple(factors)), shown, judged, report)


def with_curves(made: Explanations, shown: str, judged: JudgedModels, report: Report) -> Explanations:
    """The same with curves, groups, pairs and the what-if grid of the model that is shown."""
    dataset, split, seed = judged.dataset, judged.split, judged.seed
    found = next((a for a in made.attributions if a.model == shown), None)
    if found is None or not np.abs(found.values).any():
        return made
    top = [factor.name for factor in ranked(f for f in made.factors if f.model == shown)]
    report(f"{shown}, curves", 0.8)
    trial = judged.headline[shown]
    shapes = [accumulated_effect(trial, dataset, split, column, seed=seed) for column in top[:CURVES]]
    model = judged.final.get(shown)
    return Explanations(
        attributions=made.attributions,
        factors=made.factors,
        shapes=tuple(shape for shape in shapes if shape is not None),
        groups=column_groups(dataset, split, found),
        pairs=pair_effects(trial, dataset, split, top[:PAIRED], seed=seed),
        profiler=None if model is None else profiler(model, dataset, top[:CURVES], split.unit),
        formation=evidence(judged.final, dataset, seed=seed),
    )


def evidence(final: Mapping[str, Model], dataset: Dataset, *, seed: int) -> Formation | None:
    """How the final encoder's evidence formed, where it recorded its training."""
    members = [
        part for model in final.values() if isinstance(model, StackModel) for part in model.members.values()
    ]
    for model in (*final.values(), *members):
        if not isinstance(model, CouceRegressor | CouceClassifier) or model.path_ is None:
            continue
        if dataset.task != "multiclass":
            drawn = np.random.default_rng(seed).permutation(len(dataset.y))[:FORMED_ROWS]
            proxies = [name for name in dataset.X.columns if dataset.role(name).kind == "proxy"]
            return formation(model, dataset.X.iloc[np.sort(drawn)], proxies)
    return None


def most_important(found: Attribution) -> list[str]:
    """Columns by mean |contribution|, the largest first."""
    size = np.abs(found.values).mean(axis=0)
    return [found.columns[j] for j in np.argsort(-size, kind="stable")]
