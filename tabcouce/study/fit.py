"""The chain of rooms: a table with roles becomes a study."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib.metadata import version

from tabcouce.advice.savings import savings
from tabcouce.checks import check
from tabcouce.evaluation import Executor, LocalExecutor
from tabcouce.evaluation.stacked import SYSTEM
from tabcouce.models.further import check_further, further_versions
from tabcouce.read import Layout, Table
from tabcouce.roles import Dataset, Roles, datasets
from tabcouce.roles.declaration import Derived
from tabcouce.roles.thinning import thinned_dataset
from tabcouce.splits import plan_splits
from tabcouce.study.advise import advise
from tabcouce.study.alarm_caps import alarm_caps
from tabcouce.study.alarms import AlarmStudy, study_alarms
from tabcouce.study.caps import caps, compared
from tabcouce.study.effort import Effort
from tabcouce.study.explain import Explanations, explain
from tabcouce.study.final_models import refit, stack_mixes
from tabcouce.study.fit_unlabelled import fit_unlabelled
from tabcouce.study.golden import golden_lots
from tabcouce.study.interruption import finish, run_until_interrupted, spare
from tabcouce.study.journal import Journal, facts_of
from tabcouce.study.judge import JudgedModels, judge, with_stacks
from tabcouce.study.panel import check_device, panel
from tabcouce.study.progress import Listener, Stopwatch, silent
from tabcouce.study.reliability import held_out_intervals, held_out_risk, outside_rate
from tabcouce.study.value import Study, TargetStudy
from tabcouce.system import TrainingRange

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
    studies: list[TargetStudy] = []
    interrupted = False
    parts = datasets(table, roles, name=name)
    check_further(effort.also, {part.task for part in parts})
    versions = {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}}
    versions |= further_versions(effort.also)
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
        golden = golden_lots(whole, dataset, roles.golden)
        return replace(found, golden=golden, caps=(*compared(dataset, whole), *found.caps)), False
    with watch.stage("checks"):
        golden = golden_lots(whole, dataset, roles.golden)
        findings = check(table, roles, whole)
        plan = plan_splits(dataset, folds=effort.folds, seed=seed)
    candidates = panel(dataset, effort, seed=seed, device=device)
    with watch.stage("models") as report:
        finished = run_until_interrupted(candidates, dataset, plan, executor, report)
    with watch.stage("scores"):
        trials, soon = finish(lambda: with_stacks(finished.trials, dataset, plan, seed=seed))
    judged, late = finish(lambda: judge(trials, dataset, plan, effort, seed=seed, watch=watch))
    verdict, headline = judged.verdict, judged.headline
    split = plan.of(verdict.headline)
    wanted = {verdict.recommended, verdict.known_context, "lightgbm"} & set(headline)
    with watch.stage("final models") as report:
        mixes = stack_mixes(trials, dataset, plan) if SYSTEM in wanted else {}
        final, later = finish(lambda: refit(candidates, wanted, mixes, whole, split, report))
    alarms: AlarmStudy | None = None
    unrung = False
    if dataset.task == "anomaly":
        alarms, unrung = finish(
            lambda: study_alarms(dataset, split, headline, effort, seed=seed, device=device)
        )
    models = JudgedModels(verdict.recommended, headline, final, dataset, split, effort, seed)
    with watch.stage("factors") as report:
        explained, unexplained = spare(lambda: explain(models, report))
    with watch.stage("experiments"):
        saved, last = finish(lambda: savings(dataset, campaigns=effort.campaigns, seed=seed))
    with watch.stage("advice") as report:
        advice, unadvised = spare(lambda: advise(models, report))
    explained = explained or Explanations()
    stopped = any((finished.interrupted, soon, late, later, unrung, unexplained, last, unadvised))
    study = TargetStudy(
        dataset=dataset,
        findings=findings,
        plan=plan,
        trials=trials,
        scores=judged.scores,
        verdict=verdict,
        factors=explained.factors,
        attributions=explained.attributions,
        shapes=explained.shapes,
        groups=explained.groups,
        pairs=explained.pairs,
        profiler=explained.profiler,
        formation=explained.formation,
        intervals=held_out_intervals(headline[verdict.recommended], dataset, split),
        spec_risk=held_out_risk(headline[verdict.recommended], dataset),
        inside=TrainingRange.of(whole.X),
        outside_rate=outside_rate(dataset, split),
        final=final,
        caps=(
            *compared(dataset, whole),
            *caps(trials, plan, dataset, whole, effort),
            *alarm_caps(dataset, effort),
        ),
        seconds=dict(watch.seconds),
        savings=saved,
        alarms=alarms,
        advice=advice,
        confounding=judged.confounding,
        golden=golden,
    )
    return study, stopped
