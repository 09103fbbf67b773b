"""The chain of rooms: a table with roles becomes a study."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_limits

from tabcouce.advice.savings import savings
from tabcouce.checks import check
from tabcouce.evaluation import Candidate, Executor, LocalExecutor, ModelScores, Trial, Verdict, decide, score
from tabcouce.evaluation.confounding import SPLIT, Confounding, confounding
from tabcouce.evaluation.debiased import debiased_trials
from tabcouce.evaluation.deployment import deployed_trials
from tabcouce.evaluation.run import contexts_for
from tabcouce.evaluation.stacked import OURS, PEERS, SYSTEM, final_mix, stack_members, stacked_trials
from tabcouce.models import Model
from tabcouce.models.boosted_trees import THREADED_CELLS
from tabcouce.models.outside_model import required
from tabcouce.read import Layout, Table
from tabcouce.roles import Dataset, Roles, datasets
from tabcouce.roles.declaration import Derived
from tabcouce.roles.thinning import thinned_dataset
from tabcouce.splits import Split, SplitPlan, plan_splits
from tabcouce.study.advise import Advice, advise
from tabcouce.study.alarm_caps import alarm_caps
from tabcouce.study.alarms import AlarmStudy, study_alarms
from tabcouce.study.effort import Effort
from tabcouce.study.explain import Explanations, explain
from tabcouce.study.fit_unlabelled import fit_unlabelled
from tabcouce.study.interruption import finish, run_until_interrupted
from tabcouce.study.journal import Journal, facts_of
from tabcouce.study.panel import check_device, panel
from tabcouce.study.progress import Listener, Report, Stopwatch, silent
from tabcouce.study.value import Cap, Study, TargetStudy
from tabcouce.system import Intervals, TrainingRange, fit_intervals
from tabcouce.system.spec_risk import SpecRisk
from tabcouce.system.stack import StackModel
from tabcouce.system.weights import Mix

STAGES = {
    "checks": 2.0,
    "models": 70.0,
    "scores": 6.0,
    "final models": 7.0,
    "factors": 15.0,
    "experiments": 1.0,
    "advice": 4.0,
}
PACKAGES = ("tabcouce", "numpy", "pandas", "scikit-learn", "lightgbm", "torch", "shap")


@dataclass(frozen=True)
class Judged:
    """Scores and verdict; `headline` has the blind trial of each model on the headline split."""

    scores: tuple[ModelScores, ...]
    verdict: Verdict
    headline: Mapping[str, Trial]
    confounding: Confounding | None = None


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
    executor: Executor | None = None,
    journal: Journal | None = None,
    listener: Listener = silent,
) -> Study:
    """Checks, splits, models, scores, verdict and factors for every target.

    executor  where the folds are trained; None trains them here
    journal   where finished folds are kept for a run that goes on; None keeps none
    Raises  RoleError, CellError, SplitError, FitError with the place and the remedy
    """
    check_device(device)
    for library in effort.also:
        required(library)  # said at once, not after the other models have been trained
    studies: list[TargetStudy] = []
    interrupted = False
    parts = datasets(table, roles, name=name)
    versions = {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}}
    versions |= {key: str(required(key).__version__) for key in effort.also}
    facts = facts_of(parts, effort, seed, device, versions)
    if journal is not None:
        journal.open(facts)
    here = executor or LocalExecutor()
    for k, dataset in enumerate(parts):
        watch = Stopwatch(STAGES, listener, offset=k / len(parts), share=1 / len(parts))
        where = here if journal is None else journal.executor(here, k, facts)
        try:
            study, stopped = fit_target(
                table, roles, dataset, effort, seed=seed, device=device, executor=where, watch=watch
            )
        except KeyboardInterrupt:
            if not studies:
                raise
            interrupted = True  # the targets before this one are finished and are kept
            break
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
        versions=versions,
        interrupted=interrupted,
        seconds={stage: sum(s.seconds.get(stage, 0.0) for s in studies) for stage in STAGES},
    )


def fit_target(
    table: Table,
    roles: Roles,
    whole: Dataset,
    effort: Effort,
    *,
    seed: int,
    device: str,
    executor: Executor,
    watch: Stopwatch,
) -> tuple[TargetStudy, bool]:
    """The study of one target, and whether it was interrupted.

    whole  all rows; of a large table a part is compared, and the final models are fitted on all
    """
    dataset = thinned_dataset(whole, effort.compared_rows, seed)
    if not dataset.labelled:
        found = fit_unlabelled(table, roles, whole, dataset, effort, seed=seed, device=device, watch=watch)
        return replace(found, caps=(*compared(dataset, whole), *found.caps)), False
    with watch.stage("checks"):
        findings = check(table, roles, whole)
        plan = plan_splits(dataset, folds=effort.folds, seed=seed)
    candidates = panel(dataset, effort, seed=seed, device=device)
    with watch.stage("models") as report:
        finished = run_until_interrupted(candidates, dataset, plan, executor, report)
    trials, soon = finish(lambda: with_stacks(finished.trials, dataset, plan, seed=seed))
    judged, late = finish(lambda: judge(trials, dataset, plan, effort, seed=seed, watch=watch))
    split = plan.of(judged.verdict.headline)
    wanted = {judged.verdict.recommended, judged.verdict.known_context, "lightgbm"} & set(judged.headline)
    with watch.stage("final models") as report:
        mixes = stack_mixes(trials, dataset, plan) if SYSTEM in wanted else {}
        final, later = finish(lambda: refit(candidates, wanted, mixes, whole, split, report))
    alarms: AlarmStudy | None = None
    unrung = False
    if dataset.task == "anomaly":
        alarms, unrung = finish(
            lambda: study_alarms(dataset, split, judged.headline, effort, seed=seed, device=device)
        )
    stopped = finished.interrupted or soon or late or later or unrung
    explained = Explanations()
    try:
        with watch.stage("factors") as report:
            explained = explain(
                judged.verdict.recommended,
                judged.headline,
                final,
                dataset,
                split,
                effort,
                seed=seed,
                report=report,
            )
    except KeyboardInterrupt:
        stopped = True  # the study stands without its factors
    with watch.stage("experiments"):
        saved, last = finish(lambda: savings(dataset, campaigns=effort.campaigns, seed=seed))
    advice: Advice | None = None
    try:
        with watch.stage("advice") as report:
            advice = advise(
                judged.verdict.recommended,
                judged.headline,
                final,
                dataset,
                split,
                effort,
                seed=seed,
                report=report,
            )
    except KeyboardInterrupt:
        stopped = True
    study = TargetStudy(
        dataset=dataset,
        findings=findings,
        plan=plan,
        trials=trials,
        scores=judged.scores,
        verdict=judged.verdict,
        factors=explained.factors,
        attributions=explained.attributions,
        shapes=explained.shapes,
        groups=explained.groups,
        pairs=explained.pairs,
        profiler=explained.profiler,
        formation=explained.formation,
        intervals=held_out_intervals(judged.headline[judged.verdict.recommended], dataset, split),
        spec_risk=held_out_risk(judged.headline[judged.verdict.recommended], dataset),
        inside=TrainingRange.of(whole.X),
        outside_rate=outside_rate(dataset, split),
        final=final,
        caps=(*compared(dataset, whole), *caps(trials, plan), *alarm_caps(dataset, effort)),
        seconds=dict(watch.seconds),
        savings=saved,
        alarms=alarms,
        advice=advice,
        confounding=judged.confounding,
    )
    return study, stopped or last


def judge(
    trials: Sequence[Trial],
    dataset: Dataset,
    plan: SplitPlan,
    effort: Effort,
    *,
    seed: int,
    watch: Stopwatch,
) -> Judged:
    """Scores and verdict of the finished trials."""
    with watch.stage("scores"):
        scores = tuple(
            score(trial, dataset, plan.of(trial.split), draws=effort.draws, seed=seed) for trial in trials
        )
        verdict = decide(trials, dataset, plan, draws=effort.draws, seed=seed)
        blind = {t.model: t for t in trials if (t.split, t.mode) == (verdict.headline, "blind")}
        keys = [split.key for split in plan.splits]
        shared = (
            confounding(trials, dataset, plan.of(SPLIT), draws=effort.draws, seed=seed)
            if SPLIT in keys
            else None
        )
    return Judged(scores, verdict, blind, shared)


def with_stacks(
    trials: Sequence[Trial], dataset: Dataset, plan: SplitPlan, *, seed: int
) -> tuple[Trial, ...]:
    """Beside the models their stack, and the stack without our own parts, to see what those add.

    Beside the encoder its debiased answer where it gives the pooled one. All others also as they do
    with a batch of unlabelled rows, or a few labelled ones, of the context that is held out.
    """
    peers = stacked_trials(trials, dataset, plan, key=PEERS, without=OURS)
    blind = (*trials, *peers, *stacked_trials(trials, dataset, plan))
    aside = debiased_trials(trials, dataset, plan)
    return (*blind, *deployed_trials(blind, dataset, plan, seed=seed), *aside)


def stack_mixes(trials: Sequence[Trial], dataset: Dataset, plan: SplitPlan) -> dict[str, Mix]:
    """The stack's weights for use on a new context and, where contexts are known, on those."""
    keys = {"blind": plan.headline}
    if dataset.contexts.shape[1] and any(trial.split == "shuffled" for trial in trials):
        keys["known"] = "shuffled"
    mixes = {}
    for mode, key in keys.items():
        members = stack_members(trials, plan.of(key), known=mode == "known")
        mixes[mode] = final_mix(members, dataset, plan.of(key), blind=mode == "blind")
    return mixes


