"""`report`: render a study again, or compare two."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabcouce.cli.app import app
from tabcouce.cli.errors import errors_as_exit_codes
from tabcouce.cli.options import AsJson, Lang, ShowPersons, check_language
from tabcouce.terminal import put, put_json, say

if TYPE_CHECKING:
    from tabcouce.report import Summary


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
    show_persons: ShowPersons = False,
    mask: Annotated[
        bool, typer.Option("--mask", help="Only if it was fitted with 'fit --mask'; else say how.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Render the report again, in another language too; or compare two studies. Trains nothing."""
    with errors_as_exit_codes():
        check_language(lang)
        if len(what) == 1:
            from tabcouce.bundle import load_summary, render

            summary, predictions = load_summary(what[0])
            if mask:
                check_masked(summary, what[0])
            render(summary, predictions, what[0], lang=lang, show_persons=show_persons)
            put(str(what[0] / "report.html"))
        elif len(what) == 3 and str(what[0]) == "compare":
            compare_studies(what[1], what[2], lang, out, mask, show_persons, as_json)
        else:
            raise typer.BadParameter(
                "Give one study, or 'compare' and two studies.", param_hint="STUDY | compare STUDY STUDY"
            )


def check_masked(summary: Summary, folder: Path) -> None:
    """A study cannot be masked after it was fitted: its scores, limits and curves are in the file's units.

    Only a study of masked values holds none of them; it is fitted anew, from the file.

    Raises  BundleError with the command, unless the study was fitted under the mask
    """
    from tabcouce.errors import BundleError, Place
    from tabcouce.roles.mask import FILE

    if summary.source.file == FILE:
        return
    command = f"tabcouce fit {summary.source.file} --mask --effort {summary.effort} --seed {summary.seed}"
    raise BundleError(
        "This study was fitted on open values: scores, limits and curves in the units of the file, which "
        "no renaming hides.",
        place=Place(file=str(folder)),
        remedy=f"Fit it under the mask, with the same role file and options: {command}",
    )


def compare_studies(
    first: Path, second: Path, lang: str, out: Path | None, mask: bool, show_persons: bool, as_json: bool
) -> None:
    """Tell what changed from one study to another, and write it as a page; it shows what a report may.

    Raises  BundleError if a mask is asked for and a study was fitted on open values
    """
    from dataclasses import asdict

    from tabcouce.bundle import load_summary
    from tabcouce.report import compare, comparison_lines, write_comparison
    from tabcouce.report.catalogue import words
    from tabcouce.report.persons import without_persons

    shown = []
    for folder in (first, second):
        summary, predictions = load_summary(folder)
        if mask:
            check_masked(summary, folder)
        shown.append(summary if show_persons else without_persons(summary, predictions, words(lang))[0])
    comparison = compare(*shown)
    if as_json:
        put_json(asdict(comparison))
    else:
        for line in comparison_lines(comparison, lang):
            put(line)
    path = out or second / f"compared-with-{first.resolve().name}.html"
    write_comparison(comparison, path, lang)
    say(f"Comparison: {path}")
