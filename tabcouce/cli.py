"""The command line: parse, call one room, print. Data on stdout, everything else on stderr.

Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 the input or its roles cannot be used,
4 a --require gate failed, 5 verdict 'do not predict' (only with --fail-on-no-model),
130 interrupted (finished models are saved).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from tabcouce.errors import MissingExtraError, Place, RoleError, TabcouceError
from tabcouce.terminal import (
    prediction_document,
    prediction_line,
    preview_document,
    print_picture,
    print_preview,
    print_roles,
    progress,
    put,
    put_json,
    say,
    shots_line,
)

if TYPE_CHECKING:
    from tabcouce.read import Layout
    from tabcouce.roles.role import Task
    from tabcouce.study.calibrate import Shots
    from tabcouce.study.effort import EffortName
    from tabcouce.study.filled_runs import FilledRuns
    from tabcouce.study.review import Change

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Honest models for process data: compared on machines and lots never seen.",
    epilog="Everything runs on this computer; no data leave it.",
)

Data = Annotated[Path, typer.Argument(help="Excel or CSV file.", show_default=False)]
StudyFolder = Annotated[Path, typer.Argument(help="Folder that 'fit' wrote.", show_default=False)]
RoleFile = Annotated[Path | None, typer.Option("--roles", help="Role file (TOML).", show_default=False)]
Target = Annotated[
    list[str] | None, typer.Option("--target", help="Target column; may be repeated.", show_default=False)
]
Context = Annotated[
    list[str] | None, typer.Option("--context", help="Context column; may be repeated.", show_default=False)
]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of the workbook.", show_default=False)]
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="DATA...", help="Excel, CSV or Parquet file; several are stacked.", show_default=False
    ),
]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of a text file: utf-8, cp932, ...", show_default=False)
]
CellsRead = Annotated[
    str | None, typer.Option("--range", help="Cells to read, e.g. A3:H60.", show_default=False)
]
Transpose = Annotated[
    bool | None, typer.Option(help="The sheet lies on its side: names in column A.", show_default=False)
]
FillDown = Annotated[
    list[str] | None,
    typer.Option("--fill-down", help="Column whose blank cells take the value above.", show_default=False),
]
StackSheets = Annotated[
    bool, typer.Option("--stack-sheets", help="Read all sheets of the same columns; 'sheet' is a context.")
]
JoinWith = Annotated[
    str | None,
    typer.Option("--join", help="Sheet or file whose columns are added by key.", show_default=False),
]
JoinOn = Annotated[
    list[str] | None, typer.Option("--on", help="Key column of the join, e.g. lot.", show_default=False)
]
TaskName = Annotated[
    str | None,
    typer.Option("--task", help="regression, binary, multiclass or anomaly.", show_default=False),
]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write.", show_default=False)]
Lang = Annotated[str, typer.Option("--lang", help="Language of the report: en or ja.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]


@contextmanager
def errors_as_exit_codes() -> Iterator[None]:
    """The program's one handler: an error becomes one message and an exit code."""
    try:
        yield
    except (typer.Exit, typer.BadParameter):
        raise
    except TabcouceError as error:
        say(f"Error: {error}")
        raise typer.Exit(2 if isinstance(error, MissingExtraError) else 3) from error
    except KeyboardInterrupt as error:
        say("Interrupted before the first model was finished; nothing was written.")
        raise typer.Exit(130) from error
    except OSError as error:
        what, remedy = why_not_written(error)
        say(f"Error: {what}\n{remedy}")
        raise typer.Exit(3) from error
    except Exception as error:
        if os.environ.get("TABCOUCE_DEBUG"):
            raise
        say(f"Internal error: {type(error).__name__}: {error}")
        say("This is a fault of tabcouce. Set TABCOUCE_DEBUG=1 to see where it happened.")
        raise typer.Exit(1) from error


def why_not_written(error: OSError) -> tuple[str, str]:
    """What happened and what to do, for files that the command writes; reading has its own errors."""
    path = Path(error.filename or ".")
    # Drafts lie beside the file that was named.
    folder = path if path.is_dir() else path.parent
    if not folder.exists():
        return f"{folder}: there is no such folder.", "Make the folder first, or choose another with --out."
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return f"{path} is a file, not a folder.", "Choose a folder with --out."
    reason = error.strerror or str(error)
    path = path if path.exists() else folder
    if isinstance(error, PermissionError):
        return (
            f"{path} cannot be written ({reason}).",
            "Close it in Excel or the viewer if it is open, or choose another place with --out.",
        )
    return f"{path} cannot be written ({reason}).", "Make room, or choose another place with --out."


