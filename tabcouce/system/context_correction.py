"""Scores made comparable between contexts: location and scale of normal scores, shrunk by count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tabcouce.system.alarm_limit import AlarmLimit

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

PSEUDO_COUNTS = (5.0, 20.0, 80.0, 320.0, 1280.0)
"""Normal rows at the pooled location and scale that a context's own rows are weighed against."""
NEVER = float("inf")
QUANTILES = (0.5, 0.95)
NORMAL_RANGE = 1.6449
"""Distance between the 50 % and 95 % quantiles of a standard normal variable."""
FEWEST = 10


@dataclass(frozen=True)
class Spread:
    """Middle and log width of normal scores; n rows behind them."""

    location: float
    log_scale: float
    n: int

    @classmethod
    def of(cls, score: Floats) -> Self:
        """Median and distance to the 95 % quantile: what rings is the upper tail, and 1 % of mislabelled
        rows move neither far.

        On a simulated line of 12 machines the false-alarm rates at 1 % then lie closer together than
        with the 10-90 % range (root mean square of log rate 0.42 instead of 0.52 for T2, 0.35 instead
        of 0.47 for LOF); after 60 rows of start-up the two are level.
        """
        middle, high = np.quantile(score, QUANTILES)
        width = max(float(high - middle) / NORMAL_RANGE, 1e-12)
        return cls(float(middle), float(np.log(width)), len(score))

    def towards(self, pooled: Spread, pseudo_count: float) -> Spread:
        """Shrunk to the pooled one: own weight n / (n + pseudo_count)."""
        if np.isinf(pseudo_count):
            return pooled
        w = self.n / (self.n + pseudo_count)
        return Spread(
            pooled.location + w * (self.location - pooled.location),
            pooled.log_scale + w * (self.log_scale - pooled.log_scale),
            self.n,
        )


@dataclass(frozen=True)
class ContextCorrection:
    """Moves the scores of a context to where the pooled normal scores lie.

    pooled        of all normal rows, each context in equal share
    own           of each known context, not yet shrunk
    pseudo_count  chosen inside the training contexts; inf: no correction earned its place
    """

    pooled: Spread
    own: Mapping[str, Spread] = field(default_factory=dict)
    pseudo_count: float = NEVER

    @classmethod
    def of(cls, score: Floats, context: Texts, pseudo_count: float) -> Self:
        """From scores (n,) of normal rows that the model had not seen, and their contexts (n,)."""
        names = sorted(set(context.tolist()))
        parts = {name: score[context == name] for name in names}
        own = {str(name): Spread.of(part) for name, part in parts.items() if len(part) >= FEWEST}
        return cls(_pooled(list(own.values()), score), own, pseudo_count)

    def __call__(self, score: Floats, context: Texts) -> Floats:
        """(n,) corrected scores; a context without own rows keeps its scores, the pooled limit holds."""
        out = np.array(score, dtype=float)
        for name in set(context.tolist()) & set(self.own):
            rows = context == name
            out[rows] = self.moved(out[rows], self.own[name])
        return out

    def moved(self, score: Floats, own: Spread) -> Floats:
        """Scores of one context whose normal rows have the spread `own`."""
        to = own.towards(self.pooled, self.pseudo_count)
        stretch = np.exp(self.pooled.log_scale - to.log_scale)
        return self.pooled.location + (score - to.location) * stretch

    def with_context(self, name: str, normal: Floats) -> ContextCorrection:
        """A copy that also knows a new context, from scores (k,) of its first normal rows."""
        if len(normal) < FEWEST:
            return self
        return ContextCorrection(self.pooled, {**self.own, name: Spread.of(normal)}, self.pseudo_count)

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return {
            "pooled": _listed(self.pooled),
            "own": {name: _listed(own) for name, own in self.own.items()},
            "pseudo_count": None if np.isinf(self.pseudo_count) else self.pseudo_count,
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        count = settings["pseudo_count"]
        own = {name: Spread(*values) for name, values in settings["own"].items()}
        return cls(Spread(*settings["pooled"]), own, NEVER if count is None else count)


def choose_pseudo_count(
    score: Floats, context: Texts, order: Floats, *, allowed: float, start_up: int
) -> float:
    """The shrinkage that makes false-alarm rates most equal, played through on training contexts.

    Each context in turn is the new one: its first `start_up` normal rows correct it, the limit is
    set on the other contexts, and its later rows are counted. The pseudo-count with the smallest
    mean squared distance from the allowed rate is taken; a correction must beat none at all.
    Only training contexts are used.

    score, context, order  (n,) of normal rows, scored by models that had not seen their context
    """
    names = [name for name in sorted(set(context.tolist())) if (context == name).sum() > 2 * FEWEST]
    if len(names) < 3:
        return NEVER
    ordered = {name: score[context == name][_by(order[context == name])] for name in names}
    # A context with few rows gives half of them to the start-up.
    starts = {name: min(start_up, len(rows) // 2) for name, rows in ordered.items()}
    own = {name: Spread.of(rows[: starts[name]]) for name, rows in ordered.items()}
    rest = {name: rows[starts[name] :] for name, rows in ordered.items()}
    losses = {count: _inequality(own, rest, names, allowed, count) for count in (NEVER, *PSEUDO_COUNTS)}
    return min(losses, key=lambda count: (losses[count], count != NEVER))


def _inequality(
    own: Mapping[str, Spread],
    rest: Mapping[str, Floats],
    names: Sequence[str],
    allowed: float,
    count: float,
) -> float:
    """Mean squared distance of each context's false-alarm rate from the allowed one."""
    pooled = _pooled([own[name] for name in names], np.zeros(0))
    correction = ContextCorrection(pooled, {}, count)
    moved = {name: correction.moved(rest[name], own[name]) for name in names}
    loss = 0.0
    for name in names:
        others = np.concatenate([moved[other] for other in names if other != name])
        limit = AlarmLimit.of(others, allowed).limit
        loss += float(((moved[name] > limit).mean() - allowed) ** 2)
    return loss / len(names)


def _pooled(parts: Sequence[Spread], score: Floats) -> Spread:
    """Middle of the contexts' own spreads; of all rows where no context has enough."""
    if not parts:
        return Spread.of(score)
    return Spread(
        float(np.median([part.location for part in parts])),
        float(np.median([part.log_scale for part in parts])),
        sum(part.n for part in parts),
    )


def _by(order: Floats) -> npt.NDArray[np.int64]:
    return np.argsort(order, kind="stable")


def _listed(spread: Spread) -> list[float]:
    return [spread.location, spread.log_scale, spread.n]
