"""The value `Summary`: plain numbers and words, enough to render every output again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from tabcouce.advice.far_rows import FarRows
from tabcouce.advice.neighbour_quality import NeighbourQuality
from tabcouce.advice.savings import Savings
from tabcouce.checks.finding import Finding
from tabcouce.errors import Place
from tabcouce.evaluation.capability import Capability
from tabcouce.evaluation.confounding import Confounding
from tabcouce.evaluation.noise_ceiling import NoiseCeiling
from tabcouce.evaluation.shots_curve import ShotsCurve
from tabcouce.evaluation.trial import ModelScores, Score, Verdict
from tabcouce.explanation.context_shift import ContextShift
from tabcouce.explanation.factor import Factor, ranked
from tabcouce.explanation.together import ColumnGroup, PairEffect
from tabcouce.read.table import Source
from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.embedding_map import EmbeddingMap
from tabcouce.report.out_of_spec import OutOfSpec
from tabcouce.report.plain import plain, restore
from tabcouce.study.golden_rows import GoldenRows
from tabcouce.study.similar import SimilarRows
from tabcouce.study.value import Cap

MODEL_ORDER = (
    "constant",
    "linear",
    "random_forest",
    "lightgbm",
    "xgboost",
    "catboost",
    "lightgbm_context",
    "kernel",
    "tabicl",
    "couce",
    "couce_do",
    "peer_stack",
    "system",
)
"""Simplest first; every table and chart lists models in this order."""


@dataclass(frozen=True)
class Target:
    """What is predicted.

    unit           unit of the values; None where unknown
    classes        rows per class; empty for regression
    spread         standard deviation of the values; None for classes
    low, high      smallest and largest value; None for classes
    lower, upper   specification limits, if declared
    """

    name: str
    task: str
    unit: str | None
    classes: Mapping[str, int]
    spread: float | None
    low: float | None
    high: float | None
    lower: float | None
    upper: float | None

    @property
    def positive(self) -> str:
        """The class whose probability is told, the second; of classes only."""
        return list(self.classes)[1]


@dataclass(frozen=True)
class SplitProof:
    """How one split held rows out, counted again from its folds.

    units          independent contexts or groups its intervals resample
    tested         rows that were in some test part
    shared_rows    rows on both sides of a fold, largest over the folds (0 is right)
    shared_labels  groups or contexts on both sides of a fold, largest over the folds
    by_rows        whether single rows are what was kept apart (nothing else was declared)
    """

    key: str
    column: str | None
    folds: int
    units: int
    tested: int
    shared_rows: int
    shared_labels: int
    by_rows: bool
    held_out: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Band:
    """The prediction interval, as `system.Intervals` found it; None where it is not finite.

    per_unit    share of rows covered of each held-out context, by its text
    promisable  highest level that so many contexts can promise for a new one
    """

    level: float
    half_width: float | None
    coverage: float | None
    n: int
    units: int
    split: str
    per_unit: Mapping[str, float] = field(default_factory=dict)
    promisable: float | None = None


@dataclass(frozen=True)
class Points:
    """Held-out predictions of the headline split, thinned by context for the charts.

    rows       1-based rows of the file
    context    text of the held-out context or group of each row
    observed   value, or class number
    predicted  per model the value; for classes the probability of the positive class, or of
               the observed class where there are more than two
    total      rows there were before thinning
    """

    split: str
    rows: tuple[int, ...]
    context: tuple[str, ...]
    observed: tuple[float, ...]
    predicted: Mapping[str, tuple[float | None, ...]]
    total: int
    order: tuple[float, ...] = ()
    """Rank of each row in time; empty where no time is declared."""


@dataclass(frozen=True)
class Shape:
    """Accumulated local effect of a numeric factor and the lines of its largest contexts.

    edges, effect  ends of the slices and the height there, unit of the target or probability
    supported      per slice, whether two contexts or more have rows in it
    lines          context -> height at the edges, None beyond its rows
    """

    edges: tuple[float, ...]
    effect: tuple[float, ...]
    supported: tuple[bool, ...]
    lines: Mapping[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class EvidenceView:
    """Shares of an encoder's evidence along its training; see `explanation.evidence.Formation`.

    progress  share of training; lines: share held by each of the leading columns by then
    proxies   columns that give the context away; proxy_share what they hold by then
    shared    how much of the change of the answer no column's own updates explain; gap what nothing does
    """

    progress: tuple[float, ...]
    lines: Mapping[str, tuple[float, ...]]
    proxies: tuple[str, ...]
    proxy_share: tuple[float, ...]
    shared: float
    gap: float


@dataclass(frozen=True)
class Panel:
    """One factor of the what-if grid; see `explanation.what_if.WhatIf`."""

    name: str
    unit: str | None
    values: tuple[float, ...]
    start: tuple[float, ...]
    prediction: tuple[tuple[float, ...], ...]
    outside: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class PairPanel:
    """Two panels moved together; see `explanation.joint_reading.PairGrid`.

    prediction  per starting row the coarse grid, the first factor's lines one after the other
    outside     likewise '0' or '1' per point
    """

    first: int
    second: int
    prediction: tuple[tuple[float, ...], ...]
    outside: tuple[str, ...]


@dataclass(frozen=True)
class JointView:
    """See `explanation.joint_reading.JointGrid`; error in the unit of the prediction."""

    every: int
    error: float | None
    pairs: tuple[PairPanel, ...]


@dataclass(frozen=True)
class WhatIfView:
    """The what-if grid from a few starting rows, the most typical first.

    rows       1-based rows of the file; context and prediction of each
    half_width of the prediction interval; None for classes or where it is not finite
    """

    rows: tuple[int, ...]
    context: tuple[str, ...]
    prediction: tuple[float, ...]
    half_width: float | None
    panels: tuple[Panel, ...]
    joint: JointView | None = None


@dataclass(frozen=True)
class Curve:
    """Value of one factor against its contribution to the recommended model's prediction.

    values        numbers, or empty where the factor is a category
    levels        texts, or empty where the factor is a number
    contribution  unit of the target (log-odds or raw score for classes)
    middle, mean  median value and mean contribution of up to eight equal slices, in order
    total         explained rows there were before thinning
    """

    name: str
    model: str
    unit: str | None
    values: tuple[float, ...]
    levels: tuple[str, ...]
    contribution: tuple[float, ...]
    rows: tuple[int, ...]
    context: tuple[str, ...]
    middle: tuple[float, ...]
    mean: tuple[float, ...]
    total: int
    shape: Shape | None = None


@dataclass(frozen=True)
class TargetSummary:
    """Everything the outputs say about one target.

    contexts      levels per context column
    headline      key of the split that decides; headline_column its context column
    models        keys in MODEL_ORDER
    outside_rate  share of held-out rows flagged as out of range
    far           the flag in the encoder's space and its own share; None without an encoder
    capability    of the measured target; None without declared limits
    savings       experiments a search would have saved on these rows; None where it says nothing
    ceiling       what replicated settings allow any model at most; None without replicates
    shifts        how far each context column moves the target, the inputs held
    confounding   five scores of contexts and conditions; None without contexts
    alarms        detectors and the one limit; None but for the task 'anomaly'
    source        the file and sheet that the rows of the charts lie in
    places        address of each drawn row by its number, where the number is not its row of the sheet
    lots          the nearest past lots of each lot; None without a context of 3 levels
    golden        the rows or lots least like the golden one; None where none is named
    """

    target: Target
    rows: int
    inputs: int
    contexts: Mapping[str, int]
    headline: str
    headline_column: str | None
    models: tuple[str, ...]
    scores: tuple[ModelScores, ...]
    verdict: Verdict
    findings: tuple[Finding, ...]
    factors: tuple[Factor, ...]
    splits: tuple[SplitProof, ...]
    band: Band | None
    points: Points | None
    curves: tuple[Curve, ...]
    outside_rate: float | None = None
    capability: Capability | None = None
    ceiling: NoiseCeiling | None = None
    alarms: AlarmSummary | None = None
    caps: tuple[Cap, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    savings: Savings | None = None
    what_if: WhatIfView | None = None
    groups: tuple[ColumnGroup, ...] = ()
    pairs: tuple[PairEffect, ...] = ()
    neighbours: NeighbourQuality | None = None
    evidence: EvidenceView | None = None
    shots: ShotsCurve | None = None
    shifts: tuple[ContextShift, ...] = ()
    source: Source | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    map: EmbeddingMap | None = None
    lots: SimilarRows | None = None
    out_of_spec: OutOfSpec | None = None
    confounding: Confounding | None = None
    far: FarRows | None = None
    golden: GoldenRows | None = None

    @property
    def is_regression(self) -> bool:
        return self.target.task == "regression"

    @property
    def metric(self) -> str:
        """The score the verdict compared."""
        return self.verdict.metric

    @property
    def error_metric(self) -> str:
        """The score in the unit an engineer thinks in."""
        if self.is_regression:
            return "rmse"
        return "recall_at_5pct_false_alarms" if len(self.target.classes) == 2 else "accuracy"

    @property
    def by_blocks(self) -> bool:
        """Whether blocks of neighbouring rows stand in for contexts, since the file names none."""
        return self.headline == "shuffled" and not self.contexts

    def of(self, split: str, model: str, mode: str = "blind") -> ModelScores | None:
        """All scores of one model on one split in one mode; None where it was not run so.

        Modes never stand in for each other: blind is compared with blind, known with known.
        """
        return next((s for s in self.scores if (s.split, s.model, s.mode) == (split, model, mode)), None)

    def modes(self, model: str) -> tuple[str, ...]:
        """'blind' and 'known', as far as the model was run so on some split.

        What is known of a context that is held out never stands beside these: see `helped_modes`.
        """
        found = {scores.mode for scores in self.scores if scores.model == model}
        return tuple(mode for mode in ("blind", "known") if mode in found)

    @property
    def helped_modes(self) -> tuple[str, ...]:
        """Modes that bring rows of the held-out context itself: 'batch', then 'shots5'."""
        found = {scores.mode for scores in self.scores if scores.split == self.headline}
        return tuple(sorted(found - {"blind", "known"}))

    def score(self, split: str, model: str, metric: str, mode: str = "blind") -> Score | None:
        """One score; None where it was not run or is not defined."""
        scores = self.of(split, model, mode)
        found = None if scores is None else scores.metrics.get(metric)
        return None if found is None or found.value is None else found

    def factors_of(self, model: str) -> tuple[Factor, ...]:
        """Factor rows of one model, the strongest first."""
        return ranked(factor for factor in self.factors if factor.model == model)

    @property
    def explained_model(self) -> str | None:
        """The model whose factors the report shows: the recommended one, else any explained."""
        explained = [factor.model for factor in self.factors]
        if self.verdict.recommended in explained:
            return self.verdict.recommended
        return explained[0] if explained else None


@dataclass(frozen=True)
class Summary:
    """One study, ready to be written in any language.

    columns  names of the file's columns by kind, in table order
    """

    name: str
    source: Source
    effort: str
    seed: int
    rows: int
    roles_origin: str
    columns: Mapping[str, tuple[str, ...]]
    role_warnings: tuple[str, ...]
    targets: tuple[TargetSummary, ...]
    versions: Mapping[str, str]
    interrupted: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    schema_version: int = 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values that `from_json` reads back; not-a-number becomes None."""
        document: dict[str, Any] = plain(asdict(self))
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read `to_json`'s values; unknown keys of a later version are left aside."""
        return restore(cls, document)
