"""`review`: engineers judge the factors in a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tabcouce.cli.app import app
from tabcouce.cli.errors import errors_as_exit_codes
from tabcouce.cli.options import AsJson, Lang, RoleFile, Sheet, StudyFolder, check_language
from tabcouce.cli.places import spare_the_data
from tabcouce.errors import Place, RoleError
from tabcouce.terminal import put, put_json, say

if TYPE_CHECKING:
    from tabcouce.study.effort import EffortName
    from tabcouce.study.review import Change

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
