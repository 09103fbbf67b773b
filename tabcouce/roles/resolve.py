"""A declaration meets its table: every column gets one kind, or a clear error."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from tabcouce.errors import Place, RoleError
from tabcouce.read.table import Column, Table
from tabcouce.roles.approved import named
from tabcouce.roles.column_name import closest, find_column
from tabcouce.roles.dates import parse_dates
from tabcouce.roles.declaration import ColumnEntry, Declaration
from tabcouce.roles.derive import with_derived
from tabcouce.roles.golden import named_golden
from tabcouce.roles.level import level_texts
from tabcouce.roles.role import INPUT_KINDS, ColumnRole, Flag, Kind, Roles

DATE_SHARE = 0.9
"""A text column of which this share reads as dates is a date, not a category."""


@dataclass(frozen=True)
class Resolved:
    """The table with its derived columns, and the role of each of its columns."""

    table: Table
    roles: Roles


@dataclass(frozen=True)
class _Named:
    """The declaration under the table's own names."""

    targets: tuple[str, ...]
    context: tuple[str, ...]
    inputs: frozenset[str] | None
    drop: frozenset[str]
    order: tuple[str, ...]
    group: frozenset[str]
    split: str | None
    entries: dict[str, ColumnEntry]
    alternative: str | None
    logged: frozenset[str]
    warnings: tuple[str, ...]


def resolve(declaration: Declaration, table: Table) -> Resolved:
    """Match a declaration to a table.

    Raises  RoleError for missing names, two kinds on one column, no target, no input;
            CellError for dates that cannot be read where a derived column needs them
    """
    table = with_derived(table, declaration.derive, declaration.place)
    told = _named(declaration, table)
    columns = tuple(_role(column, told, table, declaration.place) for column in table.columns)
    _check_test_contexts(declaration, told, table)
    roles = Roles(
        columns=columns,
        targets=told.targets,
        task=declaration.task,
        positive_class=declaration.positive_class,
        split_context=told.split,
        test_contexts=declaration.test_contexts,
        order=told.order,
        approved=None
        if declaration.approved is None
        else named(
            declaration.approved, told.order, [column.name for column in table.columns], declaration.place
        ),
        golden=None
        if declaration.golden is None
        else named_golden(declaration.golden, table, told.context, declaration.place),
        origin=declaration.origin,
        warnings=(*declaration.warnings, *told.warnings),
    )
    return Resolved(table=table, roles=roles)


def _named(declaration: Declaration, table: Table) -> _Named:
    place = declaration.place
    names = [column.name for column in table.columns]

    def find(key: str, *given: str | None) -> tuple[str, ...]:
        found = (find_column(name, names, key=key, place=place) for name in given if name is not None)
        return tuple(dict.fromkeys(found))

    entries: dict[str, ColumnEntry] = {}
    for entry in declaration.columns:
        name = find("columns", entry.name)[0]
        if name in entries and entries[name].kind not in (None, entry.kind):
            raise _two_kinds(name, str(entries[name].kind), str(entry.kind), place)
        entries[name] = entry
    flagged: dict[Flag, list[str]] = {"time": [], "group": [], "split": []}
    for name, entry in entries.items():
        for flag in entry.flags:
            flagged[flag].append(name)

    targets, warnings = _targets(declaration, table, entries)
    marks = () if declaration.approved is None else find("approved", declaration.approved.column)
    if declaration.approved is not None and declaration.approved.value is None:
        marks = ()  # a time is no mark; it may be an input where the file says so
    split = _split_context(declaration, names, flagged["split"], place)
    context = list(find("context", *declaration.context))
    context += [name for name, entry in entries.items() if entry.kind == "context" and name not in context]
    if split is not None and split not in context:
        context.append(split)
        warnings.append(f"'{split}' is the context to hold out and was added to the contexts.")
    if declaration.test_contexts and split is None:
        if not context:
            raise RoleError(
                "'test_contexts' is given, but no context column.",
                place=place,
                remedy="Name the column of these levels under 'split_context'.",
            )
        split = context[0]
    alternative = _by_letter(declaration.alternative_target_column, table, "alternative_target_column", place)
    lettered = [_by_letter(letter, table, "drop_columns", place) for letter in declaration.drop_columns]
    drop = {
        *find("drop", *declaration.drop),
        *(name for name in (*lettered, alternative) if name is not None),
    }
    inputs = None if declaration.inputs is None else frozenset(find("inputs", *declaration.inputs))
    for name in sorted(drop & (inputs or frozenset())):
        warnings.append(f"'{name}' is both an input and dropped; it was dropped.")
    order = find("order", *declaration.order) or find("time", declaration.time) or tuple(flagged["time"])
    time = find("time", declaration.time)
    return _Named(
        targets=targets,
        context=tuple(context),
        inputs=inputs,
        drop=frozenset((drop | set(marks)) - set(targets) - set(context)),
        order=tuple(dict.fromkeys((*order, *(name for name in time if name not in order)))),
        group=frozenset((*find("group", *declaration.group), *flagged["group"])),
        split=split,
        entries=entries,
        alternative=alternative,
        logged=frozenset(
            find_column(made.source, names, key="derive", place=place)
            for made in declaration.derive
            if made.part == "log10" and made.name in targets and made.source not in targets
        ),
        warnings=tuple(warnings),
    )


