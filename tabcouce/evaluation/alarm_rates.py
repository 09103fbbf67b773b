"""What one alarm limit does in each context: false alarms, misses, their spread, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEVEL = 0.95


@dataclass(frozen=True)
class Rate:
    """A share with its exact interval (Clopper and Pearson, 1934); value None without rows.

    The interval takes rows as independent. Rows of one recording are not, and theirs is too
    narrow; `ContextRates` over several recordings show by how much.
    """

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ContextRates:
    """One limit in one context: alarms among its normal rows, silence among its abnormal ones.

    later  alarms among rows after the approved period of which nothing is known; they may be true
    """

    context: str
    false_alarm: Rate
    miss: Rate
    later: Rate = Rate(0, 0, None, None, None)


@dataclass(frozen=True)
class AlarmSpread:
    """Inequality of the false-alarm rates between contexts at one limit.

    spread      largest minus smallest rate
    deviation   standard deviation between contexts, less what the binomial alone would give
    worst       context with the largest rate
    contexts    contexts with at least `fewest` normal rows, which alone are compared
    """

    spread: float | None
    deviation: float | None
    worst: str | None
    contexts: int


@dataclass(frozen=True)
class Delay:
    """How soon the alarm came in recordings with an anomaly.

    rows        per recording, rows from the first abnormal row to the first alarm on one; None
                where the anomaly passed unseen
    median      over the recordings, a missed one counted as infinitely late; None if missed
    """

    recordings: tuple[str, ...]
    rows: tuple[int | None, ...]
    median: float | None


def rate(hits: int, n: int, level: float = LEVEL) -> Rate:
    """hits out of n with the exact binomial interval."""
    if n == 0:
        return Rate(0, 0, None, None, None)
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(1 - tail, hits + 1, n - hits))
    return Rate(hits, n, hits / n, low, high)


def context_rates(
    alarm: Flags, abnormal: Flags, context: npt.NDArray[np.object_], unknown: Flags | None = None
) -> tuple[ContextRates, ...]:
    """Rates of each context, in the order of their names; alarm, abnormal, context (n,).

    unknown  (n,) rows of which nothing is known; None: none
    """
    open_ = np.zeros(len(alarm), bool) if unknown is None else unknown
    found = []
    for name in sorted(set(context.tolist())):
        own = context == name
        normal, ill, later = own & ~abnormal & ~open_, own & abnormal, own & open_
        found.append(
            ContextRates(
                context=str(name),
                false_alarm=rate(int((alarm & normal).sum()), int(normal.sum())),
                miss=rate(int((~alarm & ill).sum()), int(ill.sum())),
                later=rate(int((alarm & later).sum()), int(later.sum())),
            )
        )
    return tuple(found)


def alarm_spread(rates: Sequence[ContextRates], *, fewest: int = 20) -> AlarmSpread:
    """Spread of the false-alarm rates over contexts with at least `fewest` normal rows."""
    kept = [one for one in rates if one.false_alarm.n >= fewest]
    if len(kept) < 2:
        return AlarmSpread(None, None, None, len(kept))
    share = np.array([one.false_alarm.hits / one.false_alarm.n for one in kept])
    chance = np.mean([p * (1 - p) / one.false_alarm.n for p, one in zip(share, kept, strict=True)])
    return AlarmSpread(
        spread=float(np.ptp(share)),
        deviation=float(np.sqrt(max(share.var(ddof=1) - chance, 0.0))),
        worst=kept[int(share.argmax())].context,
        contexts=len(kept),
    )


def recall_at(score: Floats, abnormal: Flags, false_alarms: float) -> float | None:
    """Share of abnormal rows above the lowest limit whose pooled false-alarm rate is allowed.

    With ties at the limit the rate stays at or below what is allowed. None without both kinds.
    """
    if not abnormal.any() or abnormal.all():
        return None
    return float((score[abnormal] > pooled_limit(score[~abnormal], false_alarms)).mean())


def pooled_limit(normal: Floats, false_alarms: float) -> float:
    """The lowest limit that at most a share of the normal scores (n,) exceeds."""
    allowed = int(np.floor(false_alarms * len(normal) + 1e-9))
    return float(np.sort(normal)[len(normal) - allowed - 1]) if allowed < len(normal) else -np.inf


def time_to_alarm(alarm: Flags, abnormal: Flags, recording: npt.NDArray[np.object_], order: Floats) -> Delay:
    """Rows that pass in each recording from the first abnormal row to the first alarm on one.

    order  (n,) time within the recording; rows without an abnormal neighbour do not count
    """
    names, delays = [], []
    for name in sorted(set(recording.tolist())):
        own = np.flatnonzero(recording == name)
        own = own[np.argsort(order[own], kind="stable")]
        ill = np.flatnonzero(abnormal[own])
        if len(ill) == 0:
            continue
        rung = np.flatnonzero(alarm[own] & abnormal[own])
        names.append(str(name))
        delays.append(int(rung[0] - ill[0]) if len(rung) else None)
    late = np.array([np.inf if d is None else d for d in delays])
    middle = float(np.median(late)) if len(late) else np.inf
    return Delay(tuple(names), tuple(delays), middle if np.isfinite(middle) else None)
