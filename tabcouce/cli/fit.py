"""`fit`: compare the models and write the report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tabcouce.cli.app import app
from tabcouce.cli.errors import errors_as_exit_codes
from tabcouce.cli.options import (
    ApprovedFrom,
    ApprovedTo,
    ApprovedWhere,
    AsJson,
    Context,
    Files,
    Lang,
    Out,
    Quiet,
    RoleFile,
    Seed,
    ShowPersons,
    Target,
    TaskName,
    Unlabelled,
    anomaly_where,
    approved_period,
    check_language,
    check_one_of,
    known_task,
)
from tabcouce.cli.reading import Reading, takes_reading
from tabcouce.errors import Place, RoleError
from tabcouce.terminal import print_roles, progress, put, put_json, say

if TYPE_CHECKING:
    from tabcouce.evaluation import Executor
    from tabcouce.models.further import Further
    from tabcouce.study.effort import EffortName
    from tabcouce.study.filled_runs import FilledRuns

UNFINISHED = ".unfinished"
"""Finished folds beside the outputs, until these are complete."""
DEVICES = ("auto", "cpu", "cuda", "mps")


@app.command()
@takes_reading
def fit(
    data: Files,
    *,
    roles: RoleFile = None,
    out: Out = None,
    effort: Annotated[str, typer.Option(help="quick, standard or thorough.")] = "standard",
    reading: Reading,
    target: Target = None,
    context: Context = None,
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", help="Filled run sheet of 'suggest': further rows.", show_default=False),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="A further model, if installed: xgboost, catboost, tabicl:FILE (a checkpoint on this "
            "computer), or a detector as pyod:ecod.ECOD.",
            show_default=False,
        ),
    ] = None,
    task: TaskName = None,
    unlabelled: Unlabelled = False,
    approved_from: ApprovedFrom = None,
    approved_to: ApprovedTo = None,
    approved_where: ApprovedWhere = None,
    golden: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=LEVEL",
            help="Golden lot, or a row by its number: the report shows what differs most from it.",
            show_default=False,
        ),
    ] = None,
    lang: Lang = "en",
    seed: Seed = 0,
    device: Annotated[str, typer.Option(help="Device of the encoder: auto, cpu, cuda or mps.")] = "auto",
    address: Annotated[
        str | None,
        typer.Option(
            "--cluster", help="Train on this Dask cluster, e.g. tcp://host:8786.", show_default=False
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from what a killed or interrupted run had finished.")
    ] = False,
    show_persons: ShowPersons = False,
    mask: Annotated[
        bool, typer.Option("--mask", help="Hide all names, levels and values: a report to show outside.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop instead of guessing roles.")] = False,
    require: Annotated[
        str | None, typer.Option(help="Gate on the headline score: 'r2>=0.5', 'rmse<=2'.", show_default=False)
    ] = None,
    fail_on_no_model: Annotated[
        bool, typer.Option("--fail-on-no-model", help="Exit code 5 when the verdict is 'do not predict'.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare the models on contexts never seen and write the report."""
    with errors_as_exit_codes():
        from tabcouce.roles.golden import golden_of
        from tabcouce.study.effort import EFFORTS
        from tabcouce.study.gate import failures, parse_gate
        from tabcouce.study.inputs import masked_inputs, open_inputs

        check_one_of(effort, EFFORTS, "--effort")
        check_language(lang)
        check_one_of(device, DEVICES, "--device")
        more = further_models(also or ())
        try:
            gate = None if require is None else parse_gate(require)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--require") from error
        inputs = open_inputs(
            data,
            role_file=roles,
            targets=target or (),
            context=context or (),
            layout=reading.layout,
            join_file=reading.join_file,
            task=anomaly_where(unlabelled, known_task(task), target),
            unlabelled=unlabelled,
            approved=approved_period(approved_from, approved_to, approved_where),
            golden=golden_of(golden, Place(file=str(data[0]))),
            added=filled_runs(add or ()),
        )
        if inputs.role_file is None and strict:
            raise RoleError(
                "No roles are declared and --strict forbids guessing.",
                place=Place(file=str(data[0])),
                remedy="Write a role file with 'tabcouce init', correct it and run again.",
            )
        if not quiet:
            print_roles(inputs)
        inputs = masked_inputs(inputs) if mask else inputs
        from tabcouce.bundle import check_writable, save_study
        from tabcouce.report import result_document, summarize, verdict_sentences
        from tabcouce.study.fit import fit_study
        from tabcouce.study.journal import Journal

        stem = data[0].name.removesuffix(".gz").rsplit(".", 1)[0]
        folder = out or Path("reports") / (f"{stem}-masked" if mask else stem)
        check_writable(folder)
        journal = Journal(folder / UNFINISHED, resume)
        with executor_at(address) as executor, progress(quiet) as listener:
            study = fit_study(
                inputs.table,
                inputs.roles,
                name="masked" if mask else folder.name,
                layout=inputs.layout,
                derive=inputs.derive,
                effort=replace(EFFORTS[cast("EffortName", effort)], also=more),
                seed=seed,
                device=device,
                executor=executor,
                journal=journal,
                listener=listener,
            )
        summary = summarize(study)
        save_study(study, summary, folder, lang=lang, show_persons=show_persons)
        if not study.interrupted:
            journal.remove()
        if as_json:
            documents = [result_document(summary, k) for k in range(len(summary.targets))]
            put_json(documents)
        for part in summary.targets:
            if not as_json:
                put(part.target.name or "nothing labelled")
                for sentence in verdict_sentences(part, lang):
                    put(f"  {sentence}")
        say(f"Report: {folder / 'report.html'}")
        if study.interrupted:
            say("Interrupted: the report holds the models that were finished; --resume goes on from them.")
            raise typer.Exit(130)
        failed = () if gate is None else failures(gate, study)
        for line in failed:
            say(f"Gate failed: {line}")
        if failed:
            raise typer.Exit(4)
        if fail_on_no_model and any(t.verdict.outcome == "do_not_predict" for t in study.targets):
            raise typer.Exit(5)


def further_models(names: Sequence[str]) -> tuple[Further, ...]:
    """The models that --with names, each once."""
    if not names:
        return ()
    from tabcouce.models.further import further

    try:
        return tuple(dict.fromkeys(further(name) for name in names))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--with") from error


def executor_at(address: str | None) -> AbstractContextManager[Executor]:
    """The cluster that --cluster names, or this computer."""
    from tabcouce.evaluation import LocalExecutor
    from tabcouce.evaluation.cluster import cluster

    return nullcontext(LocalExecutor()) if address is None else cluster(address)


def filled_runs(sheets: Sequence[Path]) -> tuple[FilledRuns, ...]:
    """The run sheets that --add names."""
    if not sheets:
        return ()
    from tabcouce.report.run_reader import read_runs

    return tuple(read_runs(path) for path in sheets)
