"""Where a command writes: never over the user's data."""

from __future__ import annotations

from pathlib import Path

import typer


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
