"""What a model predicted for rows it did not see, and how that scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tabcouce.models.contract import Model


@dataclass(frozen=True)
class Score:
    """A number that never travels alone.

    value      the score; None where it is not defined (an empty or one-class context)
    low, high  95 % interval from resampling whole contexts or groups; None where fewer than
               two of them exist
    n          rows behind it
    units      independent contexts or groups behind it
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    units: int


@dataclass(frozen=True)
class Trial:
    """One model over all folds of one split.

    prediction  (n,) or (n, k) out-of-fold predictions, NaN where no fold tested the row
    fitted      the fold models, in the order of the split's folds
    seconds     wall time of all fits (a packed run is shared out by its folds)
    rows_used   largest number of training rows a fold really used; below the fold's size
                where a cap bit
    mode        'blind'; 'known' (the test rows' contexts were given to the model); 'batch' (the model
                saw the held-out context's rows without their target); 'shots5' (five of its rows with
                their target, which no model is then scored on)
    notes       what the model chose inside its training rows, e.g. 'do-view' or 'pooled'
    repeats     predictions with other rows drawn as labelled ones; scores are means over all draws
    """

    model: str
    split: str
    prediction: npt.NDArray[np.float64]
    fitted: tuple[Model, ...]
    seconds: float
    rows_used: int
    mode: str = "blind"
    notes: tuple[str, ...] = ()
    repeats: tuple[npt.NDArray[np.float64], ...] = ()


@dataclass(frozen=True)
class ModelScores:
    """All scores of one trial.

    metrics      'r2', 'rmse', 'mae'; or 'auc', 'average_precision', 'f1', 'log_loss',
                 'accuracy', 'recall_at_5pct_false_alarms'
    per_context  for each held-out unit (its text), the same keys without interval
    """

    model: str
    split: str
    metrics: Mapping[str, Score]
    per_context: Mapping[str, Mapping[str, Score]]
    fit_seconds: float
    rows_used: int
    mode: str = "blind"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """Paired difference of the primary score, first model minus second, over held-out units.

    gain        pooled difference (R2 or AUC; positive: the first is better)
    low, high   95 % interval over units; low68, high68 the 68 % one
    worst       the smallest per-unit gain, in the same score
    worst_unit  text of that unit
    per_unit    gain of each unit, for the forest plot
    shares      share of the rows that lies in each of these units
    """

    first: str
    second: str
    gain: float
    low: float | None
    high: float | None
    low68: float | None
    high68: float | None
    worst: float | None
    worst_unit: str | None
    units: int
    per_unit: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Which model to use, by the pre-registered rule of `verdict.decide`.

    outcome        'use_model', 'split_advice', 'use_linear', 'do_not_predict', 'undecided'
    recommended    model key for a new context (the simpler one where undecided)
    known_context  model key for a context already in the data
    metric         'r2' or 'auc', the score the rule compared
    differences    every comparison the rule made, on the headline split
    reasons        stable keys with which the report builds its sentences
    contested      model whose gain is not shown: the comparison that more contexts would settle
    units_needed   held-out units, those at hand included, that would settle it if the gain stays;
                   None where none is open or more than a thousand would be needed
    """

    outcome: str
    recommended: str
    known_context: str
    metric: str
    headline: str
    differences: tuple[Difference, ...]
    reasons: tuple[str, ...] = ()
    contested: str | None = None
    units_needed: int | None = None
