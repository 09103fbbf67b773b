"""Two studies side by side: what changed between two months, two files or two role choices.

A score is compared only with the score of the same target, model, split and mode. Two studies of
different rows have no paired difference: a change is called clear only where the two 95 % intervals
do not overlap, which is a stricter demand than a test of the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tabcouce.checks.finding import Finding
from tabcouce.errors import TabcouceError
from tabcouce.evaluation.trial import Score
from tabcouce.report.summary import MODEL_ORDER, Summary, TargetSummary

LISTED_FACTORS = 15


@dataclass(frozen=True)
class Change:
    """One fact in both studies; None where a study does not have it."""

    what: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class ScoreChange:
    """The deciding score of one model under one split in both studies.

    clear  whether the two intervals lie apart; None where either has no interval
    """

    model: str
    split: str
    mode: str
    first: Score | None
    second: Score | None

    @property
    def clear(self) -> bool | None:
        a, b = self.first, self.second
        if a is None or b is None or a.low is None or a.high is None or b.low is None or b.high is None:
            return None
        return a.high < b.low or b.high < a.low


@dataclass(frozen=True)
class FactorChange:
    """Place (from 1) and share of a factor in both studies; None where it is not among the inputs."""

    name: str
    first_place: int | None
    second_place: int | None
    first_share: float | None
    second_share: float | None


@dataclass(frozen=True)
class TargetComparison:
    """One target that both studies have.

    outcome, recommended  the verdict's words as stable keys
    appeared, gone        warnings of one study only
    """

    name: str
    unit: str | None
    metric: str
    outcome: Change
    recommended: Change
    scores: tuple[ScoreChange, ...]
    factors: tuple[FactorChange, ...]
    appeared: tuple[Finding, ...]
    gone: tuple[Finding, ...]


@dataclass(frozen=True)
class Comparison:
    """What changed from the first study to the second.

    setup    file, rows, effort, seed and the like, only where they differ
    columns  roles of columns, only where they differ
    """

    first: str
    second: str
    setup: tuple[Change, ...]
    columns: tuple[Change, ...]
    targets: tuple[TargetComparison, ...]


def compare(first: Summary, second: Summary) -> Comparison:
    """Lay two studies side by side.

    Raises  TabcouceError if they have no target in common
    """
    theirs = {target.target.name: target for target in second.targets}
    pairs = [(mine, theirs[mine.target.name]) for mine in first.targets if mine.target.name in theirs]
    if not pairs:
        raise TabcouceError(
            f"The studies '{first.name}' and '{second.name}' have no target in common.",
            remedy="Compare studies that predict the same column.",
        )
    names = (first.name, second.name)
    if first.name == second.name:  # as all masked studies are
        names = (f"{first.name} (1)", f"{second.name} (2)")
    return Comparison(
        first=names[0],
        second=names[1],
        setup=tuple(_differing(_setup(first), _setup(second))),
        columns=tuple(_differing(_kinds(first), _kinds(second))),
        targets=tuple(_target(mine, other) for mine, other in pairs),
    )


def _differing(first: Mapping[str, str], second: Mapping[str, str]) -> Iterable[Change]:
    for name in dict.fromkeys([*first, *second]):
        if first.get(name) != second.get(name):
            yield Change(name, first.get(name), second.get(name))


def _setup(summary: Summary) -> dict[str, str]:
    return {
        "file": summary.source.file,
        "sheet": summary.source.sheet or "",
        "hash": summary.source.sha256[:12],
        "rows": str(summary.rows),
        "effort": summary.effort,
        "seed": str(summary.seed),
    }


def _kinds(summary: Summary) -> dict[str, str]:
    return {name: kind for kind, names in summary.columns.items() for name in names}


def _target(first: TargetSummary, second: TargetSummary) -> TargetComparison:
    mine, theirs = ({finding.what for finding in target.findings} for target in (first, second))
    return TargetComparison(
        name=first.target.name,
        unit=first.target.unit,
        metric=first.metric,
        outcome=Change("outcome", first.verdict.outcome, second.verdict.outcome),
        recommended=Change("recommended", first.verdict.recommended, second.verdict.recommended),
        scores=tuple(_scores(first, second)),
        factors=_factors(first, second),
        appeared=tuple(finding for finding in second.findings if finding.what not in mine),
        gone=tuple(finding for finding in first.findings if finding.what not in theirs),
    )


def _scores(first: TargetSummary, second: TargetSummary) -> Iterable[ScoreChange]:
    keys = {(s.split, s.mode, s.model) for t in (first, second) for s in t.scores}
    place = {model: k for k, model in enumerate(MODEL_ORDER)}
    order = sorted(
        keys,
        key=lambda key: (key[0] != first.headline, key[0], key[1] != "blind", key[1], place.get(key[2], 99)),
    )
    for split, mode, model in order:
        yield ScoreChange(
            model,
            split,
            mode,
            first.score(split, model, first.metric, mode),
            second.score(split, model, first.metric, mode),
        )


def _factors(first: TargetSummary, second: TargetSummary) -> tuple[FactorChange, ...]:
    mine, theirs = _places(first), _places(second)
    listed = [name for place in (mine, theirs) for name, rank in place.items() if rank <= LISTED_FACTORS]
    shares = [
        {} if model is None else {factor.name: factor.share for factor in target.factors_of(model)}
        for target in (first, second)
        for model in (target.explained_model,)
    ]
    return tuple(
        FactorChange(name, mine.get(name), theirs.get(name), shares[0].get(name), shares[1].get(name))
        for name in dict.fromkeys(listed)
    )


def _places(target: TargetSummary) -> dict[str, int]:
    model = target.explained_model
    found = target.factors_of(model) if model else ()
    return {factor.name: k for k, factor in enumerate(found, start=1)}
