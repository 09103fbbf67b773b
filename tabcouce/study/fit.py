"""The chain of rooms: a table with roles becomes a study."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from tabcouce.checks import check
from tabcouce.evaluation import (
    Candidate,
    Trial,
    decide,
    run_trials,
    score,
)
from tabcouce.evaluation.run import contexts_for
from tabcouce.explanation.contributions import attribute
from tabcouce.explanation.effects import Slopes, slopes
from tabcouce.explanation.factor import Attribution, Factor
from tabcouce.explanation.factors import factor_table
from tabcouce.explanation.permutation import permutation_importance
from tabcouce.models import Model
from tabcouce.read import Layout, Table
from tabcouce.roles import Dataset, Roles, datasets
from tabcouce.roles.declaration import Derived
from tabcouce.splits import Split, SplitPlan, plan_splits
from tabcouce.study.effort import Effort
from tabcouce.study.panel import panel
from tabcouce.study.progress import Listener, Stopwatch, silent
from tabcouce.study.value import Cap, Study, TargetStudy
from tabcouce.system import Intervals, TrainingRange, fit_intervals

STAGES = {"checks": 2.0, "models": 70.0, "scores": 6.0, "final models": 7.0, "factors": 15.0}
PACKAGES = ("tabcouce", "numpy", "pandas", "scikit-learn", "lightgbm", "torch", "shap")


Report = Callable[[str, float], None]


@dataclass(frozen=True)
class Explanations:
    """Contributions and the factor tables made of them."""

    attributions: tuple[Attribution, ...]
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class Finished:
    """The trials of a target; `interrupted` when Ctrl-C came before the last of them."""

    trials: tuple[Trial, ...]
    interrupted: bool


def fit_study(
    table: Table,
    roles: Roles,
    *,
    name: str,
    layout: Layout,
    derive: tuple[Derived, ...] = (),
    effort: Effort,
    seed: int = 0,
    device: str = "auto",
    listener: Listener = silent,
) -> Study:
    """Checks, splits, models, scores, verdict and factors for every target.

    Raises  RoleError, CellError, SplitError, FitError with the place and the remedy
    """
    studies: list[TargetStudy] = []
    interrupted = False
    parts = datasets(table, roles, name=name)
    for k, dataset in enumerate(parts):
        watch = Stopwatch(STAGES, listener, offset=k / len(parts), share=1 / len(parts))
        study, stopped = fit_target(table, roles, dataset, effort, seed=seed, device=device, watch=watch)
        studies.append(study)
        if stopped:
            interrupted = True
            break
    return Study(
        name=name,
        source=table.source,
        effort=effort,
        seed=seed,
        table=table,
        roles=roles,
        targets=tuple(studies),
        layout=layout,
        derive=derive,
        versions={"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
        interrupted=interrupted,
        seconds={stage: sum(s.seconds.get(stage, 0.0) for s in studies) for stage in STAGES},
    )


def fit_target(
    table: Table,
    roles: Roles,
    dataset: Dataset,
    effort: Effort,
    *,
    seed: int,
    device: str,
    watch: Stopwatch,
) -> tuple[TargetStudy, bool]:
    """The study of one target, and whether it was interrupted."""
    with watch.stage("checks"):
        findings = check(table, roles, dataset)
        plan = plan_splits(dataset, folds=effort.folds, seed=seed)
    candidates = panel(dataset, effort, seed=seed, device=device)
    with watch.stage("models") as report:
        finished = run_until_interrupted(candidates, dataset, plan, report)
    with watch.stage("scores"):
        scores = tuple(
            score(trial, dataset, plan.of(trial.split), draws=effort.draws, seed=seed)
            for trial in finished.trials
        )
        verdict = decide(finished.trials, dataset, plan, draws=effort.draws, seed=seed)
        headline = {t.model: t for t in finished.trials if (t.split, t.mode) == (verdict.headline, "blind")}
        chosen = headline[verdict.recommended]
        intervals = held_out_intervals(chosen, dataset, plan.of(verdict.headline))
        inside = TrainingRange.of(dataset.X)
    with watch.stage("final models") as report:
        wanted = {verdict.recommended, verdict.known_context, "lightgbm"} & set(headline)
        final = refit(candidates, wanted, dataset, plan.of(verdict.headline), report)
    with watch.stage("factors") as report:
        explained = explain(
            wanted & {verdict.recommended, "lightgbm"},
            headline,
            dataset,
            plan.of(verdict.headline),
            effort,
            seed=seed,
            report=report,
        )
    study = TargetStudy(
        dataset=dataset,
        findings=findings,
        plan=plan,
        trials=finished.trials,
        scores=scores,
        verdict=verdict,
        factors=explained.factors,
        attributions=explained.attributions,
        intervals=intervals,
        inside=inside,
        outside_rate=outside_rate(dataset, plan.of(verdict.headline)),
        final=final,
        caps=caps(finished.trials, plan),
        seconds=dict(watch.seconds),
    )
    return study, finished.interrupted


def run_until_interrupted(
    candidates: Sequence[Candidate], dataset: Dataset, plan: SplitPlan, report: Report
) -> Finished:
    """Every trial, or those that were finished when Ctrl-C came; at least one of the headline."""
    trials: list[Trial] = []
    total = len(candidates) * sum(len(split.folds) for split in plan.splits)
    done = 0

    def fold_started(what: str) -> None:
        nonlocal done
        report(what, done / total)
        done += 1

    try:
        for trial in run_trials(candidates, dataset, plan, progress=fold_started):
            trials.append(trial)
            # A packed model announces itself once for all its folds.
            done = max(done, sum(len(plan.of(t.split).folds) for t in trials if t.mode == "blind"))
    except KeyboardInterrupt:
        if not any(trial.split == plan.headline for trial in trials):
            raise
        return Finished(tuple(trials), interrupted=True)
    return Finished(tuple(trials), interrupted=False)


def refit(
    candidates: Sequence[Candidate], wanted: set[str], dataset: Dataset, split: Split, report: Report
) -> dict[str, Model]:
    """The wanted models on all rows, for `predict`; they tune for what the split holds out."""
    final: dict[str, Model] = {}
    context = contexts_for(dataset, split)
    for candidate in candidates:
        if candidate.key in wanted:
            report(candidate.key, len(final) / len(wanted))
            final[candidate.key] = candidate.make().fit(dataset.X, dataset.y, context)
    return final


def held_out_intervals(trial: Trial, dataset: Dataset, split: Split) -> Intervals | None:
    """The band of the recommended model's errors on held-out rows; None for classes."""
    if not dataset.is_regression:
        return None
    residual = dataset.y - trial.prediction
    return fit_intervals(residual, split.unit, units=len(split.units), split=split.key)


