"""A detector with its one limit and its corrections: what rings on a new row, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.system.alarm_limit import AlarmLimit, rows_needed
from tabcouce.system.context_correction import FEWEST, ContextCorrection
from tabcouce.system.jury import Jury
from tabcouce.system.start_offsets import StartOffsets

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Whole = npt.NDArray[np.int64]

LIMIT = 1.0
"""The limit of every machine, on the scale of `Gauge`."""
LEAST_UNIT = 1e-6


@dataclass(frozen=True)
class Gauge:
    """A detector's abnormality on the scale that is shown: 0 is the middle of normal rows, 1 the limit."""

    limit: AlarmLimit
    middle: float

    @classmethod
    def of(cls, normal: Floats, allowed: float) -> Self:
        """From held-out scores (n,) of normal rows; see `AlarmLimit.of`."""
        return cls(AlarmLimit.of(normal, allowed), float(np.median(normal)))

    @property
    def unit(self) -> float:
        return max(self.limit.limit - self.middle, LEAST_UNIT)

    def __call__(self, raw: Floats) -> Floats:
        return (raw - self.middle) / self.unit

    def settings(self) -> dict[str, Any]:
        limit = {k: None if not np.isfinite(v) else v for k, v in asdict(self.limit).items()}
        return {"limit": limit, "middle": self.middle}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        limit = dict(settings["limit"])
        for name, end in (("limit_low", -np.inf), ("limit_high", np.inf)):
            limit[name] = end if limit[name] is None else limit[name]
        return cls(AlarmLimit(**limit), settings["middle"])


@dataclass(frozen=True)
class Judged:
    """Rows under the limit.

    score          (n,) abnormality; above 1 is an alarm, 0 the middle of normal rows
    corrected      (n,) whether normal rows of the row's own context set its scale
    contributions  (n, p) of each column, in units of the score; NaN for rows without alarm
    """

    score: Floats
    alarm: Flags
    corrected: Flags
    contributions: Floats


@dataclass(frozen=True)
class Scale:
    """A jury, the correction of each context's scores, and the gauge of the corrected ones."""

    jury: Jury
    correction: ContextCorrection
    gauge: Gauge

    def __call__(self, X: pd.DataFrame, names: Texts) -> Floats:
        """(n,) shown scores of rows X of contexts (n,)."""
        return self.of(self.jury.abnormality(X), names)

    def of(self, raw: Floats, names: Texts) -> Floats:
        """(n,) shown scores from raw ones."""
        return self.gauge(self.correction(raw, names))

    def contributions(self, X: pd.DataFrame) -> Floats:
        return self.jury.contributions(X) / self.gauge.unit

    def settings(self) -> dict[str, Any]:
        return {"correction": self.correction.settings(), "gauge": self.gauge.settings()}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], jury: Jury) -> Self:
        correction = ContextCorrection.from_settings(settings["correction"])
        return cls(jury, correction, Gauge.from_settings(settings["gauge"]))


@dataclass(frozen=True)
class OwnScale:
    """How contexts with normal rows of their own are judged.

    offsets  taken off the columns first; None where that did not earn its place
    known    contexts of the training file; jury of detectors that each held a stretch of time out
    started  contexts that have given rows since; jury of detectors that each held contexts out
    """

    offsets: StartOffsets | None
    known: Scale
    started: Scale

    def moved(self, X: pd.DataFrame, names: Texts) -> pd.DataFrame:
        return X if self.offsets is None else self.offsets(X, names)

    def settings(self) -> dict[str, Any]:
        return {
            "offsets": None if self.offsets is None else self.offsets.settings(),
            "known": self.known.settings(),
            "started": self.started.settings(),
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], known: Jury, started: Jury) -> Self:
        offsets = settings["offsets"]
        return cls(
            None if offsets is None else StartOffsets.from_settings(offsets),
            Scale.from_settings(settings["known"], known),
            Scale.from_settings(settings["started"], started),
        )


