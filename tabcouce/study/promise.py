"""Did the promise hold: the study's score for contexts never seen against values in a new file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from tabcouce.evaluation.metrics import metrics_of
from tabcouce.roles.cells import parse_numbers
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.study.saved import Promise, SavedTarget
from tabcouce.study.trained_rows import trained_rows

FEWEST_ROWS = 10
"""Fewer values neither keep nor break a promise."""
SLACK = 0.05
"""Coverage this far below the level still counts as kept."""
CHANCE = 0.05
"""So rarely may a true coverage of level less SLACK be called broken, rows taken as independent."""


@dataclass(frozen=True)
class Outcome:
    """The promise against the values in the new file.

    scores      metric -> value on the new rows, predicted as a new context
    coverage    share of the new values inside their interval; None for classes or where the
                interval is infinite
    n           rows with a value
    trained     how many of them the models were trained on; where any is, `kept` is told by the
                others alone
    unread      (n_rows,) filled cells that are no number or no class of the study
    kept        whether score and coverage are within what the study promised; None where fewer
                than `FEWEST_ROWS` values, or values of one class only, cannot tell
    """

    scores: Mapping[str, float]
    coverage: float | None
    n: int
    unread: npt.NDArray[np.bool_]
    kept: bool | None
    trained: int = 0


def judge(
    saved: SavedTarget,
    estimate: npt.NDArray[np.float64],
    observed: pd.Series,
    X: pd.DataFrame | None = None,
) -> Outcome | None:
    """Score the new rows and compare with the promise; None where no cell has a value.

    estimate  (n,) values or (n, k) probabilities for a new context
    observed  (n,) cells of the target in the new file
    X         (n, p) inputs, by which rows of the training file are known again
    """
    y, unread = read_observed(saved, observed)
    some = np.isfinite(y)
    if not some.any() and not unread.any():
        return None
    trained = np.zeros(len(y), bool) if X is None else trained_rows(saved, X, y)
    if trained.any():
        new = judge(saved, estimate[~trained], observed[~trained])
        every = judge(saved, estimate, observed)
        assert every is not None  # trained rows have a value
        return replace(every, kept=None if new is None else new.kept, trained=int(trained.sum()))
    measured = {key: f(y[some], estimate[some]) for key, f in metrics_of(estimate[some]).items()}
    scores = {key: value for key, value in measured.items() if value is not None}
    covered = None
    if saved.intervals is not None and np.isfinite(saved.intervals.half_width) and some.any():
        low, high = saved.intervals.band(estimate[some])
        covered = (y[some] >= low) & (y[some] <= high)
    told = [score_held(saved.promise, scores)]
    if covered is not None and saved.intervals is not None:
        told.append(coverage_held(covered, saved.intervals.level))
    known = [held for held in told if held is not None]
    return Outcome(
        scores=scores,
        coverage=None if covered is None else float(covered.mean()),
        n=int(some.sum()),
        unread=unread,
        kept=all(known) if known and some.sum() >= FEWEST_ROWS else None,
    )


def read_observed(
    saved: SavedTarget, observed: pd.Series
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """(n,) value or class number, NaN where there is none, and which filled cells were not read."""
    if not saved.classes:
        numbers = parse_numbers(observed)
        return numbers.values, numbers.unread
    number = {text: float(k) for k, text in enumerate(saved.classes)}
    texts = level_texts(observed)
    y = np.array([number.get(text, np.nan) for text in texts], float)
    return y, np.isnan(y) & (texts != BLANK)


def score_held(promise: Promise, scores: Mapping[str, float]) -> bool | None:
    """Values: the RMSE stays below the promised upper bound, AUC above the lower one.

    R2 is no measure of a broken promise: it falls wherever the new rows vary less, as those of
    one machine do, although every error is as small as promised.
    """
    if promise.rmse is not None:
        bound = promise.rmse if promise.rmse_high is None else promise.rmse_high
        return scores["rmse"] <= bound if "rmse" in scores else None
    lower = promise.value if promise.low is None else promise.low
    value = scores.get(promise.metric)
    return None if value is None or lower is None else value >= lower


def coverage_held(covered: npt.NDArray[np.bool_], level: float) -> bool:
    """Whether so few hits are still plausible where the coverage is level less `SLACK`."""
    return bool(binom.cdf(covered.sum(), len(covered), level - SLACK) > CHANCE)
