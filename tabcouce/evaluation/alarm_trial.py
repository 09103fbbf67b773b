"""Detectors judged on contexts they never saw, by one limit for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from tabcouce.evaluation.alarm_rates import (
    AlarmSpread,
    ContextRates,
    alarm_spread,
    context_rates,
    pooled_limit,
    recall_at,
    time_to_alarm,
)
from tabcouce.system.context_correction import ContextCorrection, choose_shrinkage

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

START_UP = 30
"""First normal rows of a context that stand for its approved period, half of its rows at most."""
TIE = 0.01
"""Recall (or spread) by which a detector must beat a simpler one."""
FormName = Literal["plain", "corrected", "centred"]


@dataclass(frozen=True)
class Held:
    """The rows that a split tested.

    abnormal (n,); context (n,) text of what was held out; fold (n,) number; order (n,) time
    start_up  normal rows that stand for a context's approved period
    """

    abnormal: Flags
    context: Texts
    fold: npt.NDArray[np.int64]
    order: Floats
    start_up: int = START_UP

    @property
    def start(self) -> Flags:
        """(n,) the first normal rows of each context in time order: its approved period."""
        out = np.zeros(len(self.order), bool)
        for name in set(self.context.tolist()):
            normal = np.flatnonzero((self.context == name) & ~self.abnormal)
            normal = normal[np.argsort(self.order[normal], kind="stable")]
            out[normal[: min(self.start_up, len(normal) // 2)]] = True
        return out


@dataclass(frozen=True)
class DetectorForm:
    """One detector under one limit: as it comes, or after the start-up of each context.

    auc, average_precision  over the tested rows without the start-up; None without labels
    recall      share of abnormal rows found at the allowed false-alarm rate over all contexts
    spread      of the false-alarm rates between contexts at that limit
    delay       median rows from the first abnormal row to its alarm; None where most are missed
    """

    auc: float | None
    average_precision: float | None
    recall: float | None
    spread: AlarmSpread
    delay: float | None


@dataclass(frozen=True)
class DetectorTrial:
    """A detector on held-out contexts.

    plain      of a context that has given no rows
    corrected  the scores moved and stretched by the context's first normal rows
    centred    the same after its offsets were taken off the columns; None where it was not tried
    used       the form that earned its place for contexts that have given rows
    """

    key: str
    plain: DetectorForm
    corrected: DetectorForm
    centred: DetectorForm | None = None
    used: FormName = "plain"

    @property
    def corrects(self) -> bool:
        return self.used != "plain"

    @property
    def chosen(self) -> DetectorForm:
        """The numbers of the form in use."""
        return dict(self.forms)[self.used]

    @property
    def forms(self) -> tuple[tuple[FormName, DetectorForm], ...]:
        """Every form that was tried, the simplest first."""
        both: tuple[tuple[FormName, DetectorForm], ...] = (
            ("plain", self.plain),
            ("corrected", self.corrected),
        )
        return both if self.centred is None else (*both, ("centred", self.centred))


def assess(
    key: str, score: Floats, held: Held, allowed: float, *, centred: Floats | None = None
) -> DetectorTrial:
    """All forms of a detector from scores (n,) by models that had not seen the row's context.

    centred  (n,) scores of the same rows where the offsets of each context's start-up were taken
             off the columns, in training as in use; None where that was not tried
    """
    trial = DetectorTrial(
        key=key,
        plain=_form(score, held, allowed),
        corrected=_form(started(score, held, allowed), held, allowed),
        centred=None if centred is None else _form(started(centred, held, allowed), held, allowed),
    )
    used: FormName = "plain"
    for name, form in trial.forms:
        if _fairer(form, dict(trial.forms)[used]):
            used = name
    return replace(trial, used=used)


def _fairer(new: DetectorForm, old: DetectorForm) -> bool:
    """Whether more is found, or as much with rates that differ less between contexts."""
    if new.spread.spread is None or old.spread.spread is None:
        return False
    if new.recall is not None and old.recall is not None and abs(new.recall - old.recall) > TIE:
        return new.recall > old.recall
    return new.spread.spread < old.spread.spread


def started(score: Floats, held: Held, allowed: float) -> Floats:
    """(n,) scores after each context's start-up.

    The shrinkage of a fold and the pooled spread come from the contexts of the other folds.
    """
    out, start = score.copy(), held.start
    for k in np.unique(held.fold):
        others = np.flatnonzero((held.fold != k) & ~held.abnormal)
        if len(others) == 0:
            continue
        names = held.context[others]
        shrinkage = choose_shrinkage(
            score[others], names, held.order[others], allowed=allowed, start_up=held.start_up
        )
        correction = ContextCorrection.of(score[others], names, shrinkage)
        for name in set(held.context[held.fold == k].tolist()):
            own = held.context == name
            began = correction.with_context(str(name), score[own & start])
            out[own] = began(score[own], held.context[own])
    return out


def judged_rates(score: Floats, held: Held, allowed: float) -> tuple[ContextRates, ...]:
    """Rates of each context under the limit that the normal rows of the other contexts set."""
    tested = ~held.start
    found: list[ContextRates] = []
    for name in sorted(set(held.context[tested].tolist())):
        own = (held.context == name) & tested
        others = score[tested & ~held.abnormal & (held.context != name)]
        if len(others):
            alarm = score[own] > pooled_limit(others, allowed)
            found += context_rates(alarm, held.abnormal[own], held.context[own])
    return tuple(found)


def _form(score: Floats, held: Held, allowed: float) -> DetectorForm:
    tested = ~held.start
    s, ill, context = score[tested], held.abnormal[tested], held.context[tested]
    alarm = s > pooled_limit(s[~ill], allowed)
    both = bool(ill.any() and not ill.all())
    delay = time_to_alarm(alarm, ill, context, held.order[tested])
    return DetectorForm(
        auc=float(roc_auc_score(ill, s)) if both else None,
        average_precision=float(average_precision_score(ill, s)) if both else None,
        recall=recall_at(s, ill, allowed),
        spread=alarm_spread(context_rates(alarm, ill, context)),
        delay=delay.median,
    )


def recommend(trials: Mapping[str, DetectorTrial], *, started: bool = False) -> str:
    """The detector with the highest recall at the allowed rate, a simpler one on a tie.

    started  whether every context has an approved period: compared in the form in use then, else
             as they come, since a new context has no start-up at first
    trials   by key, simplest first
    """

    def form(key: str) -> DetectorForm:
        return trials[key].chosen if started else trials[key].plain

    best = next(iter(trials))
    for key in trials:
        if _gain(form(key), form(best)) > TIE:
            best = key
    return best


def _gain(new: DetectorForm, old: DetectorForm) -> float:
    if new.recall is not None and old.recall is not None:
        return new.recall - old.recall
    if new.spread.spread is not None and old.spread.spread is not None:
        return old.spread.spread - new.spread.spread
    return 0.0
