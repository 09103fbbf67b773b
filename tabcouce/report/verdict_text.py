"""The verdict in three sentences; the same in terminal, result.json, workbook and report."""

from __future__ import annotations

from tabcouce.evaluation.trial import Score
from tabcouce.report.alarm_verdict import alarm_verdict
from tabcouce.report.catalogue import Words, words
from tabcouce.report.digits import gain, percent, score, significant, with_unit
from tabcouce.report.summary import TargetSummary

CHANCE = {"r2": 0.0, "auc": 0.5}
"""Score of a model that knows nothing; what stands above it can be lost."""
WEAK = {"r2": 0.3, "auc": 0.65}
"""Below this score the report recommends a model only with care."""
SMALL_GAP = 0.05
"""A smaller loss than this, in R2 or AUC, does not matter."""
VETO = "worst-unit-loses"
"""Reason of a verdict that bars a model which gains on the whole."""
LARGE_SHARE = 1 / 3
"""A loss of this share of the shuffled score, or more, makes the shuffled score misleading."""


def verdict_sentences(target: TargetSummary, lang: str) -> tuple[str, str, str]:
    """Which model; how good on what was never seen; how much of the shuffled score vanishes.

    lang     'en' or 'ja'
    Returns  three sentences with numbers in the target's unit, free of markup, in letters that
             a Japanese Windows terminal (cp932) can print where the user's own names can
    """
    w = words(lang)
    if target.alarms is not None and not target.models:
        return alarm_verdict(target.alarms, w)
    return _which_model(target, w), _how_good(target, w), _what_vanishes(target, w)


def unseen(target: TargetSummary, w: Words, split: str | None = None) -> str:
    """Noun for what a split holds out, such as 'a new “machine”'."""
    return split_noun(split or target.headline, w)


def split_noun(split: str, w: Words) -> str:
    """Noun for what is new in the test rows of a split."""
    kind, _, column = split.partition(":")
    return w(f"noun.{kind}", column=column) if kind == "unseen" else w.label("noun", kind)


def held_out(target: TargetSummary, units: int, w: Words) -> str:
    """'12 held out', or '50 blocks of rows' where nothing but rows could be held out."""
    return w("interval.blocks" if target.by_blocks else "interval.held_out", units=units)


def interval_text(target: TargetSummary, found: Score, w: Words, shown: str = "score") -> str:
    """'(95 % interval 0.31 to 0.52, 12 held out)', shorter where there is no interval."""
    write = score if shown == "score" else significant
    held = held_out(target, found.units, w)
    if found.low is None or found.high is None:
        return w("interval.none", held=held, n=found.n)
    return w("interval.some", low=write(found.low), high=write(found.high), held=held)


def _which_model(target: TargetSummary, w: Words) -> str:
    verdict = target.verdict
    first = next((d for d in verdict.differences if d.first == verdict.recommended), None)
    reason = ""
    if first is not None and first.gain > 0:
        reason = w(
            "verdict.gain",
            metric=w.label("metric_plain", verdict.metric),
            gain=gain(first.gain).removeprefix("+"),
            second=w.label("model_in", first.second),
        )
    key = verdict.outcome if f"verdict.{verdict.outcome}" in w.messages else "use_model"
    key = "do_not_predict_everywhere" if is_vetoed(target) else key
    return w(
        f"verdict.{key}",
        target=target.target.name,
        model=w.label("model_in", verdict.recommended),
        known=w.label("model_in", verdict.known_context),
        unseen=unseen(target, w),
        units=held_out_units(target),
        reason=reason,
        known_score=_known_score(target, w),
        settle=w("list.join_sentences") + settle_sentence(target, w) if settle_sentence(target, w) else "",
    )


def settle_sentence(target: TargetSummary, w: Words) -> str:
    """How many contexts would settle the comparison that is still open; '' where none is."""
    verdict = target.verdict
    if verdict.contested is None or verdict.units_needed is None:
        return ""
    model = w.label("model_in", verdict.contested)
    return w("verdict.settle", model=model, units=verdict.units_needed, unseen=unseen(target, w))


