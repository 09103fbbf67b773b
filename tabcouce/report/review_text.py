"""A review in sentences: what agrees, what is disputed, and what its decisions cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tabcouce.advice.review import Review
from tabcouce.explanation.agreement import judged, supported_direction
from tabcouce.explanation.factor import Factor
from tabcouce.report.catalogue import Words, words
from tabcouce.report.digits import gain, score_beside
from tabcouce.report.factor_captions import direction_word
from tabcouce.report.naming import long_split
from tabcouce.report.plain import plain
from tabcouce.report.review_sheet import choice_word
from tabcouce.report.summary import Summary
from tabcouce.study.review import Change


def verdicts(review: Review, summary: Summary) -> list[tuple[Factor, str, str]]:
    """(factor, expected, agreement) of every agreed direction, for each target's explained model."""
    expected = review.agreed("expected")
    found = []
    for target in summary.targets:
        model = target.explained_model
        for factor in target.factors_of(model) if model else ():
            if factor.name in expected:
                direction = supported_direction(factor.direction, factor.adjusted, factor.permutation)
                word = judged(expected[factor.name], direction, factor.adjusted)
                found.append((factor, expected[factor.name], word))
    return found


def review_lines(review: Review, changes: Sequence[Change], summary: Summary, lang: str) -> list[str]:
    """What `review import` prints."""
    w = words(lang)
    lines = [
        w(
            "review.line_agreement",
            factor=factor.name,
            expected=w.label("expected", expected),
            found=direction_word(factor, w),
            agreement=w("effect.inseparable_from", context=factor.bound_to)
            if word == "inseparable" and factor.bound_to
            else w.label("agreement", word),
        )
        for factor, expected, word in verdicts(review, summary)
    ]
    for dispute in review.disagreements():
        said = w.listing([f"{who}: {choice_word(dispute.what, key, w)}" for who, key in dispute.said.items()])
        lines.append(w("review.line_dispute", factor=dispute.factor, said=said))
    if review.experiments:
        lines.append(w("review.line_experiment", factors=w.listing(list(review.experiments))))
    if review.open_monotone:
        lines.append(w("review.line_open", factors=w.listing(list(review.open_monotone))))
    # What was refitted is told with its cost; a decision that was not must not go unsaid.
    refitted = {column for change in changes for column in change.columns}
    for key, factors in (("line_excluded", review.excluded), ("line_held", tuple(review.monotone))):
        waiting = [factor for factor in factors if factor not in refitted]
        if waiting:
            lines.append(w(f"review.{key}", factors=w.listing(waiting)))
    lines += [change_line(change, w) for change in changes]
    return lines or [w("review.line_nothing")]


def change_line(change: Change, w: Words) -> str:
    """'LightGBM with held directions (...): R2 0.81 -> 0.80 (-0.01; -0.03 to 0.00)'."""
    bounds = ""
    if change.cost.low is not None and change.cost.high is not None:
        bounds = w("review.bounds", low=gain(change.cost.low), high=gain(change.cost.high))
    return w(
        "review.line_cost",
        what=w(f"review.what_{change.what}"),
        factors=w.listing(list(change.columns)),
        target=change.target,
        split=long_split(change.split, w),
        metric=w.label("metric_plain", change.metric),
        before=score_beside(change.before, change.after),
        after=score_beside(change.after, change.before),
        gain=gain(change.cost.gain),
        bounds=bounds,
    )


def review_document(review: Review, changes: Sequence[Change], summary: Summary) -> dict[str, Any]:
    """The same as JSON values."""
    document: dict[str, Any] = plain(
        {
            "entries": [asdict(entry) for entry in review.entries],
            "disagreements": [asdict(dispute) for dispute in review.disagreements()],
            "agreement": [
                {"factor": factor.name, "expected": expected, "agreement": word}
                for factor, expected, word in verdicts(review, summary)
            ],
            "excluded": review.excluded,
            "monotone": review.monotone,
            "experiments": review.experiments,
            "changes": [asdict(change) for change in changes],
        }
    )
    return document
