"""How the data are to be read: eight options that `init`, `check` and `fit` take as one value."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tabcouce.cli.options import Encoding, Sheet

if TYPE_CHECKING:
    from tabcouce.read import Layout

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


@dataclass(frozen=True)
class Reading:
    """The reading options of a command line; each field is an option."""

    sheet: Sheet = None
    encoding: Encoding = None
    cells: CellsRead = None
    transpose: Transpose = None
    fill_down: FillDown = None
    stack_sheets: StackSheets = False
    join: JoinWith = None
    on: JoinOn = None

    @property
    def join_file(self) -> Path | None:
        """The second file of a join; None where --join names a sheet."""
        return Path(self.join) if self.join is not None and Path(self.join).is_file() else None

    @property
    def layout(self) -> Layout:
        from tabcouce.read import Layout

        return Layout(
            sheet=self.sheet,
            encoding=self.encoding,
            range=self.cells,
            transpose=self.transpose,
            fill_down=tuple(self.fill_down or ()),
            stack_sheets=self.stack_sheets,
            join=self.join if self.join_file is None else None,
            on=tuple(self.on or ()),
        )


def takes_reading(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameter `reading` is given as the options of `Reading`.

    typer knows no groups of options: it sees the fields in the place of the group.
    """
    own = inspect.signature(command, eval_str=True)
    group = inspect.signature(Reading, eval_str=True).parameters

    @wraps(command)
    def flat(**given: Any) -> None:
        reading = Reading(**{field.name: given.pop(field.name) for field in fields(Reading)})
        command(reading=reading, **given)

    parameters = [
        option.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in own.parameters.values()
        for option in (group.values() if parameter.name == "reading" else (parameter,))
    ]
    del flat.__wrapped__  # type: ignore[attr-defined]  # its signature is no longer that of the command
    flat.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {option.name: option.annotation for option in parameters}
    return flat