def reading(
    sheet: str | None,
    encoding: str | None,
    cells: str | None,
    transpose: bool | None,
    fill_down: list[str] | None,
    stack_sheets: bool,
    join: str | None,
    on: list[str] | None,
) -> tuple[Layout, Path | None]:
    """How the command line wants the data read, and the second file of a join."""
    from tabcouce.read import Layout

    joins_file = join is not None and Path(join).is_file()
    layout = Layout(
        sheet=sheet,
        encoding=encoding,
        range=cells,
        transpose=transpose,
        fill_down=tuple(fill_down or ()),
        stack_sheets=stack_sheets,
        join=None if joins_file else join,
        on=tuple(on or ()),
    )
    return layout, Path(join) if join is not None and joins_file else None


def known_task(name: str | None) -> Task | None:
    """The task that --task names; BadParameter for another word."""
    from tabcouce.roles.role import Task

    if name is not None and name not in get_args(Task):
        raise typer.BadParameter(f"'{name}' is not one of {', '.join(get_args(Task))}.", param_hint="--task")
    return cast("Task | None", name)


@app.command()
def init(
    data: Files,
    out: Out = None,
    sheet: Sheet = None,
    encoding: Encoding = None,
    cells: CellsRead = None,
    transpose: Transpose = None,
    fill_down: FillDown = None,
    stack_sheets: StackSheets = False,
    join: JoinWith = None,
    on: JoinOn = None,
    target: Target = None,
    context: Context = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing role file.")] = False,
) -> None:
    """Write a role file from guesses, with a reason per column, for you to correct."""
    with errors_as_exit_codes():
        from tabcouce.read import read_tables
        from tabcouce.roles import propose, write_role_file
        from tabcouce.study.inputs import Inputs, role_file_beside

        path = out or role_file_beside(data[0])
        for file in data:
            spare_the_data(file, path)
        if path.exists() and not force:
            raise RoleError(
                "The role file exists already.",
                place=Place(file=str(path)),
                remedy="Give another name with --out, or replace it with --force.",
            )
        layout, join_file = reading(sheet, encoding, cells, transpose, fill_down, stack_sheets, join, on)
        table = read_tables(data, layout, join_file=join_file)
        roles = propose(table, targets=tuple(target or ()), context=tuple(context or ()))
        write_role_file(
            roles,
            path,
            table.source,
            layout=layout if layout.sheet or stack_sheets else replace(layout, sheet=table.source.sheet),
        )
        print_roles(Inputs(table, roles, layout, (), None))
        put(str(path))


