"""`predict` and `similar`: a study used on a new file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabcouce.cli.app import app
from tabcouce.cli.errors import errors_as_exit_codes
from tabcouce.cli.options import (
    AsJson,
    Data,
    Encoding,
    Lang,
    Out,
    Sheet,
    StudyFolder,
    check_language,
    check_one_of,
)
from tabcouce.cli.places import spare_the_data, workbook_beside
from tabcouce.terminal import (
    first_rows_line,
    prediction_document,
    prediction_line,
    put,
    put_json,
    say,
    shots_line,
)

if TYPE_CHECKING:
    from tabcouce.study.calibrate import Shots

SPACES = ("auto", "encoder", "scaled", "leaves")


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
    first: Annotated[
        int | None,
        typer.Option(
            "--measure-first",
            min=1,
            metavar="K",
            help="Also name the K rows of the file to measure first; all are taken for one new machine.",
            show_default=False,
        ),
    ] = None,
    approved: Annotated[
        Path | None,
        typer.Option(
            "--approved",
            help="Rows known to be normal: their machines get an alarm scale of their own.",
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
        from tabcouce.study.measure import measure_first
        from tabcouce.study.predict import predict_study

        path = workbook_beside(data, out, "predictions")
        if calibrate is not None:
            spare_the_data(calibrate, path)
        if calibrate is not None and approved is not None:
            raise typer.BadParameter("Give one of --calibrate and --approved.", param_hint="--approved")
        saved = load_study(study)
        layout = layout_again(saved.layout, data, sheet=sheet)
        layout = layout if encoding is None else replace(layout, encoding=encoding)
        table = read_table(data, layout)
        normal = None
        if approved is not None:
            spare_the_data(approved, path)
            normal = read_table(approved, layout_again(saved.layout, approved, sheet=None))
        if calibrate is None:
            predictions = predict_study(saved, table, normal)
            shots: tuple[Shots | None, ...] = (None,) * len(predictions)
        else:
            few = read_table(calibrate, layout_again(saved.layout, calibrate, sheet=None))
            both = predict_with_shots(saved, table, few)
            predictions, shots = tuple(b.prediction for b in both), tuple(b.shots for b in both)
        telling = {} if first is None else {one.target: one for one in measure_first(saved, table, first)}
        write_predictions(predictions, path)
        if as_json:
            put_json(
                [
                    prediction_document(p, s, telling.get(p.target))
                    for p, s in zip(predictions, shots, strict=True)
                ]
            )
        for prediction, moved in zip(predictions, shots, strict=True):
            if not as_json:
                put(prediction_line(prediction))
                if moved is not None:
                    put(f"  {shots_line(moved)}")
                if prediction.target in telling:
                    put(f"  {first_rows_line(telling[prediction.target])}")
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
    golden: Annotated[
        str | None,
        typer.Option(
            "--golden",
            help="COLUMN=LEVEL: compare with this golden lot block by block, instead of searching.",
            show_default=False,
        ),
    ] = None,
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
        from tabcouce.report.golden_text import golden_document, golden_lines, write_golden
        from tabcouce.report.similar_sheet import write_similar
        from tabcouce.report.similar_text import similar_document, similar_lines
        from tabcouce.study.golden import golden_rows
        from tabcouce.study.inputs import layout_again
        from tabcouce.study.similar import similar_rows

        check_language(lang)
        check_one_of(space, SPACES, "--space")
        path = workbook_beside(data, out, "similar")
        saved = load_study(study)
        layout = layout_again(saved.layout, data, sheet=sheet)
        layout = layout if encoding is None else replace(layout, encoding=encoding)
        table = read_table(data, layout)
        if golden is not None:
            compared = golden_rows(saved, table, golden, by=by)
            write_golden(compared, path, words(lang))
            if as_json:
                put_json([golden_document(each) for each in compared])
            for each in compared:
                for line in () if as_json else golden_lines(each, words(lang)):
                    put(line)
            say(f"Golden lot: {path}")
            return
        answers = similar_rows(saved, table, k=k, space=space, by=by)
        write_similar(answers, path, words(lang))
        if as_json:
            put_json([similar_document(answer) for answer in answers])
        for answer in answers:
            if not as_json:
                for line in similar_lines(answer, words(lang)):
                    put(line)
        say(f"Similar rows: {path}")
