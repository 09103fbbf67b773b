"""A finished study as it is opened again: models, range and promise of one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tabcouce.advice.far_rows import FarRows
from tabcouce.advice.neighbour_quality import NeighbourQuality
from tabcouce.advice.past_rows import PastRows
from tabcouce.models.contract import Model
from tabcouce.read.table import Layout
from tabcouce.roles.declaration import Derived
from tabcouce.roles.role import Task
from tabcouce.study.run_history import RunHistory
from tabcouce.system.alarm import Alarm
from tabcouce.system.intervals import Intervals
from tabcouce.system.spec_risk import SpecRisk
from tabcouce.system.training_range import TrainingRange


@dataclass(frozen=True)
class InputColumn:
    """An input the models need, by its real name."""

    name: str
    numeric: bool
    unit: str | None = None


@dataclass(frozen=True)
class Promise:
    """What the study said of the recommended model on contexts never seen.

    metric            'r2' or 'auc'
    value, low, high  score on the headline split with its 95 % interval
    rmse, rmse_high   the same split's RMSE and its upper bound, unit of the target; None for
                      classes
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    rmse: float | None
    rmse_high: float | None = None


@dataclass(frozen=True)
class Memory:
    """What `similar` works on.

    encoder  what made the embedding of the past rows; None where none was trained
    quality  how well neighbours predict in each space
    blocks   block declared in the roles -> positions of its inputs
    far      flag of rows unlike all past ones in the encoder's space
    """

    past: PastRows
    encoder: Model | None
    quality: NeighbourQuality
    blocks: Mapping[str, tuple[int, ...]]
    far: FarRows | None = None


@dataclass(frozen=True)
class SavedTarget:
    """One target of a saved study.

    recommended    key of the model for a new context; known_context for one in the data
    levels         context column -> its levels in the training rows, as text
    memory         None in a study that was interrupted or made by an earlier version
    """

    target: str
    task: Task
    classes: tuple[str, ...]
    inputs: tuple[InputColumn, ...]
    levels: Mapping[str, frozenset[str]]
    recommended: str
    known_context: str
    outcome: str
    models: Mapping[str, Model]
    intervals: Intervals | None
    inside: TrainingRange
    promise: Promise
    alarm: Alarm | None = None
    memory: Memory | None = None
    unit: str | None = None
    spec_risk: SpecRisk | None = None


@dataclass(frozen=True)
class SavedStudy:
    """What `predict` works on.

    layout, derive  how the training file was read and what was made of it, for new files of
                    the same make
    source_sha256   of the training file
    past            its rows, for the next runs; None in a study that keeps none
    """

    name: str
    layout: Layout
    derive: tuple[Derived, ...]
    targets: tuple[SavedTarget, ...]
    source_sha256: str = ""
    past: RunHistory | None = None
