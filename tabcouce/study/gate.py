"""A condition that a study must meet, for pipelines: 'r2>=0.5'."""

from __future__ import annotations

from dataclasses import dataclass

from tabcouce.study.value import Study

LARGE_IS_GOOD = ("r2", "auc", "average_precision", "f1", "accuracy", "recall_at_5pct_false_alarms")
SMALL_IS_GOOD = ("rmse", "mae", "log_loss")


@dataclass(frozen=True)
class Gate:
    """The headline score of the recommended model must be at least, or at most, a number."""

    metric: str
    bound: float

    @property
    def sign(self) -> str:
        return "<=" if self.metric in SMALL_IS_GOOD else ">="

    def holds(self, value: float | None) -> bool:
        """Whether a score meets it; one that is not defined does not."""
        if value is None:
            return False
        return value <= self.bound if self.sign == "<=" else value >= self.bound


def parse_gate(text: str) -> Gate:
    """'r2>=0.5' or 'rmse<=2' as a gate.

    Raises  ValueError if it has another form, names no score, or asks for a bad one
    """
    sign = "<=" if "<=" in text else ">="
    metric, _, number = text.partition(sign)
    metric = metric.strip()
    try:
        gate = Gate(metric, float(number))
    except ValueError as error:
        raise ValueError(f"'{text}' is not of the form 'r2>=0.5' or 'rmse<=2'.") from error
    known = (*LARGE_IS_GOOD, *SMALL_IS_GOOD)
    if metric not in known:
        raise ValueError(f"'{metric}' is not one of the scores {', '.join(known)}.")
    if sign != gate.sign:
        raise ValueError(f"'{text}' asks for a bad score; write '{metric}{gate.sign}{gate.bound:g}'.")
    return gate


def failures(gate: Gate, study: Study) -> tuple[str, ...]:
    """One line per target whose recommended model misses the gate on its headline split."""
    lines = []
    for part in study.targets:
        chosen = next(
            s for s in part.scores if s.split == part.verdict.headline and s.model == part.verdict.recommended
        )
        score = chosen.metrics.get(gate.metric)
        value = None if score is None else score.value
        if not gate.holds(value):
            shown = "is not defined for it" if value is None else f"is {value:.3g}"
            lines.append(
                f"{part.dataset.target}: {gate.metric} {shown}; {gate.sign} {gate.bound:g} is required."
            )
    return tuple(lines)
