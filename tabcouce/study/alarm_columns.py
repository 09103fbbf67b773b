"""What `predict` writes about alarms: score, limit, alarm, and the columns that carry it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import RoleError
from tabcouce.read.table import Table
from tabcouce.system.alarm import LIMIT, Alarm

NAMED = 3
"""Columns named with an alarm; the rest carry less."""


def alarm_columns(alarm: Alarm, X: pd.DataFrame, context: pd.DataFrame | None) -> pd.DataFrame:
    """Columns 'score' (0 the middle of normal rows, 1 the limit), 'limit', 'alarm' (0 or 1),
    'alarm_from' (the columns that carry it, with what the score falls by when each alone is normal)
    and 'corrected' (whether normal rows of the row's own context set its scale), each (n,).

    X (n, p) matched inputs; context (n, c) text or None
    """
    own = None if context is None or alarm.column is None else context[alarm.column]
    judged = alarm.judge(X, own)
    columns = {
        "score": judged.score,
        "limit": np.full(len(X), LIMIT),
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


def alarm_notes(alarm: Alarm | None, context: pd.DataFrame | None) -> tuple[str, ...]:
    """By which limit contexts were judged, and what a new one needs for a scale of its own."""
    if alarm is None or alarm.column is None:
        return ()
    if context is None:
        return (f"'{alarm.column}' is missing: every row is judged by the pooled alarm limit.",)
    if alarm.own is None:
        return ()
    found = set(context[alarm.column])
    new = sorted(found - set(alarm.own.known.correction.own) - set(alarm.own.started.correction.own))
    if not new:
        return ()
    return (
        f"{named(new)}: judged by the pooled alarm limit; with {alarm.rows_for_new} or more rows known to be "
        "normal, given with --approved, each gets a scale of its own, the surer the more rows.",
    )


def named(levels: list[str]) -> str:
    """Up to five levels in quotes."""
    return ", ".join(f"'{name}'" for name in levels[:5]) + (", ..." if len(levels) > 5 else "")


@dataclass(frozen=True)
class StartedAlarm:
    """The alarm with the contexts that approved rows have started; notes say which, and which not."""

    alarm: Alarm
    notes: tuple[str, ...]


def started_alarm(alarm: Alarm, X: pd.DataFrame, context: pd.DataFrame | None, table: Table) -> StartedAlarm:
    """The alarm after rows X (n, p) that are known to be normal.

    context  (n, c) text, or None where the file lacks it
    Raises   RoleError if there is no context column to tell machines apart by
    """
    if alarm.column is None or context is None:
        missing = (
            "The study has no context column" if alarm.column is None else f"'{alarm.column}' is missing"
        )
        raise RoleError(
            f"{missing}: approved rows cannot be told apart by machine.",
            place=table.place(),
            remedy="Leave --approved out, or fit again with --context."
            if alarm.column is None
            else f"Add the column '{alarm.column}' to the approved rows.",
        )
    if alarm.own is None:
        note = "Approved rows were not used: scales of their own did not earn their place in this study."
        return StartedAlarm(alarm, (note,))
    notes = []
    names = context[alarm.column].to_numpy(object)
    for name in sorted(set(names.tolist())):
        rows = np.flatnonzero(names == name)
        if len(rows) < alarm.rows_for_new:
            need = f"{alarm.rows_for_new} are needed for a scale of its own"
            notes.append(f"'{name}' has {len(rows)} approved rows; {need}.")
            continue
        alarm = alarm.started(str(name), X.iloc[rows].reset_index(drop=True))
        notes.append(f"'{name}' is judged on its own scale, from {len(rows)} approved rows.")
    return StartedAlarm(alarm, tuple(notes))
