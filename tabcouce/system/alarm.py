"""A detector with its one limit and its corrections: what rings on a new row, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.detection import Detector
from tabcouce.system.alarm_limit import AlarmLimit, rows_needed
from tabcouce.system.context_correction import FEWEST, ContextCorrection

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """Rows under the limit.

    score          (n,) corrected abnormality; above `limit` is an alarm
    corrected      (n,) whether the row's context had a correction of its own
    contributions  (n, p) of each column, in units of the detector's own abnormality; NaN for
                   rows without alarm
    """

    score: Floats
    limit: float
    alarm: npt.NDArray[np.bool_]
    corrected: npt.NDArray[np.bool_]
    contributions: Floats


@dataclass(frozen=True)
class Alarm:
    """One limit for every machine.

    column  context column whose levels are corrected; None where there is no context
    """

    key: str
    detector: Detector
    limit: AlarmLimit
    correction: ContextCorrection
    column: str | None

    def judge(self, X: pd.DataFrame, context: pd.Series | None = None) -> Judged:
        """Rows X (n, p); a context without a correction is judged by the pooled limit.

        context  (n,) text of the corrected column, or None
        """
        raw = self.detector.abnormality(X)
        score, corrected = raw, np.zeros(len(X), bool)
        if context is not None and self.column is not None:
            names = context.astype(object).to_numpy()
            score = self.correction(raw, names)
            corrected = np.isin(names.astype(str), list(self.correction.own)) & self.corrects
        alarm = score > self.limit.limit
        carried = np.full((len(X), X.shape[1]), np.nan)
        if alarm.any():
            carried[alarm] = self.detector.contributions(X.iloc[np.flatnonzero(alarm)].reset_index(drop=True))
        return Judged(score, self.limit.limit, alarm, corrected, carried)

    @property
    def corrects(self) -> bool:
        """Whether a correction per context earned its place on the training contexts."""
        return bool(np.isfinite(self.correction.pseudo_count))

    @property
    def rows_for_new(self) -> int:
        """Normal rows a new context needs: for its correction, or for a limit worth trusting."""
        return FEWEST if self.corrects else rows_needed(self.limit.allowed)

    def started(self, name: str, X_normal: pd.DataFrame) -> Alarm:
        """A copy that knows a new context from its first normal rows X (k, p), ten or more."""
        normal = self.detector.abnormality(X_normal)
        return replace(self, correction=self.correction.with_context(name, normal))

    def settings(self) -> dict[str, Any]:
        """JSON form of all but the detector."""
        limit = {k: None if not np.isfinite(v) else v for k, v in asdict(self.limit).items()}
        return {
            "key": self.key,
            "limit": limit,
            "correction": self.correction.settings(),
            "column": self.column,
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], restore: Callable[[], Detector]) -> Alarm:
        """Inverse of `settings`; `restore` brings the detector back."""
        limit = dict(settings["limit"])
        for name, end in (("limit_low", -np.inf), ("limit_high", np.inf)):
            limit[name] = end if limit[name] is None else limit[name]
        correction = ContextCorrection.from_settings(settings["correction"])
        return cls(settings["key"], restore(), AlarmLimit(**limit), correction, settings["column"])
