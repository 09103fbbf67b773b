"""What a role file says, before it meets a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tabcouce.errors import Place
from tabcouce.read.table import Layout
from tabcouce.roles.role import Aim, Approved, Expected, Flag, Golden, Graph, Kind, Task, Tolerance

Part = Literal["year", "month", "yearquarter", "int", "log10"]


@dataclass(frozen=True)
class Derived:
    """A column to make first: a part of a date, the first whole number of a text, a logarithm.

    day_first  how 3/4/2024 was read in the training file; None where nothing leaves the choice
    """

    name: str
    source: str
    part: Part
    format: str | None = None
    day_first: bool | None = None


@dataclass(frozen=True)
class ColumnEntry:
    """The long form of one column; None where the file leaves it open."""

    name: str
    kind: Kind | None = None
    flags: frozenset[Flag] = frozenset()
    unit: str | None = None
    tolerance: Tolerance | None = None
    graph: Graph | None = None
    expected: Expected = "unknown"
    basis: str | None = None
    lower: float | None = None
    upper: float | None = None
    target_value: float | None = None
    step: float | None = None
    goal: Aim | None = None
    block: str | None = None
    ordered: bool = False
    repeatability: float | None = None
    loading: float | None = None
    drift: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Declaration:
    """A role file or role sheet as written; names are not yet matched to columns.

    inputs         None where all the rest is input
    drop_columns   columns by spreadsheet letter
    target_column  letter of the target, used where its name is not found
    place          the role file or sheet, for errors
    """

    layout: Layout = field(default_factory=Layout)
    file: str | None = None
    name: str | None = None
    task: Task | None = None
    targets: tuple[str, ...] = ()
    positive_class: str | None = None
    inputs: tuple[str, ...] | None = None
    context: tuple[str, ...] = ()
    time: str | None = None
    order: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    drop_columns: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    split_context: str | None = None
    test_contexts: tuple[str, ...] = ()
    derive: tuple[Derived, ...] = ()
    target_column: str | None = None
    alternative_target_column: str | None = None
    columns: tuple[ColumnEntry, ...] = ()
    approved: Approved | None = None
    golden: Golden | None = None
    origin: Literal["file", "sheet"] = "file"
    place: Place = field(default_factory=Place)
    warnings: tuple[str, ...] = ()
