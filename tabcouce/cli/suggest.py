"""`suggest`: the next runs as a sheet to fill in."""

from __future__ import annotations

from typing import Annotated

import typer

from tabcouce.cli.app import app
from tabcouce.cli.errors import errors_as_exit_codes
from tabcouce.cli.options import AsJson, Lang, Out, Seed, StudyFolder, check_language, check_one_of
from tabcouce.terminal import put, put_json, say

SEARCHES = ("own", "botorch")


@app.command()
def suggest(
    study: StudyFolder,
    goal: Annotated[
        str | None,
        typer.Option(help="maximise, minimise, target=12.5 or within-spec.", show_default=False),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=50, help="New runs; a control run is added.")] = 5,
    out: Out = None,
    target: Annotated[str | None, typer.Option(help="Target to improve.", show_default=False)] = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(help='Between settings: "A + B + C = 100"; may be repeated.', show_default=False),
    ] = None,
    separated: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--separate",
            metavar="FACTOR CONTEXT",
            help="Runs that tell a factor from a context, or from one level of it: feed machine=3.",
            show_default=False,
        ),
    ] = None,
    settable: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Column that can be set, instead of the declared conditions; may be repeated; 'all'.",
            show_default=False,
        ),
    ] = None,
    search: Annotated[
        str, typer.Option(help="Who builds the batch: own, or botorch (the extra 'bo').")
    ] = "own",
    lang: Lang = "en",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Suggest the next runs and write them as a sheet to fill in; 'fit --add' reads it back."""
    with errors_as_exit_codes():
        check_language(lang)
        check_one_of(search, SEARCHES, "--search")
        path = out or study / "runs.xlsx"
        if path.suffix.lower() != ".xlsx":
            raise typer.BadParameter(f"'{path.name}' does not end in .xlsx.", param_hint="--out")
        if path.exists():
            raise typer.BadParameter(
                f"'{path}' exists and may hold results; move it or give another name.", param_hint="--out"
            )
        from dataclasses import asdict

        from tabcouce.bundle import load_study
        from tabcouce.report.catalogue import words
        from tabcouce.report.plain import plain
        from tabcouce.report.run_sheet import reason, settings_text, suggestion_lines, write_runs
        from tabcouce.study.run_plan import plan_columns
        from tabcouce.study.suggest import next_runs

        saved = load_study(study)
        found = next_runs(
            saved,
            goal=goal,
            target=target,
            constraints=constraint or (),
            separated=separated,
            n=n,
            seed=seed,
            settable=settable or (),
            search=search,
        )
        if saved.past is not None:
            write_runs(found, plan_columns(saved.past, found.settings), saved.name, path, lang=lang)
        w = words(lang)
        if as_json:
            put_json(plain(asdict(found)))
        else:
            for line in suggestion_lines(found, w):
                put(line)
            for number, run in enumerate(found.runs, 1):
                put(f"{number}. {settings_text(run)}")
                put(f"   {reason(run, found, w)}")
        say(f"Run sheet: {path}")