@app.command()
def check(
    data: Files,
    roles: RoleFile = None,
    sheet: Sheet = None,
    encoding: Encoding = None,
    cells: CellsRead = None,
    transpose: Transpose = None,
    fill_down: FillDown = None,
    stack_sheets: StackSheets = False,
    join: JoinWith = None,
    on: JoinOn = None,
    target: Target = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """Check the data and its roles for leaks and traps; trains nothing."""
    with errors_as_exit_codes():
        from tabcouce.study.inputs import open_inputs
        from tabcouce.study.preview import preview

        layout, join_file = reading(sheet, encoding, cells, transpose, fill_down, stack_sheets, join, on)
        inputs = open_inputs(
            data,
            role_file=roles,
            targets=target or (),
            context=context or (),
            layout=layout,
            join_file=join_file,
        )
        if not as_json:
            print_picture(inputs.table)
            print_roles(inputs)
        previews = preview(inputs, name=data[0].stem)
        if as_json:
            put_json([preview_document(part, inputs.table) for part in previews])
            return
        for part in previews:
            print_preview(part)


@app.command()
def fit(
    data: Files,
    roles: RoleFile = None,
    out: Out = None,
    effort: Annotated[str, typer.Option(help="quick, standard or thorough.")] = "standard",
    sheet: Sheet = None,
    encoding: Encoding = None,
    cells: CellsRead = None,
    transpose: Transpose = None,
    fill_down: FillDown = None,
    stack_sheets: StackSheets = False,
    join: JoinWith = None,
    on: JoinOn = None,
    target: Target = None,
    context: Context = None,
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", help="Filled run sheet of 'suggest': further rows.", show_default=False),
    ] = None,
    task: TaskName = None,
    lang: Lang = "en",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="Device of the encoder: auto, cpu or cuda.")] = "auto",
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
        from tabcouce.study.effort import EFFORTS
        from tabcouce.study.gate import failures, parse_gate
        from tabcouce.study.inputs import open_inputs

        if effort not in EFFORTS:
            raise typer.BadParameter(f"'{effort}' is not one of {', '.join(EFFORTS)}.", param_hint="--effort")
        check_language(lang)
        if device not in DEVICES:
            raise typer.BadParameter(f"'{device}' is not one of {', '.join(DEVICES)}.", param_hint="--device")
        try:
            gate = None if require is None else parse_gate(require)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--require") from error
        layout, join_file = reading(sheet, encoding, cells, transpose, fill_down, stack_sheets, join, on)
        inputs = open_inputs(
            data,
            role_file=roles,
            targets=target or (),
            context=context or (),
            layout=layout,
            join_file=join_file,
            task=known_task(task),
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
        from tabcouce.bundle import check_writable, save_study
        from tabcouce.report import result_document, summarize, verdict_sentences
        from tabcouce.study.fit import fit_study

        folder = out or Path("reports") / data[0].name.removesuffix(".gz").rsplit(".", 1)[0]
        check_writable(folder)
        with progress(quiet) as listener:
            study = fit_study(
                inputs.table,
                inputs.roles,
                name=folder.name,
                layout=inputs.layout,
                derive=inputs.derive,
                effort=EFFORTS[effort],
                seed=seed,
                device=device,
                listener=listener,
            )
        summary = summarize(study)
        save_study(study, summary, folder, lang=lang)
        if as_json:
            documents = [result_document(summary, k) for k in range(len(summary.targets))]
            put_json(documents)
        for part in summary.targets:
            if not as_json:
                put(f"{part.target.name}")
                for sentence in verdict_sentences(part, lang):
                    put(f"  {sentence}")
        say(f"Report: {folder / 'report.html'}")
        if study.interrupted:
            say("Interrupted: the report holds the models that were finished.")
            raise typer.Exit(130)
        failed = () if gate is None else failures(gate, study)
        for line in failed:
            say(f"Gate failed: {line}")
        if failed:
            raise typer.Exit(4)
        if fail_on_no_model and any(t.verdict.outcome == "do_not_predict" for t in study.targets):
            raise typer.Exit(5)


@app.command()
def predict(
    study: StudyFolder,
    data: Data,
    out: Out = None,
    sheet: Sheet = None,
    encoding: Encoding = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            "--calibrate",
            help="Labelled rows of one new machine: predictions for it beside the blind ones.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Predict every row of a new file; scores it where the file holds the target."""
    with errors_as_exit_codes():
        from tabcouce.bundle import load_study
        from tabcouce.read import read_table
        from tabcouce.report.prediction_sheet import write_predictions
        from tabcouce.study.calibrate import predict_with_shots
        from tabcouce.study.inputs import layout_again
        from tabcouce.study.predict import predict_study

        path = workbook_beside(data, out, "predictions")
        if calibrate is not None:
            spare_the_data(calibrate, path)
        saved = load_study(study)
        layout = layout_again(saved.layout, data, sheet=sheet)
        layout = layout if encoding is None else replace(layout, encoding=encoding)
        table = read_table(data, layout)
        if calibrate is None:
            predictions = predict_study(saved, table)
            shots: tuple[Shots | None, ...] = (None,) * len(predictions)
        else:
            few = read_table(calibrate, layout_again(saved.layout, calibrate, sheet=None))
            both = predict_with_shots(saved, table, few)
            predictions, shots = tuple(b.prediction for b in both), tuple(b.shots for b in both)
        write_predictions(predictions, path)
        if as_json:
            put_json([prediction_document(p, s) for p, s in zip(predictions, shots, strict=True)])
        for prediction, moved in zip(predictions, shots, strict=True):
            if not as_json:
                put(prediction_line(prediction))
                if moved is not None:
                    put(f"  {shots_line(moved)}")
            for note in (*prediction.notes, *(moved.notes if moved is not None else ())):
                say(f"Note: {note}")
        say(f"Predictions: {path}")


@app.command()
def similar(
    study: StudyFolder,
    data: Data,
    k: Annotated[int, typer.Option("--k", min=1, help="Past rows per new row.")] = 5,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Context column: compare its levels, not rows.", show_default=False),
    ] = None,
    space: Annotated[str, typer.Option(help="auto, encoder, scaled or leaves.")] = "auto",
    out: Out = None,
    sheet: Sheet = None,
    encoding: Encoding = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Show the past rows or lots most like those of a new file, and what they differ in."""
    with errors_as_exit_codes():
        from tabcouce.bundle import load_study
        from tabcouce.read import read_table
        from tabcouce.report.catalogue import words
        from tabcouce.report.similar_sheet import write_similar
        from tabcouce.report.similar_text import similar_document, similar_lines
        from tabcouce.study.inputs import layout_again
        from tabcouce.study.similar import similar_rows

        check_language(lang)
        if space not in SPACES:
            raise typer.BadParameter(f"'{space}' is not one of {', '.join(SPACES)}.", param_hint="--space")
        path = workbook_beside(data, out, "similar")
        saved = load_study(study)
        layout = layout_again(saved.layout, data, sheet=sheet)
        layout = layout if encoding is None else replace(layout, encoding=encoding)
        answers = similar_rows(saved, read_table(data, layout), k=k, space=space, by=by)
        write_similar(answers, path, words(lang))
        if as_json:
            put_json([similar_document(answer) for answer in answers])
        for answer in answers:
            if not as_json:
                for line in similar_lines(answer, words(lang)):
                    put(line)
        say(f"Similar rows: {path}")


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
            help="Runs that tell a factor from a context.",
            show_default=False,
        ),
    ] = None,
    lang: Lang = "en",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Suggest the next runs and write them as a sheet to fill in; 'fit --add' reads it back."""
    with errors_as_exit_codes():
        check_language(lang)
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
            saved, goal=goal, target=target, constraints=constraint or (), separated=separated, n=n, seed=seed
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


@app.command()
def report(
    what: Annotated[
        list[Path],
        typer.Argument(
            metavar="STUDY | compare STUDY STUDY", help="Folder that 'fit' wrote, or two of them."
        ),
    ],
    lang: Lang = "en",
    out: Annotated[
        Path | None, typer.Option("--out", help="Page of the comparison (.html).", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Render the report again, in another language too; or compare two studies. Trains nothing."""
    with errors_as_exit_codes():
        check_language(lang)
        if len(what) == 1:
            from tabcouce.bundle import load_summary, render

            summary, predictions = load_summary(what[0])
            render(summary, predictions, what[0], lang=lang)
            put(str(what[0] / "report.html"))
        elif len(what) == 3 and str(what[0]) == "compare":
            compare_studies(what[1], what[2], lang, out, as_json)
        else:
            raise typer.BadParameter(
                "Give one study, or 'compare' and two studies.", param_hint="STUDY | compare STUDY STUDY"
            )


def compare_studies(first: Path, second: Path, lang: str, out: Path | None, as_json: bool) -> None:
    """Tell what changed from one study to another, and write it as a page."""
    from dataclasses import asdict

    from tabcouce.bundle import load_summary
    from tabcouce.report import compare, comparison_lines, write_comparison

    comparison = compare(load_summary(first)[0], load_summary(second)[0])
    if as_json:
        put_json(asdict(comparison))
    else:
        for line in comparison_lines(comparison, lang):
            put(line)
    path = out or second / f"compared-with-{first.resolve().name}.html"
    write_comparison(comparison, path, lang)
    say(f"Comparison: {path}")


review_app = typer.Typer(no_args_is_help=True, help="Let engineers judge the factors in a workbook.")
app.add_typer(review_app, name="review")


@review_app.command("export")
def review_export(
    study: StudyFolder,
    out: Annotated[Path, typer.Argument(help="Workbook to write (.xlsx).", show_default=False)],
    lang: Lang = "en",
    show: Annotated[
        bool, typer.Option("--show", help="Also show what the model found; by default the review is blind.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing workbook.")] = False,
) -> None:
    """Write a workbook that asks for each factor's expected direction, with drop-downs."""
    with errors_as_exit_codes():
        check_language(lang)
        from tabcouce.bundle import load_study, load_summary
        from tabcouce.report.review_sheet import review_rows, write_review

        if out.suffix.lower() != ".xlsx":
            raise typer.BadParameter(f"'{out.name}' does not end in .xlsx.", param_hint="OUT")
        if out.exists() and not force:
            raise RoleError(
                "The workbook exists already; it may hold someone's entries.",
                place=Place(file=str(out)),
                remedy="Give another name, or replace it with --force.",
            )
        summary, _ = load_summary(study)
        write_review(summary, review_rows(load_study(study), summary), out, lang=lang, show=show)
        put(str(out))


@review_app.command("import")
def review_import(
    study: StudyFolder,
    reviews: Annotated[list[Path], typer.Argument(help="Filled workbooks, one or more.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="The study's Excel or CSV file: refit and show the cost.", show_default=False
        ),
    ] = None,
    roles: RoleFile = None,
    sheet: Sheet = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Role file to write with the review.", show_default=False)
    ] = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Read filled workbooks: agreement, disputes and, with --data, what the review costs in score."""
    with errors_as_exit_codes():
        check_language(lang)
        from tabcouce.bundle import load_study, load_summary
        from tabcouce.report.review_reader import read_review
        from tabcouce.report.review_sheet import review_rows
        from tabcouce.report.review_text import review_document, review_lines

        summary, _ = load_summary(study)
        names = tuple(row.name for row in review_rows(load_study(study), summary))
        review = read_review(tuple(reviews), names)
        changes: tuple[Change, ...] = ()
        if data is not None:
            from tabcouce.advice.review import reviewed_roles
            from tabcouce.roles import write_role_file
            from tabcouce.study.effort import EFFORTS
            from tabcouce.study.inputs import open_inputs
            from tabcouce.study.review import review_costs

            inputs = open_inputs(data, role_file=roles, sheet=sheet)
            changes = review_costs(
                inputs, review, EFFORTS[cast("EffortName", summary.effort)], name=data.stem, seed=summary.seed
            )
            path = out or study / "reviewed.roles.toml"
            spare_the_data(data, path)
            write_role_file(
                reviewed_roles(inputs.roles, review),
                path,
                inputs.table.source,
                layout=inputs.layout,
                derive=inputs.derive,
            )
            say(f"Roles with the review: {path}")
            if inputs.table.source.sha256 != summary.source.sha256:
                say("Note: the data are not the file the study was fitted on.")
        if as_json:
            put_json(review_document(review, changes, summary))
            return
        for line in review_lines(review, changes, summary, lang):
            put(line)


def filled_runs(sheets: Sequence[Path]) -> tuple[FilledRuns, ...]:
    """The run sheets that --add names."""
    if not sheets:
        return ()
    from tabcouce.report.run_reader import read_runs

    return tuple(read_runs(path) for path in sheets)


def spare_the_data(data: Path, out: Path) -> None:
    """The user's file is only ever read, also where --out names it."""
    if out.resolve() == data.resolve():
        raise typer.BadParameter(f"'{out}' is the data itself; it is never overwritten.", param_hint="--out")


def workbook_beside(data: Path, out: Path | None, what: str) -> Path:
    """Where an answer about a file goes: --out, or '<name>.<what>.xlsx' beside it."""
    path = out or data.with_name(f"{data.name.rsplit('.', 1)[0]}.{what}.xlsx")
    spare_the_data(data, path)
    if path.suffix.lower() != ".xlsx":
        raise typer.BadParameter(
            f"'{path.name}' does not end in .xlsx; {what} are written as a workbook.", param_hint="--out"
        )
    return path


LANGUAGES = ("en", "ja")
SPACES = ("auto", "encoder", "scaled", "leaves")
DEVICES = ("auto", "cpu", "cuda")


def check_language(lang: str) -> None:
    if lang not in LANGUAGES:
        raise typer.BadParameter(f"'{lang}' is not one of {', '.join(LANGUAGES)}.", param_hint="--lang")


def main() -> None:
    """Entry point of the `tabcouce` command."""
    app()


if __name__ == "__main__":
    main()
