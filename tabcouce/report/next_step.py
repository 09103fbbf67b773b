"""What to do next, in one or two sentences, from the numbers of the study alone."""

from __future__ import annotations

from tabcouce.report.alarm_verdict import alarm_next_step
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import score
from tabcouce.report.naming import sentences
from tabcouce.report.summary import TargetSummary
from tabcouce.report.verdict_text import (
    CHANCE,
    WEAK,
    best_model,
    fails_on,
    may_know_nothing,
    settle_sentence,
    split_noun,
    unseen,
)

WORTH = 0.05
"""R2 or AUC that a few labelled rows must add to be worth measuring."""
ALIKE = 0.01
"""Within this R2 or AUC of the best model with labelled rows the recommended one is named."""
MOST_FLAGGED = 0.5
"""An out-of-range flag that is raised for more of the rows of new contexts singles out nothing."""


def next_step(target: TargetSummary, w: Words) -> str:
    """The one thing that would change the answer most, and how to go on from here.

    In this order: a blocking fault in the data; five labelled rows of the new context where they are
    shown to help; no model at all; an open comparison; no context named; a headline score below `WEAK`
    or whose interval holds a model that knows nothing; another honest split on which the model is not
    shown to be better than that; only then use, with the out-of-range flag where it singles rows out.
    """
    if any(finding.severity == "blocks" for finding in target.findings):
        return w("next.mend")
    if target.alarms is not None and not target.models:
        return alarm_next_step(target.alarms, w)
    shots = _shots(target, w)
    if target.verdict.outcome == "do_not_predict":
        return sentences(w, shots or w("next.no_model"))
    more = settle_sentence(target, w) if target.verdict.outcome == "undecided" else ""
    if shots or more:
        return sentences(w, shots, more)
    if target.headline == "shuffled":
        return w("next.name_contexts")
    return _doubt(target, w) or w(
        "next.predict_flagged" if (target.outside_rate or 0.0) <= MOST_FLAGGED else "next.predict"
    )


def _doubt(target: TargetSummary, w: Words) -> str:
    """What to do before any prediction is used; '' where the score is good enough on every honest split."""
    symbol = w.label("metric_symbol", target.metric)
    found = target.score(target.headline, best_model(target), target.metric)
    if found is not None and found.value is not None:
        low = w("next.weak_low", low=score(found.low)) if may_know_nothing(target, found) else ""
        if low or found.value < WEAK.get(target.metric, 0.0):
            return w("next.weak", metric=symbol, score=score(found.value), low=low, unseen=unseen(target, w))
    failed = fails_on(target)
    told = None if failed is None else target.score(failed, best_model(target), target.metric)
    if failed is None or told is None:
        return ""
    return w(
        "next.fails",
        split=split_noun(failed, w),
        metric=symbol,
        score=score(told.value),
        chance=w.label("next_chance", target.metric),
    )


def _shots(target: TargetSummary, w: Words) -> str:
    """Five measured rows of a new context, if the model gets better by them beyond its interval."""
    blind = target.score(target.headline, best_model(target), target.metric)
    found = {
        model: told
        for model in target.models
        if (told := target.score(target.headline, model, target.metric, "shots5")) is not None
        and told.value is not None
        and told.low is not None
    }
    if blind is None or blind.value is None or not found:
        return ""
    model = max(found, key=lambda key: found[key].value or 0.0)
    own = best_model(target)
    if own in found and (found[own].value or 0.0) >= (found[model].value or 0.0) - ALIKE:
        model = own
    best = found[model]
    if best.value is None or best.low is None:
        return ""
    # A model worse than knowing nothing is no measure: with labels the constant guesses, no more.
    if best.value < blind.value + WORTH or best.low <= max(blind.value, CHANCE.get(target.metric, 0.0)):
        return ""
    alone = target.score(target.headline, model, target.metric)  # the sentence is about one model
    return w(
        "next.shots",
        unseen=unseen(target, w),
        model=w.label("model_in", model),
        metric=w.label("metric_symbol", target.metric),
        shots=score(best.value),
        low=score(best.low),
        blind=score(blind.value if alone is None else alone.value),
    )
