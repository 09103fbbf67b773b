"""What engineers said of the factors, and what follows from it for roles and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast, get_args

from tabcouce.roles.role import Expected, Roles

DIRECTIONS: tuple[str, ...] = get_args(Expected)
CONFIDENCE = ("certain", "probable", "unsure")
BASIS = ("physics", "chemistry", "experience", "standard", "experiment")
PLAUSIBILITY = ("plausible", "doubtful", "implausible")
DECISIONS = ("use", "exclude", "monotone", "experiment")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "expected": DIRECTIONS,
    "confidence": CONFIDENCE,
    "basis": BASIS,
    "plausibility": PLAUSIBILITY,
    "decision": DECISIONS,
}
"""Field of an entry -> what it may say; empty means not reviewed."""


@dataclass(frozen=True)
class Entry:
    """What one reviewer said of one factor; '' where a field was left blank.

    cell  where the row stands, for messages
    """

    factor: str
    reviewer: str = ""
    expected: str = ""
    confidence: str = ""
    basis: str = ""
    plausibility: str = ""
    decision: str = ""
    comment: str = ""
    cell: str = ""

    @property
    def is_blank(self) -> bool:
        return not any((self.expected, self.plausibility, self.decision, self.comment))


@dataclass(frozen=True)
class Disagreement:
    """A factor of which reviewers say different things; what: 'expected' or 'decision'."""

    factor: str
    what: str
    said: Mapping[str, str]


@dataclass(frozen=True)
class Review:
    """All entries that say something; several per factor where several engineers reviewed it."""

    entries: tuple[Entry, ...]

    def agreed(self, what: str) -> dict[str, str]:
        """Factor -> what every reviewer who said anything said; disputed factors are left out."""
        said = self._said(what)
        return {f: next(iter(set(v.values()))) for f, v in said.items() if len(set(v.values())) == 1}

    def disagreements(self) -> tuple[Disagreement, ...]:
        """Factors with different expected directions or decisions."""
        return tuple(
            Disagreement(factor, what, said)
            for what in ("expected", "decision")
            for factor, said in self._said(what).items()
            if len(set(said.values())) > 1
        )

    def _said(self, what: str) -> dict[str, dict[str, str]]:
        said: dict[str, dict[str, str]] = {}
        for k, entry in enumerate(self.entries, 1):
            value = getattr(entry, what)
            if value and value != "unknown":
                said.setdefault(entry.factor, {})[entry.reviewer or f"#{k}"] = value
        return said

    @property
    def excluded(self) -> tuple[str, ...]:
        """Factors that every decision takes out of the model."""
        return tuple(f for f, decision in self.agreed("decision").items() if decision == "exclude")

    @property
    def experiments(self) -> tuple[str, ...]:
        """Factors to be tried out."""
        return tuple(f for f, decision in self.agreed("decision").items() if decision == "experiment")

    @property
    def monotone(self) -> dict[str, int]:
        """Factor -> 1 or -1: decided monotone, with an agreed direction to hold."""
        sign = {"increases": 1, "decreases": -1}
        expected = self.agreed("expected")
        return {
            f: sign[expected[f]]
            for f, decision in self.agreed("decision").items()
            if decision == "monotone" and expected.get(f) in sign
        }

    @property
    def open_monotone(self) -> tuple[str, ...]:
        """Decided monotone, but without an agreed direction: nothing can be held."""
        decided = (f for f, decision in self.agreed("decision").items() if decision == "monotone")
        return tuple(f for f in decided if f not in self.monotone)


def reviewed_roles(roles: Roles, review: Review) -> Roles:
    """The roles with agreed directions and bases entered and excluded columns ignored."""
    expected, basis = review.agreed("expected"), review.agreed("basis")
    columns = []
    for column in roles.columns:
        changed = replace(
            column,
            expected=cast(Expected, expected.get(column.name, column.expected)),
            basis=basis.get(column.name, column.basis),
        )
        if column.name in review.excluded:
            changed = replace(changed, kind="ignored", reason="Excluded in the factor review.")
        columns.append(changed)
    return replace(roles, columns=tuple(columns))