def refit(
    candidates: Sequence[Candidate],
    wanted: set[str],
    mixes: Mapping[str, Mix],
    dataset: Dataset,
    split: Split,
    report: Report,
) -> dict[str, Model]:
    """The wanted models on all rows, for `predict`; they tune for what the split holds out.

    mixes  weights of the stack by way of use; every member that counts is fitted for it
    """
    members = {key for mix in mixes.values() for key in mix.counting}
    context = contexts_for(dataset, split)
    chosen = [candidate for candidate in candidates if candidate.key in wanted | members]

    def fitted(candidate: Candidate) -> Model:
        report(candidate.key, 0.5)
        return candidate.make().fit(dataset.X, dataset.y, context)

    side_by_side = 2 if dataset.X.size < THREADED_CELLS else 1  # as in `LocalExecutor`
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(side_by_side) as pool:
        # The dearest stands last in the panel and is begun first.
        models = dict(zip([c.key for c in chosen[::-1]], pool.map(fitted, chosen[::-1]), strict=True))
    final = {candidate.key: models[candidate.key] for candidate in chosen}
    stack = {SYSTEM: StackModel({key: final[key] for key in final if key in members}, mixes)} if mixes else {}
    return {key: model for key, model in {**final, **stack}.items() if key in wanted}


def held_out_intervals(trial: Trial, dataset: Dataset, split: Split) -> Intervals | None:
    """The band of the recommended model's errors on held-out rows; None for classes."""
    if not dataset.is_regression:
        return None
    residual = dataset.y - trial.prediction
    return fit_intervals(residual, split.unit, units=len(split.units), split=split.key)


