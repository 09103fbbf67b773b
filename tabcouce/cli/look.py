"""`init` and `check`: look at the data and their roles; train nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from tabcouce.cli.app import app
from tabcouce.cli.errors import errors_as_exit_codes
from tabcouce.cli.options import AsJson, Context, Files, Out, RoleFile, Target, Unlabelled
from tabcouce.cli.places import spare_the_data
from tabcouce.cli.reading import Reading, takes_reading
from tabcouce.errors import Place, RoleError
from tabcouce.terminal import preview_document, print_picture, print_preview, print_roles, put, put_json


@app.command()
@takes_reading
def init(
    data: Files,
    *,
    out: Out = None,
    reading: Reading,
    target: Target = None,
    context: Context = None,
    unlabelled: Unlabelled = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing role file.")] = False,
) -> None:
    """Write a role file from guesses, with a reason per column, for you to correct."""
    with errors_as_exit_codes():
        from tabcouce.roles import write_role_file
        from tabcouce.study.inputs import guess_inputs, role_file_beside
        from tabcouce.study.stated import Stated

        path = out or role_file_beside(data[0])
        for file in data:
            spare_the_data(file, path)
        if path.exists() and not force:
            raise RoleError(
                "The role file exists already.",
                place=Place(file=str(path)),
                remedy="Give another name with --out, or replace it with --force.",
            )
        inputs = guess_inputs(
            data,
            reading.layout,
            Stated(tuple(target or ()), tuple(context or ()), unlabelled=unlabelled),
            join_file=reading.join_file,
        )
        layout, source = inputs.layout, inputs.table.source
        if not (layout.sheet or layout.stack_sheets):
            layout = replace(layout, sheet=source.sheet)
        write_role_file(inputs.roles, path, source, layout=layout)
        print_roles(inputs)
        put(str(path))


@app.command()
@takes_reading
def check(
    data: Files,
    *,
    roles: RoleFile = None,
    reading: Reading,
    target: Target = None,
    context: Context = None,
    unlabelled: Unlabelled = False,
    as_json: AsJson = False,
) -> None:
    """Check the data and its roles for leaks and traps; trains nothing."""
    with errors_as_exit_codes():
        from tabcouce.study.inputs import open_inputs
        from tabcouce.study.preview import preview

        inputs = open_inputs(
            data,
            role_file=roles,
            targets=target or (),
            context=context or (),
            layout=reading.layout,
            join_file=reading.join_file,
            unlabelled=unlabelled,
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
