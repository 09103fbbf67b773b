"""What `predict` writes about alarms: score, limit, alarm, and the columns that carry it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.study.saved import SavedTarget
from tabcouce.system.alarm import Alarm

NAMED = 3
"""Columns named with an alarm; the rest carry less."""


def alarm_columns(alarm: Alarm, X: pd.DataFrame, context: pd.DataFrame | None) -> pd.DataFrame:
    """Columns 'score', 'limit', 'alarm' (0 or 1), 'alarm_from' (the columns that carry it, with what
    the score falls by when each alone is normal) and 'corrected' (whether the row's context has a
    correction of its own), each (n,).

    X (n, p) matched inputs; context (n, c) text or None
    """
    own = None if context is None or alarm.column is None else context[alarm.column]
    judged = alarm.judge(X, own)
    columns = {
        "score": judged.score,
        "limit": np.full(len(X), judged.limit),
        "alarm": judged.alarm.astype(int),
        "alarm_from": [carried(row, list(map(str, X.columns))) for row in judged.contributions],
        "corrected": judged.corrected.astype(int),
    }
    return pd.DataFrame(columns, index=range(len(X)))


def carried(contribution: npt.NDArray[np.float64], names: list[str]) -> str:
    """'pressure (+1.2), flow (+0.3)': the largest positive contributions; '' without an alarm."""
    known = np.nan_to_num(contribution, nan=0.0)
    order = [j for j in np.argsort(-known, kind="stable")[:NAMED] if known[j] > 0]
    return ", ".join(f"{names[j]} (+{known[j]:.2g})" for j in order)


def alarm_notes(saved: SavedTarget, context: pd.DataFrame | None) -> tuple[str, ...]:
    """What a new context needs before its alarms can be corrected."""
    alarm = saved.alarm
    if alarm is None or alarm.column is None:
        return ()
    if context is None:
        return (f"'{alarm.column}' is missing: every row is judged by the pooled alarm limit.",)
    new = sorted(set(context[alarm.column]) - set(alarm.correction.own))
    if not new or not alarm.correction.own:
        return ()
    named = ", ".join(f"'{name}'" for name in new[:5]) + (", ..." if len(new) > 5 else "")
    return (
        f"{named}: judged by the pooled alarm limit; {alarm.rows_for_new} normal rows of its own in the "
        "training file would give each a correction.",
    )