def held_out_risk(trial: Trial, dataset: Dataset) -> SpecRisk | None:
    """The out-of-spec probability by the recommended model's held-out errors; None without limits."""
    if not dataset.is_regression:
        return None
    role = dataset.role(dataset.target)
    return SpecRisk.of(dataset.y - trial.prediction, role.lower, role.upper)


def outside_rate(dataset: Dataset, split: Split) -> float:
    """Share of held-out rows outside the range of the rows they were predicted from."""
    flagged = [
        TrainingRange.of(dataset.X.iloc[fold.train]).outside(dataset.X.iloc[fold.test]).any(axis=1)
        for fold in split.folds
    ]
    return float(np.concatenate(flagged).mean())


def compared(dataset: Dataset, whole: Dataset) -> tuple[Cap, ...]:
    """That not all rows were compared, where it is so."""
    used, had = len(dataset.y), len(whole.y)
    return (Cap("rows compared", used, had),) if used < had else ()


def caps(trials: Sequence[Trial], plan: SplitPlan) -> tuple[Cap, ...]:
    """Every limit on training rows that bit."""
    found: dict[str, Cap] = {}
    for trial in trials:
        had = max(len(fold.train) for fold in plan.of(trial.split).folds)
        if trial.rows_used < had:
            cap = Cap(f"training rows per fold, {trial.model}", trial.rows_used, had)
            found[trial.model] = max(found.get(trial.model, cap), cap, key=lambda c: c.had)
    return tuple(found.values())
