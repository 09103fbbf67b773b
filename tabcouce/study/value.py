"""The value `Study`: everything one `fit` found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tabcouce.advice.savings import Savings
from tabcouce.checks.finding import Finding
from tabcouce.evaluation.confounding import Confounding
from tabcouce.evaluation.trial import ModelScores, Trial, Verdict
from tabcouce.explanation.accumulated import Accumulated
from tabcouce.explanation.evidence import Formation
from tabcouce.explanation.factor import Attribution, Factor
from tabcouce.explanation.together import ColumnGroup, PairEffect
from tabcouce.explanation.what_if import Profiler
from tabcouce.models.contract import Model
from tabcouce.read.table import Layout, Source, Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.declaration import Derived
from tabcouce.roles.role import Roles
from tabcouce.splits.split import SplitPlan
from tabcouce.study.advise import Advice
from tabcouce.study.alarms import AlarmStudy
from tabcouce.study.effort import Effort
from tabcouce.study.golden_rows import GoldenRows
from tabcouce.system.intervals import Intervals
from tabcouce.system.spec_risk import SpecRisk
from tabcouce.system.training_range import TrainingRange


@dataclass(frozen=True)
class Cap:
    """A limit that bit, for the report."""

    what: str
    limit: int
    had: int


@dataclass(frozen=True)
class TargetStudy:
    """Everything found for one target.

    factors       one row per input and model, of the recommended model and of LightGBM
    attributions  the contributions behind them
    shapes        accumulated effects of the recommended model's first factors; groups of columns
                  that move together, pairs that act together, and the what-if grid likewise
    formation     how the final encoder's evidence formed, where its training was recorded
    intervals     None for classification
    spec_risk     None without declared limits, and for classes
    inside        training range of the inputs, all rows
    outside_rate  share of rows of held-out contexts that lie outside the range of the rows
                  they were predicted from: what the out-of-range flag costs in false alarms
    final         models refitted on all rows, by key: recommended, known_context, lightgbm
    seconds       wall time by stage
    savings       runs that a search would have saved on these rows; None for classes
    alarms        detectors, limit and corrections; None but for the task 'anomaly'
    confounding   what contexts and conditions explain, alone and together; None without contexts
    golden        the rows or lots least like the golden one; None where none is named
    advice        what the commands after `fit` need and how good it is; None where interrupted
    """

    dataset: Dataset
    findings: tuple[Finding, ...]
    plan: SplitPlan
    trials: tuple[Trial, ...]
    scores: tuple[ModelScores, ...]
    verdict: Verdict
    factors: tuple[Factor, ...]
    attributions: tuple[Attribution, ...]
    intervals: Intervals | None
    inside: TrainingRange
    outside_rate: float
    final: Mapping[str, Model]
    caps: tuple[Cap, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    shapes: tuple[Accumulated, ...] = ()
    groups: tuple[ColumnGroup, ...] = ()
    pairs: tuple[PairEffect, ...] = ()
    profiler: Profiler | None = None
    formation: Formation | None = None
    spec_risk: SpecRisk | None = None
    alarms: AlarmStudy | None = None
    savings: Savings | None = None
    advice: Advice | None = None
    confounding: Confounding | None = None
    golden: GoldenRows | None = None


@dataclass(frozen=True)
class Study:
    """What one `fit` found; rooms below made it, report and bundle read it."""

    name: str
    source: Source
    effort: Effort
    seed: int
    table: Table
    roles: Roles
    targets: tuple[TargetStudy, ...]
    versions: Mapping[str, str]
    layout: Layout = field(default_factory=Layout)
    derive: tuple[Derived, ...] = ()
    """How the table was read and what was made of it, for new files of the same make."""
    interrupted: bool = False
    """Ctrl-C came before the end; models that were finished are in."""
    seconds: Mapping[str, float] = field(default_factory=dict)
