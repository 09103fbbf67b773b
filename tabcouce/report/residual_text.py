"""Residuals of held-out predictions by context and along time, and what to see in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import signed, significant, with_unit
from tabcouce.report.naming import context_name, sentences
from tabcouce.report.summary import Points, TargetSummary
from tabcouce.report.verdict_text import unseen

MOST_CONTEXTS = 24
"""Contexts that are drawn, those furthest off zero."""
STRETCHES = 12
TREND = 3.0
"""Standard errors of the correlation with time from which a slow trend is no chance."""


@dataclass(frozen=True)
class Residuals:
    """Observed less predicted, of the rows with a held-out prediction.

    value     (m,) unit of the target; positive: the model predicted too little
    context   (m,) text of the held-out context
    row       (m,) 1-based row of the file
    position  (m,) place in time from 0, or in the file where no time is known
    """

    value: npt.NDArray[np.float64]
    context: npt.NDArray[np.object_]
    row: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]


def residuals(drawn: Points, model: str) -> Residuals | None:
    """None where the model predicted nothing."""
    predicted = np.array(drawn.predicted.get(model, ()), dtype=float)
    known = np.flatnonzero(np.isfinite(predicted))
    if len(known) < 2:
        return None
    time = np.array(drawn.order or drawn.rows, dtype=float)[known]
    return Residuals(
        value=np.array(drawn.observed)[known] - predicted[known],
        context=np.array(drawn.context, dtype=object)[known],
        row=np.array(drawn.rows)[known],
        position=np.argsort(np.argsort(time, kind="stable"), kind="stable"),
    )


def context_means(found: Residuals) -> dict[str, float]:
    """Mean residual of each context, the furthest from zero first."""
    means = {name: float(found.value[found.context == name].mean()) for name in np.unique(found.context)}
    return dict(sorted(means.items(), key=lambda item: -abs(item[1])))


def centred(found: Residuals) -> Residuals:
    """Without the mean of each context: contexts that follow each other would look like a drift."""
    means = context_means(found)
    return replace(found, value=found.value - np.array([means[name] for name in found.context]))


def stretch_means(found: Residuals) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Middle place and mean residual of equal stretches along time."""
    count = min(STRETCHES, len(found.value))
    part = (found.position * count) // len(found.value)
    middle = np.array([found.position[part == k].mean() for k in range(count)])
    return middle, np.array([found.value[part == k].mean() for k in range(count)])


def by_context_say(target: TargetSummary, found: Residuals, w: Words) -> str:
    """Which context is furthest off, and how much of the error is such offsets."""
    means = context_means(found)
    worst, offset = next(iter(means.items()))
    fitted = np.array([means[name] for name in found.context])
    share = float((fitted**2).sum() / max((found.value**2).sum(), np.finfo(float).tiny))
    say = w(
        "residual.context_say",
        worst=context_name(target, worst),
        offset=with_unit(signed(significant(offset)), target.target.unit),
        percent=f"{100 * share:.0f}",
        unseen=unseen(target, w),
    )
    more = w("residual.context_shown", shown=MOST_CONTEXTS, total=len(means))
    return sentences(w, say, more if len(means) > MOST_CONTEXTS else "")


def along_time_say(target: TargetSummary, found: Residuals, known: bool, w: Words) -> str:
    """How far the mean wanders, against the spread that stretches of random order would show.

    A slow trend is seen in all rows before it is in the means of stretches: it counts by its own test.

    found  centred residuals
    """
    _, mean = stretch_means(found)
    chance = float(found.value.std()) / np.sqrt(len(found.value) / len(mean))
    trend = 0.0 if chance == 0 else float(np.corrcoef(found.position, found.value)[0, 1])
    drifts = float(mean.std()) > 2 * chance or abs(trend) * np.sqrt(len(found.value)) > TREND
    key = "residual.time_drifts" if drifts else "residual.time_steady"
    ends = (float(mean.min()), float(mean.max()))
    low, high = (with_unit(signed(significant(end)), target.target.unit) for end in ends)
    return sentences(w, w(key, low=low, high=high), w("residual.by_time" if known else "residual.by_row"))
