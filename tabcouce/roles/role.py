"""What each column is to the question: the values of the roles room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Task = Literal["regression", "binary", "multiclass", "anomaly"]
Kind = Literal["target", "condition", "sensor", "context", "proxy", "identifier", "after", "ignored"]
Flag = Literal["time", "group", "split"]
Graph = Literal["assignment", "common_cause", "measurement", "modifier"]
Expected = Literal["increases", "decreases", "peak", "none", "unknown"]
Aim = Literal["maximise", "minimise", "target", "within"]

INPUT_KINDS: frozenset[Kind] = frozenset({"condition", "sensor", "proxy"})


@dataclass(frozen=True)
class Tolerance:
    """Declared calibration budget of a sensor.

    offset  unit of the column; gain  share (0.01 is one per cent)
    """

    offset: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True)
class ColumnRole:
    """One column's kind and whatever else is known of it."""

    name: str
    kind: Kind
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
    """Of a target: which way is better; 'target' means target_value, 'within' lower and upper."""
    block: str | None = None
    ordered: bool = False
    """Whether the block's columns follow a physical order as they stand: waveform, zones, spectrum."""
    repeatability: float | None = None
    """Standard deviation of repeated readings of one piece, in the column's unit."""
    loading: float | None = None
    """Change of the reading per standard deviation of a common ambient factor, in its unit."""
    drift: float | None = None
    """Largest slow excursion of the sensor, in its unit; the rows then stand in time order."""
    reason: str = ""
    """Why this kind, in words for the engineer."""
    guessed: bool = False
    as_input: bool = False
    """A time or group column that the file names as an input all the same."""

    @property
    def is_input(self) -> bool:
        """Whether models may read the column."""
        if self.flags & {"time", "group"} and not self.as_input:
            return False
        return self.kind in INPUT_KINDS


@dataclass(frozen=True)
class Approved:
    """Rows from one time to another, both included, or rows with one value of a column.

    column  of the time or the value; None: the column that gives the order
    """

    column: str | None = None
    start: str | None = None
    end: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Golden:
    """The lot that is a level of a context column, or, with no column, one row of the file by its number."""

    column: str | None
    level: str


@dataclass(frozen=True)
class Roles:
    """The roles of every column of one table.

    columns        one per column of the table (derived ones last), in table order
    targets        names, primary first; none for the task 'anomaly' without labels
    split_context  context column of the headline split, if named
    test_contexts  levels of it (as text) that form the fixed split, if named
    order          columns that give the order in time, most significant first
    """

    columns: tuple[ColumnRole, ...]
    targets: tuple[str, ...]
    task: Task | None = None
    positive_class: str | None = None
    split_context: str | None = None
    test_contexts: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    origin: Literal["file", "sheet", "guessed"] = "guessed"
    warnings: tuple[str, ...] = ()
    """Keys of the role file that were ignored, and why."""
    approved: Approved | None = None
    """Rows known to be normal; None where no period is named."""
    golden: Golden | None = None
    """What others are compared with, block by block; None where none is named."""

    def of(self, name: str) -> ColumnRole:
        """The role of a column by name; KeyError if the table has no such column."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def named(self, kind: Kind) -> tuple[str, ...]:
        """Names of the columns of one kind, in table order."""
        return tuple(column.name for column in self.columns if column.kind == kind)