def outside_rate(dataset: Dataset, split: Split) -> float:
    """Share of held-out rows outside the range of the rows they were predicted from."""
    flagged = [
        TrainingRange.of(dataset.X.iloc[fold.train]).outside(dataset.X.iloc[fold.test]).any(axis=1)
        for fold in split.folds
    ]
    return float(np.concatenate(flagged).mean())


def explain(
    models: set[str],
    trials: Mapping[str, Trial],
    dataset: Dataset,
    split: Split,
    effort: Effort,
    *,
    seed: int,
    report: Report,
) -> Explanations:
    """Contributions, permutation importance and the factor table of each model."""
    attributions: list[Attribution] = []
    factors: list[Factor] = []
    effects: dict[str, Slopes] = {}
    for k, model in enumerate(sorted(models)):
        report(model, k / len(models))
        found = attribute(trials[model], dataset, split, rows=effort.explained_rows, seed=seed)
        size = np.abs(found.values).mean(axis=0)
        top = [found.columns[j] for j in np.argsort(-size, kind="stable")[: effort.permuted]]
        report(f"{model}, permutation", (k + 0.5) / len(models))
        permuted = permutation_importance(trials[model], dataset, split, top, draws=effort.draws, seed=seed)
        fresh = [column for column in top if column not in effects]
        report(f"{model}, effects", (k + 0.8) / len(models))
        effects |= slopes(dataset, fresh, split, seed=seed)
        attributions.append(found)
        factors.extend(factor_table(found, permuted, effects, dataset, split))
    return Explanations(tuple(attributions), tuple(factors))


def caps(trials: Sequence[Trial], plan: SplitPlan) -> tuple[Cap, ...]:
    """Every limit on training rows that bit."""
    found: dict[str, Cap] = {}
    for trial in trials:
        had = max(len(fold.train) for fold in plan.of(trial.split).folds)
        if trial.rows_used < had:
            cap = Cap(f"training rows per fold, {trial.model}", trial.rows_used, had)
            found[trial.model] = max(found.get(trial.model, cap), cap, key=lambda c: c.had)
    return tuple(found.values())