@dataclass(frozen=True)
class Alarm:
    """One limit for every machine.

    column  context column whose levels have scales of their own; None where there is no context
    pooled  for a context that has given no normal rows
    own     for the others; None where no correction earned its place on the training contexts
    """

    key: str
    pooled: Scale
    own: OwnScale | None
    column: str | None

    def judge(self, X: pd.DataFrame, context: pd.Series | None = None) -> Judged:
        """Rows X (n, p); context (n,) text of the column, or None: every row by the pooled limit."""
        names = np.full(len(X), "", object) if context is None else context.astype(object).to_numpy()
        score, corrected = np.zeros(len(X)), np.zeros(len(X), bool)
        carried = np.full((len(X), X.shape[1]), np.nan)
        for scale, rows in self._routes(names, named=context is not None):
            part, own = X.iloc[rows].reset_index(drop=True), names[rows]
            if self.own is not None and scale is not self.pooled:
                part, corrected[rows] = self.own.moved(part, own), True
            score[rows] = scale(part, own)
            rung = np.flatnonzero(score[rows] > LIMIT)
            if len(rung):
                carried[rows[rung]] = scale.contributions(part.iloc[rung].reset_index(drop=True))
        return Judged(score, score > LIMIT, corrected, carried)

    def _routes(self, names: Texts, *, named: bool) -> list[tuple[Scale, Whole]]:
        """The scale of each row; a context that started anew counts as such, not as known."""
        if self.own is None or not named:
            return [(self.pooled, np.arange(len(names)))]
        texts = names.astype(str)
        anew = np.isin(texts, list(self.own.started.correction.own))
        known = np.isin(texts, list(self.own.known.correction.own)) & ~anew
        routes = ((self.pooled, ~anew & ~known), (self.own.known, known), (self.own.started, anew))
        return [(scale, np.flatnonzero(rows)) for scale, rows in routes if rows.any()]

    @property
    def corrects(self) -> bool:
        """Whether normal rows of a context make its alarms fairer."""
        return self.own is not None

    @property
    def rows_for_new(self) -> int:
        """Normal rows a new context needs: for its correction, or for a limit worth trusting."""
        return FEWEST if self.corrects else rows_needed(self.pooled.gauge.limit.allowed)

    def started(self, name: str, X_normal: pd.DataFrame) -> Alarm:
        """A copy that knows a context from normal rows X (k, p) of it; itself if they are fewer than ten."""
        if self.own is None or len(X_normal) < FEWEST:
            return self
        names, every = np.full(len(X_normal), name, object), np.ones(len(X_normal), bool)
        offsets = self.own.offsets
        offsets = None if offsets is None else offsets.knowing(X_normal, names, every)
        own = replace(self.own, offsets=offsets)
        normal = own.started.jury.abnormality(own.moved(X_normal, names))
        scale = replace(own.started, correction=own.started.correction.with_context(name, normal))
        return replace(self, own=replace(own, started=scale))

    def settings(self) -> dict[str, Any]:
        """JSON form of all but the detectors."""
        return {
            "key": self.key,
            "pooled": self.pooled.settings(),
            "own": None if self.own is None else self.own.settings(),
            "column": self.column,
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], juries: Mapping[str, Jury]) -> Self:
        """Inverse of `settings`; juries: 'pooled' and, with an own scale, 'known' and 'started'."""
        own = settings["own"]
        return cls(
            settings["key"],
            Scale.from_settings(settings["pooled"], juries["pooled"]),
            None if own is None else OwnScale.from_settings(own, juries["known"], juries["started"]),
            settings["column"],
        )

    @property
    def juries(self) -> dict[str, Jury]:
        """What `from_settings` needs beside the settings; one object may stand under two names."""
        found = {"pooled": self.pooled.jury}
        return (
            found
            if self.own is None
            else {**found, "known": self.own.known.jury, "started": self.own.started.jury}
        )