def _known_score(target: TargetSummary, w: Words) -> str:
    """What the model for known contexts reached on shuffled rows, told the contexts where it uses them."""
    model = target.verdict.known_context
    mode = "known" if target.of("shuffled", model, "known") is not None else "blind"
    found = target.score("shuffled", model, target.metric, mode)
    if found is None:
        return ""
    return w(
        "verdict.known_score",
        metric=w.label("metric_plain", target.metric),
        score=score(found.value),
        mode=w("verdict.known_mode") if mode == "known" else "",
    )


def held_out_units(target: TargetSummary) -> int:
    """Independent contexts or groups behind the headline score."""
    return next((split.units for split in target.splits if split.key == target.headline), 0)


def is_vetoed(target: TargetSummary) -> bool:
    """Nothing is recommended though a model beats the constant on the whole: it fails on single contexts.

    Only of studies from before the rule of `evaluation.verdict` gave up the veto there; a new report of
    them must not say that nothing beats the constant.
    """
    return target.verdict.outcome == "do_not_predict" and VETO in target.verdict.reasons


def best_model(target: TargetSummary) -> str:
    """The recommended model; where none is, the best of those that lost against the constant."""
    if target.verdict.outcome != "do_not_predict":
        return target.verdict.recommended
    scored = {
        model: found.value
        for model in target.models
        if model != "constant" and (found := target.score(target.headline, model, target.metric))
    }
    known = {model: value for model, value in scored.items() if value is not None}
    return max(known, key=known.__getitem__) if known else target.verdict.recommended


def _how_good(target: TargetSummary, w: Words) -> str:
    model = best_model(target)
    main = target.score(target.headline, model, target.metric)
    if main is None:
        return w("good.unknown", unseen=unseen(target, w))
    fields = {
        "unseen": unseen(target, w),
        "model": w.label("model_in", model),
        "score": score(main.value),
        "interval": interval_text(target, main, w),
    }
    if not target.is_regression:
        caught = target.score(target.headline, model, "recall_at_5pct_false_alarms")
        extra = "" if caught is None else w("good.recall", recall=percent(caught.value))
        return w("good.classes", **fields, recall=extra)
    error = target.score(target.headline, model, "rmse")
    if error is None:
        return w("good.score_only", **fields)
    return w(
        "good.error",
        **fields,
        error=with_unit(significant(error.value), target.target.unit),
        error_interval=interval_text(target, error, w, "unit"),
        share=share_text(target, error, w),
    )


def share_text(target: TargetSummary, error: Score, w: Words) -> str:
    """The error as a share of the specification width, else of the target's own spread."""
    about = target.target
    if error.value is None:
        return ""
    if about.lower is not None and about.upper is not None and about.upper > about.lower:
        return w("good.of_spec", percent=percent(error.value / (about.upper - about.lower)))
    if about.spread:
        return w("good.of_spread", percent=percent(error.value / about.spread))
    return ""


def _what_vanishes(target: TargetSummary, w: Words) -> str:
    """The same model with the same knowledge of the contexts, shuffled and never seen."""
    model = _best_shuffled(target) if target.verdict.outcome == "do_not_predict" else best_model(target)
    seen = shuffled_score(target, model)
    new = target.score(target.headline, model, target.metric)
    if target.headline == "shuffled":
        return w("gap.no_contexts")
    if seen is None or new is None or seen.value is None or new.value is None:
        return w("gap.unknown", unseen=unseen(target, w))
    key = gap_key(target.metric, seen, new)
    if target.verdict.outcome == "do_not_predict" and key != "nothing" and not is_vetoed(target):
        key = "do_not"
    return w(
        f"gap.{key}",
        model=w.label("model_in", model),
        metric=w.label("metric_plain", target.metric),
        unseen=unseen(target, w),
        seen=score(seen.value),
        new=score(new.value),
        gap=score(abs(seen.value - new.value)),
        percent=percent(lost_share(target.metric, seen.value, new.value)),
        harder=_harder(target, model, new.value, w) + _told(target, model, w),
    )


