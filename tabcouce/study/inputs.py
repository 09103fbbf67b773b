"""From the paths a user names to a table with roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from tabcouce.errors import Place, RoleError
from tabcouce.read import Layout, Table, read_grid, read_tables, sheet_names
from tabcouce.roles import Declaration, Roles, read_role_file, read_role_sheet, resolve
from tabcouce.roles.declaration import Derived
from tabcouce.roles.derive import with_day_order
from tabcouce.roles.mask import masked
from tabcouce.roles.role import Approved, Golden, Task
from tabcouce.study.filled_runs import FilledRuns, with_runs
from tabcouce.study.stated import Stated

ROLE_SHEET = "roles"


@dataclass(frozen=True)
class Inputs:
    """A table and the roles of its columns.

    layout     how the table was read
    derive     columns that were made from others
    role_file  where the roles came from; None where they were guessed
    """

    table: Table
    roles: Roles
    layout: Layout
    derive: tuple[Derived, ...]
    role_file: str | None


def role_file_beside(data: Path) -> Path:
    """Where `init` writes: `<name>.roles.toml` beside the data."""
    stem = data.name.removesuffix(".gz").rsplit(".", 1)[0]
    return data.with_name(f"{stem}.roles.toml")


def find_role_file(data: Path) -> Path | None:
    """`<name>.roles.toml` beside the data; else a `roles.toml` there that names this very file.

    Raises  nothing: a roles.toml for another file is not ours
    """
    own = role_file_beside(data)
    if own.is_file():
        return own
    shared = data.with_name("roles.toml")
    if shared.is_file() and read_role_file(shared).file == data.name:
        return shared
    return None


def declared_roles(data: Path, role_file: Path | None) -> tuple[Declaration, str] | None:
    """What the engineer declared, and where: the named file, a file beside the data, a sheet."""
    if role_file is not None and not role_file.is_file():
        raise RoleError(
            "There is no such role file.",
            place=Place(file=str(role_file)),
            remedy="Give an existing file to --roles, or write one with 'tabcouce init'.",
        )
    path = role_file or find_role_file(data)
    if path is not None:
        return read_role_file(path), path.name
    # The reader leaves this sheet out of the data however its letters are written.
    for name in sheet_names(data):
        if name.strip().casefold() == ROLE_SHEET:
            return read_role_sheet(
                read_grid(data, name), Place(file=data.name, sheet=name)
            ), f"sheet '{name}'"
    return None


def layout_again(layout: Layout, data: Path, *, sheet: str | None) -> Layout:
    """How a new file is read: as the training file was, from the named sheet.

    Where none is named, the sheet of the training file counts if the new file has it too; so
    does the sheet it was joined with. A range of cells belongs to the training file alone.
    """
    held = sheet_names(data)
    wanted = sheet or (layout.sheet if layout.sheet in held else None)
    partner = layout.join if layout.join in held else None
    stacked = layout.stack_sheets and sheet is None and bool(held)
    return replace(layout, sheet=wanted, join=partner, stack_sheets=stacked, range=None)


def given_over(declared: Layout, given: Layout) -> Layout:
    """The layout of the role file with what the command line states instead."""
    default = Layout()
    stated = {f.name: getattr(given, f.name) for f in fields(Layout)}
    return replace(
        declared, **{key: value for key, value in stated.items() if value != getattr(default, key)}
    )


def open_inputs(
    data: Path | Sequence[Path],
    *,
    role_file: Path | None = None,
    sheet: str | None = None,
    targets: Sequence[str] = (),
    context: Sequence[str] = (),
    layout: Layout | None = None,
    join_file: Path | None = None,
    task: Task | None = None,
    added: Sequence[FilledRuns] = (),
    unlabelled: bool = False,
    approved: Approved | None = None,
    golden: Golden | None = None,
) -> Inputs:
    """Read the data and its roles; guess the roles where none are declared.

    data       one file, or several that are stacked; roles are sought beside the first
    targets, context, task, unlabelled, approved, golden  over what the role file or the guess says
               (`Stated`)
    layout     how to read the data where it differs from what the role file says
    join_file  file whose columns are added to the rows with the same key, `layout.on`
    added      filled run sheets, whose rows are put below those of the data
    """
    paths = (data,) if isinstance(data, Path) else tuple(data)
    given = layout or Layout()
    given = given if sheet is None else replace(given, sheet=sheet)
    stated = Stated(tuple(targets), tuple(context), task, unlabelled, approved, golden)
    declared = declared_roles(paths[0], role_file)
    if declared is None:
        return guess_inputs(paths, given, stated, join_file=join_file, added=added)
    declaration, where = declared
    found = given_over(declaration.layout, given)
    table = with_runs(read_tables(paths, found, join_file=join_file), added)
    resolved = resolve(stated.over(declaration), table)
    derive = with_day_order(declaration.derive, resolved.table)
    return Inputs(resolved.table, stated.with_task(resolved.roles), found, derive, where)


def guess_inputs(
    paths: Sequence[Path],
    layout: Layout,
    stated: Stated,
    *,
    join_file: Path | None = None,
    added: Sequence[FilledRuns] = (),
) -> Inputs:
    """Read the data and guess what is not stated, whatever lies beside it; see `open_inputs`."""
    table = with_runs(read_tables(paths, layout, join_file=join_file), added)
    return Inputs(table, stated.guessed(table), layout, (), None)


def masked_inputs(inputs: Inputs) -> Inputs:
    """The same rows without a name, level or value of the file; see `roles.mask`."""
    table, roles = masked(inputs.table, inputs.roles)
    return Inputs(table, roles, Layout(), (), inputs.role_file)