def _targets(
    declaration: Declaration, table: Table, entries: dict[str, ColumnEntry]
) -> tuple[tuple[str, ...], list[str]]:
    names = [column.name for column in table.columns]
    warnings: list[str] = []
    lettered = _by_letter(declaration.target_column, table, "target_column", declaration.place)
    try:
        found = [find_column(n, names, key="targets", place=declaration.place) for n in declaration.targets]
    except RoleError:
        if lettered is None:
            raise
        found = [lettered]
        warnings.append(
            f"No column is called '{declaration.targets[0]}'; column {declaration.target_column}, "
            f"'{lettered}', is the target."
        )
    found += [name for name, entry in entries.items() if entry.kind == "target" and name not in found]
    if not found and lettered is not None:
        found = [lettered]
    if not found and declaration.task != "anomaly":
        raise RoleError(
            "No target is named.",
            place=declaration.place,
            remedy='Name the quality value to predict: targets = ["..."], or use --target; '
            "to learn from normal rows without labels, use --unlabelled.",
        )
    return tuple(dict.fromkeys(found)), warnings


def _split_context(
    declaration: Declaration, names: list[str], flagged: list[str], place: Place
) -> str | None:
    if declaration.split_context is not None:
        return find_column(declaration.split_context, names, key="split_context", place=place)
    if len(flagged) > 1:
        raise RoleError(
            f"Two columns are flagged 'split': '{flagged[0]}' and '{flagged[1]}'.",
            place=place,
            remedy="Keep the flag on the context that matters most; the others are held out as well.",
        )
    return flagged[0] if flagged else None


def _by_letter(letter: str | None, table: Table, key: str, place: Place) -> str | None:
    if letter is None:
        return None
    for column in table.columns:
        if column.letter == letter.strip().upper():
            return column.name
    return find_column(letter, [column.name for column in table.columns], key=key, place=place)


def _two_kinds(name: str, first: str, second: str, place: Place) -> RoleError:
    return RoleError(
        f"The column is both {first} and {second}.",
        place=replace(place, column=name),
        remedy="Give it one kind.",
    )


