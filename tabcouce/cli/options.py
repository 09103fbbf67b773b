"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

if TYPE_CHECKING:
    from tabcouce.roles.role import Approved, Task

Data = Annotated[Path, typer.Argument(help="Excel or CSV file.", show_default=False)]
Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="DATA...", help="Excel, CSV or Parquet file; several are stacked.", show_default=False
    ),
]
StudyFolder = Annotated[Path, typer.Argument(help="Folder that 'fit' wrote.", show_default=False)]
RoleFile = Annotated[Path | None, typer.Option("--roles", help="Role file (TOML).", show_default=False)]
Target = Annotated[
    list[str] | None, typer.Option("--target", help="Target column; may be repeated.", show_default=False)
]
Context = Annotated[
    list[str] | None, typer.Option("--context", help="Context column; may be repeated.", show_default=False)
]
TaskName = Annotated[
    str | None,
    typer.Option("--task", help="regression, binary, multiclass or anomaly.", show_default=False),
]
Unlabelled = Annotated[
    bool,
    typer.Option("--unlabelled", help="No target: learn what is normal and say what is not (anomaly)."),
]
ApprovedFrom = Annotated[
    str | None,
    typer.Option("--approved-from", help="Rows known to be normal: first time.", show_default=False),
]
ApprovedTo = Annotated[
    str | None,
    typer.Option("--approved-to", help="Rows known to be normal: last time.", show_default=False),
]
ApprovedWhere = Annotated[
    str | None,
    typer.Option(
        "--approved-where", metavar="COLUMN=VALUE", help="Rows known to be normal.", show_default=False
    ),
]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of the workbook.", show_default=False)]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of a text file: utf-8, cp932, ...", show_default=False)
]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write.", show_default=False)]
Lang = Annotated[str, typer.Option("--lang", help="Language of the report: en or ja.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
ShowPersons = Annotated[
    bool, typer.Option("--show-persons", help="Name operators and inspectors; else Person A, Person B.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]


LANGUAGES = ("en", "ja")


def check_language(lang: str) -> None:
    check_one_of(lang, LANGUAGES, "--lang")


def check_one_of(word: str, known: Iterable[str], option: str) -> None:
    """BadParameter that lists what an option takes, for any other word."""
    if word not in known:
        raise typer.BadParameter(f"'{word}' is not one of {', '.join(known)}.", param_hint=option)


def known_task(name: str | None) -> Task | None:
    """The task that --task names; BadParameter for another word."""
    from tabcouce.roles.role import Task

    if name is not None:
        check_one_of(name, get_args(Task), "--task")
    return cast("Task | None", name)


def anomaly_where(unlabelled: bool, task: Task | None, target: list[str] | None) -> Task | None:
    """The task, which is 'anomaly' without labels; BadParameter where other options contradict that."""
    if not unlabelled:
        return task
    if task not in (None, "anomaly") or target:
        raise typer.BadParameter("It has no target and its task is 'anomaly'.", param_hint="--unlabelled")
    return "anomaly"


def approved_period(start: str | None, end: str | None, where: str | None) -> Approved | None:
    """The approved period that the options name; None without any; BadParameter for half of one."""
    if start is None and end is None and where is None:
        return None
    from tabcouce.roles.role import Approved

    if where is None:
        return Approved(start=start, end=end)
    column, sign, value = where.rpartition("=")
    if not sign or not column.strip() or start is not None or end is not None:
        raise typer.BadParameter(
            "Give COLUMN=VALUE, and no --approved-from or --approved-to beside it.",
            param_hint="--approved-where",
        )
    return Approved(column=column.strip(), value=value.strip())
