"""From the paths a user names to a table with roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from tabcouce.errors import Place, RoleError
from tabcouce.read import Layout, Table, read_grid, read_tables, sheet_names
from tabcouce.roles import Declaration, Roles, override, propose, read_role_file, read_role_sheet, resolve
from tabcouce.roles.approved import named
from tabcouce.roles.declaration import Derived
from tabcouce.roles.derive import with_day_order
from tabcouce.roles.golden import named_golden
from tabcouce.roles.mask import masked
from tabcouce.roles.role import Approved, Golden, Task
from tabcouce.study.filled_runs import FilledRuns, with_runs

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
    targets, context, task  override what the role file or the guess says
    layout     how to read the data where it differs from what the role file says
    join_file  file whose columns are added to the rows with the same key, `layout.on`
    unlabelled  there is no target: what the role file names as one is no input either
    approved   rows known to be normal, over what the role file says
    golden     lot or row that others are compared with, likewise
    added      filled run sheets, whose rows are put below those of the data
    """
    paths = (data,) if isinstance(data, Path) else tuple(data)
    given = layout or Layout()
    given = given if sheet is None else replace(given, sheet=sheet)
    declared = declared_roles(paths[0], role_file)
    if declared is None:
        return guess_inputs(
            paths,
            given,
            targets=targets,
            context=context,
            join_file=join_file,
            task=task,
            added=added,
            unlabelled=unlabelled,
            approved=approved,
            golden=golden,
        )
    declaration, where = declared
    wanted = () if unlabelled else tuple(targets) or None
    declaration = override(declaration, targets=wanted, context=tuple(context) or None)
    if unlabelled:
        declaration = replace(declaration, task="anomaly")
    if approved is not None:
        declaration = replace(declaration, approved=approved)
    if golden is not None:
        declaration = replace(declaration, golden=golden)
    found = given_over(declaration.layout, given)
    resolved = resolve(declaration, with_runs(read_tables(paths, found, join_file=join_file), added))
    derive = with_day_order(declaration.derive, resolved.table)
    return Inputs(resolved.table, _with_task(resolved.roles, task), found, derive, where)


def guess_inputs(
    paths: Sequence[Path],
    layout: Layout,
    *,
    targets: Sequence[str] = (),
    context: Sequence[str] = (),
    join_file: Path | None = None,
    task: Task | None = None,
    added: Sequence[FilledRuns] = (),
    unlabelled: bool = False,
    approved: Approved | None = None,
    golden: Golden | None = None,
) -> Inputs:
    """Read the data and guess every role, whatever lies beside it; arguments as of `open_inputs`."""
    table = with_runs(read_tables(paths, layout, join_file=join_file), added)
    roles = propose(table, targets=tuple(targets), context=tuple(context), labelled=not unlabelled)
    if approved is not None:
        roles = _with_approved(roles, approved, table)
    if golden is not None:
        contexts = roles.named("context")
        roles = replace(roles, golden=named_golden(golden, table, contexts, table.place()))
    return Inputs(table, _with_task(roles, task), layout, (), None)


def _with_approved(roles: Roles, approved: Approved, table: Table) -> Roles:
    """Guessed roles with an approved period; a column that marks it is no input."""
    names = [column.name for column in table.columns]
    found = named(approved, roles.order, names, table.place())
    if found.value is None:
        return replace(roles, approved=found)
    columns = tuple(
        replace(column, kind="ignored", reason="marks the approved period")
        if column.name == found.column and column.is_input
        else column
        for column in roles.columns
    )
    return replace(roles, columns=columns, approved=found)


def _with_task(roles: Roles, task: Task | None) -> Roles:
    return roles if task is None else replace(roles, task=task)


def masked_inputs(inputs: Inputs) -> Inputs:
    """The same rows without a name, level or value of the file; see `roles.mask`."""
    table, roles = masked(inputs.table, inputs.roles)
    return Inputs(table, roles, Layout(), (), inputs.role_file)
