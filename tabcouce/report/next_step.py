"""What to do next, in one or two sentences, from the numbers of the study alone."""

from __future__ import annotations

from tabcouce.report.alarm_verdict import alarm_next_step
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import score
from tabcouce.report.naming import sentences
from tabcouce.report.summary import TargetSummary
from tabcouce.report.verdict_text import best_model, settle_sentence, unseen

WORTH = 0.05
"""R2 or AUC that a few labelled rows must add to be worth measuring."""


def next_step(target: TargetSummary, w: Words) -> str:
    """The one thing that would change the answer most, and how to go on from here.

    A blocking fault in the data comes before everything; then labelled rows of the new context where
    they are shown to help; then more contexts where the comparison is open; then use.
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
    return w("next.predict")


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
    best = found[model]
    if best.value is None or best.low is None:
        return ""
    if best.value < blind.value + WORTH or best.low <= blind.value:
        return ""
    return w(
        "next.shots",
        unseen=unseen(target, w),
        model=w.label("model_in", model),
        metric=w.label("metric_symbol", target.metric),
        shots=score(best.value),
        low=score(best.low),
        blind=score(blind.value),
    )