def _role(column: Column, named: _Named, table: Table, place: Place) -> ColumnRole:
    name = column.name
    entry = named.entries.get(name, ColumnEntry(name=name))
    kind, reason = _kind(name, entry, named, table, place)
    listed = named.inputs is not None and name in named.inputs
    if (listed or entry.kind is not None or kind == "context") and kind in {*INPUT_KINDS, "context"}:
        _refuse_blank(name, kind, table)
    flags: set[Flag] = set(entry.flags)
    flags |= {"time"} if name in named.order else set()
    flags |= {"group"} if name in named.group else set()
    flags |= {"split"} if name == named.split else set()
    # A time or group column gets an input kind only where `inputs` or its entry says so.
    return ColumnRole(
        name=name,
        kind=kind,
        flags=frozenset(flags),
        unit=entry.unit or column.unit,
        tolerance=entry.tolerance,
        graph=entry.graph,
        expected=entry.expected,
        basis=entry.basis,
        lower=column.lower if entry.lower is None else entry.lower,
        upper=column.upper if entry.upper is None else entry.upper,
        target_value=column.target_value if entry.target_value is None else entry.target_value,
        step=entry.step,
        goal=entry.goal,
        block=entry.block,
        ordered=entry.ordered,
        repeatability=entry.repeatability,
        loading=entry.loading,
        drift=entry.drift,
        reason=entry.reason or reason,
        as_input=bool(flags & {"time", "group"}) and kind in INPUT_KINDS,
    )


def _refuse_blank(name: str, kind: Kind, table: Table) -> None:
    """A column that was asked for by name and holds nothing is a mistake, not a detail.

    Blank columns that nobody named are left out by `datasets`, and `check` reports them.
    """
    if table.frame[name].isna().all():
        raise RoleError(
            f"The column is named as {kind} but has no value in any row.",
            place=table.place(column=name),
            remedy=(
                "Its formulas have no stored result: open the file in Excel, let it calculate and save it."
                if _never_calculated(name, table)
                else "Fill the column, or take it out of the role file."
            ),
        )


def _never_calculated(name: str, table: Table) -> bool:
    return any(note.rule == "uncalculated-formula" and note.place.column == name for note in table.notes)


def _kind(name: str, entry: ColumnEntry, named: _Named, table: Table, place: Place) -> tuple[Kind, str]:
    claims: dict[Kind, str] = {}
    if name in named.logged:
        return "ignored", "its logarithm is the target"
    if name in named.targets:
        claims["target"] = "named as target"
    if name in named.context:
        claims["context"] = "named as context"
    if entry.kind is not None:
        claims.setdefault(entry.kind, f"named as {entry.kind}")
    if len(claims) > 1:
        first, second = list(claims)[:2]
        raise _two_kinds(name, first, second, place)
    listed = named.inputs is not None and name in named.inputs
    if claims:
        kind, reason = next(iter(claims.items()))
        if listed and kind not in INPUT_KINDS and name not in named.drop:
            raise _two_kinds(name, kind, "listed under 'inputs'", place)
        if kind in INPUT_KINDS and name in named.drop:
            return "ignored", "dropped in the role file"
        return kind, reason
    if name == named.alternative:
        return "ignored", "an alternative target is no input"
    if name in named.drop:
        return "ignored", "dropped in the role file"
    is_date = pd.api.types.is_datetime64_any_dtype(table.frame[name].dtype)
    if listed:
        if is_date:
            raise RoleError(
                "A date cannot be an input.",
                place=replace(place, column=name),
                remedy="Derive its year or month under 'derive', or take it out of 'inputs'.",
            )
        return "sensor", "listed under 'inputs'"
    if name in named.order or name in named.group:
        return "ignored", "gives order or groups and is not listed under 'inputs'"
    if named.inputs is not None:
        return "ignored", "not listed under 'inputs'"
    if is_date or _reads_as_date(table.frame[name]):
        return "ignored", "a date is no input; derive its year or month"
    return "sensor", "not named otherwise"


def _reads_as_date(cells: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return False
    return parse_dates(cells.dropna().iloc[:200]).share >= DATE_SHARE


def _check_test_contexts(declaration: Declaration, named: _Named, table: Table) -> None:
    if named.split is None or not declaration.test_contexts:
        return
    known = set(level_texts(table.frame[named.split]))
    for level in declaration.test_contexts:
        if level not in known:
            near = closest(level, known)
            hint = f"Did you mean '{near}'?" if near else f"Its levels are {', '.join(sorted(known)[:8])}."
            raise RoleError(
                f"'{level}' under 'test_contexts' is no level of '{named.split}'.",
                place=declaration.place,
                remedy=hint,
            )
