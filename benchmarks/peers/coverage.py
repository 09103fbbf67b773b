"""Do the product's intervals hold on contexts never seen? Each context judged by the others' residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peers.answers import Answers
from peers.benchmark_set import BenchmarkSet
from tabcouce.splits import Split
from tabcouce.system.intervals import fit_intervals

JUDGED = ("system", "lightgbm")
LEVEL = 0.9


@dataclass(frozen=True)
class Coverage:
    """Share of held-out rows inside the 90 % band of one model on one set.

    promisable  highest level that so many contexts can promise for a new one
    worst, mean share inside of the worst context, and over contexts
    half_width  in standard deviations of the target
    """

    name: str
    model: str
    contexts: int
    pooled: float | None
    promisable: float
    worst: float
    mean: float
    half_width: float


def coverages(one: BenchmarkSet, split: Split, found: Sequence[Answers]) -> list[Coverage]:
    """Regression on contexts held out; nothing else."""
    if not one.dataset.is_regression or not split.key.startswith("unseen:"):
        return []
    made = []
    for a in found:
        if a.model not in JUDGED or a.prediction is None:
            continue
        residual = one.dataset.y - a.prediction
        band = fit_intervals(residual, split.unit, units=len(split.units), split=split.key, level=LEVEL)
        per_unit = np.array(band.per_unit)
        made.append(
            Coverage(
                name=one.name,
                model=a.model,
                contexts=band.units,
                pooled=band.coverage,
                promisable=band.promisable,
                worst=float(np.nanmin(per_unit)),
                mean=float(np.nanmean(per_unit)),
                half_width=float(band.half_width / one.dataset.y.std()),
            )
        )
    return made