def shuffled_score(target: TargetSummary, model: str) -> Score | None:
    """On shuffled rows; of a model that was run there with its contexts known only, that score."""
    blind = target.score("shuffled", model, target.metric)
    return target.score("shuffled", model, target.metric, "known") if blind is None else blind


def _told(target: TargetSummary, model: str, w: Words) -> str:
    return w("gap.told") if target.score("shuffled", model, target.metric) is None else ""


def _best_shuffled(target: TargetSummary) -> str:
    """Where nothing is to be recommended: the model that looked best on shuffled rows."""
    found = {
        model: known.value
        for model in target.models
        if model != "constant" and (known := target.score("shuffled", model, target.metric))
    }
    scored = {model: value for model, value in found.items() if value is not None}
    return max(scored, key=scored.__getitem__) if scored else best_model(target)


def _harder(target: TargetSummary, model: str, headline: float, w: Words) -> str:
    """A way of holding out on which the model does clearly worse than on the headline one."""
    others = {
        proof.key: found.value
        for proof in target.splits
        if proof.key not in ("shuffled", target.headline)
        and (found := target.score(proof.key, model, target.metric)) is not None
        and found.value is not None
    }
    if not others:
        return ""
    key = min(others, key=others.__getitem__)
    if headline - others[key] <= SMALL_GAP:
        return ""
    return w("gap.harder", split=split_noun(key, w), score=score(others[key]))


def fails_on(target: TargetSummary) -> str | None:
    """The split besides the headline on which the named model is not shown to beat the mean or a guess.

    Its score or the lower end of its interval is no higher; the worst such split. Shuffled rows do
    not count, since they know every context. None without any.
    """
    found = {
        proof.key: told.value
        for proof in target.splits
        if proof.key not in ("shuffled", target.headline)
        and (told := target.score(proof.key, best_model(target), target.metric)) is not None
        and told.value is not None
        and may_know_nothing(target, told)
    }
    return min(found, key=found.__getitem__) if found else None


def may_know_nothing(target: TargetSummary, found: Score) -> bool:
    """Whether a score, or the lower end of its interval, is no higher than what knowing nothing gives."""
    chance = CHANCE.get(target.metric, 0.0)
    return any(end is not None and end <= chance for end in (found.value, found.low))


def shown_outcome(target: TargetSummary) -> str:
    """The verdict's outcome; 'weak' where even the recommended model explains little.

    'care' where its interval holds a model that knows nothing, or where it fails on another honest
    split; 'blocked' where a data warning says that the results are wrong, whatever they are.
    """
    outcome = target.verdict.outcome
    if any(finding.severity == "blocks" for finding in target.findings):
        return "blocked"
    found = target.score(target.headline, target.verdict.recommended, target.metric)
    if outcome in ("do_not_predict", "undecided") or found is None or found.value is None:
        return outcome
    if found.value < WEAK.get(target.metric, 0.0):
        return "weak"
    return "care" if may_know_nothing(target, found) or fails_on(target) else outcome


def lost_share(metric: str, seen: float, new: float) -> float:
    """Share of the score above chance that vanishes, between 0 and 1."""
    above = seen - CHANCE.get(metric, 0.0)
    return 0.0 if above <= 0 else min(max((seen - new) / above, 0.0), 1.0)


def gap_key(metric: str, seen: Score, new: Score) -> str:
    """Which sentence fits the loss between the shuffled and the unseen score."""
    if seen.value is None or new.value is None:
        return "unknown"
    chance = CHANCE.get(metric, 0.0)
    gap = seen.value - new.value
    if seen.value <= chance:
        return "nothing"
    if gap <= SMALL_GAP:
        return "small"
    if new.value <= chance:
        return "all"
    if new.high is not None and seen.value <= new.high:
        return "unsure"
    return "large" if lost_share(metric, seen.value, new.value) >= LARGE_SHARE else "some"
