"""The kernel as a head: a feature machine on the inputs and the network's own answer.

A network of a few hundred rows draws one smooth function; what it misses shows in rows that lie
near. The head is the kernel expert (`models.kernel_choice`) with the network's answer as one more
column, so that its metric says how far the network is believed and how far the rows nearby, with a
random intercept per context and exact conditioning on labelled rows of a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from tabcouce.models.class_odds import ClassOdds
from tabcouce.models.contract import Rehearsal
from tabcouce.models.estimator import TargetRange
from tabcouce.models.kernel import spread_rows
from tabcouce.models.kernel_choice import choose
from tabcouce.models.kernel_intercept import Conditioned
from tabcouce.models.kernel_machine import KernelMachine
from tabcouce.models.kernel_rows import MODES, KernelRows, Mode
from tabcouce.models.scaling import CLIP
from tabcouce.models.within import shrunken_means

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

CHOICE_ROWS = 400
"""Kernel, ridge and metric are chosen on at most this many rows."""
FIT_ROWS = 2000
"""Rows of the fit, drawn evenly from the contexts: its time grows with their cube."""
LEAST_ROWS = 30
LEAST_CHANCE = 1e-4
"""Probabilities below it are read as it."""


@dataclass(frozen=True)
class HeadInputs:
    """Columns that the kernel compares: network inputs of variance 1, then the network's answer.

    reads         (r,) positions among the q network inputs; what interventions move is left out,
                  or the head would read what the network has learnt to pass over
    numeric       p, inputs before it are numbers and bend as in the network
    mean, factor  (r,) of the numbers after the bend; 0 and 1 for levels and flags
    centre, scale (a,) of the answer's columns
    """

    reads: Positions
    numeric: int
    mean: Array
    factor: Array
    centre: Array
    scale: Array

    @classmethod
    def of(cls, u: Array, answer: Array, numeric: int, moved: npt.NDArray[np.bool_]) -> Self:
        """u (n, q) training rows, answer (n, a) for them by members that never saw them, moved (q,)."""
        reads = np.flatnonzero(~moved)
        shown = bent(u[:, reads])
        sd, number = shown.std(axis=0), reads < numeric
        factor = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 1e-12)
        spread = answer.std(axis=0)
        return cls(
            reads,
            numeric,
            np.where(number, shown.mean(axis=0), 0.0),
            np.where(number, factor, 1.0),
            answer.mean(axis=0),
            np.where(spread > 1e-12, spread, 1.0),
        )

    def __call__(self, u: Array, answer: Array) -> Array:
        """(n, r + a)."""
        own = u[:, self.reads]
        number = self.reads < self.numeric
        shown = (np.where(number, bent(own), own) - self.mean) * self.factor
        return np.hstack([shown, (answer - self.centre) / self.scale])

    @property
    def movable(self) -> npt.NDArray[np.bool_]:
        """(r + a,) whether a context's offset can move the column."""
        return np.concatenate([self.reads < self.numeric, np.ones(len(self.centre), dtype=bool)])


def bent(u: Array) -> Array:
    """The network's smooth clip: u / sqrt(1 + (u / 3)^2)."""
    return np.asarray(u / np.hypot(1.0, u / CLIP))


def answer_columns(estimate: Array) -> Array:
    """(n, 1) values, or (n, k) centred log-probabilities (of two classes the second one's)."""
    if estimate.ndim == 1:
        return estimate[:, None]
    odds = np.log(np.clip(estimate, LEAST_CHANCE, 1.0))
    odds -= odds.mean(axis=1, keepdims=True)
    return odds[:, 1:] if odds.shape[1] == 2 else odds


@dataclass(frozen=True)
class HeadTarget:
    """Target and scores of the kernel: y = centre + scale * score, or calibrated odds for classes."""

    centre: Array
    scale: float
    range: TargetRange
    odds: ClassOdds | None = None

    def standardised(self, y: Array) -> Array:
        """(n, k) of values or class numbers (n,)."""
        return (membership(y, len(self.centre)) - self.centre) / self.scale

    def __call__(self, score: Array, shift: Array | float = 0.0) -> Array:
        """(n,) values or (n, k) probabilities; labelled rows may show a context outside the range."""
        if self.odds is not None:
            return self.odds(score + shift)
        value = self.range(self.centre[0] + self.scale * score[:, 0])
        return np.asarray(value + self.scale * np.broadcast_to(shift, score.shape)[:, 0])


def membership(y: Array, outputs: int) -> Array:
    """(n, k) one-hot classes, or (n, 1) values."""
    return y[:, None] if outputs == 1 else np.eye(outputs)[y.astype(np.int64)]


@dataclass(frozen=True)
class KernelHead:
    """Fitted machines, one a mode (modes of one setting share it).

    means     (G, r + a) shrunken mean of each training context, in the order of its code
    left_out  (n,) or (n, k) estimate of each training row by a machine without the row's block,
              whose setting was chosen without it too where 3 contexts are left; empty in a restored head
    """

    inputs: HeadInputs
    target: HeadTarget
    machines: Mapping[Mode, KernelMachine]
    every: KernelRows
    means: Array = field(repr=False)
    left_out: Array = field(repr=False)

    @classmethod
    def of(
        cls,
        u: Array,
        estimate: Array,
        y: Array,
        *,
        numeric: int,
        classes: int,
        moved: npt.NDArray[np.bool_],
        code: Positions,
        blocks: Positions,
        seed: int,
    ) -> KernelHead:
        """Choose in closed form on contexts left out, then fit.

        u         (n, q) network inputs; estimate (n,) or (n, k) answers of members that never saw
                  the row; y (n,) value or class number; classes 0 for regression
        code      (n, c) level per context column, the one whose levels are left out first
        blocks    (n,) folds of the left-out answers, whole contexts together
        """
        inputs = HeadInputs.of(u, answer_columns(estimate), numeric, moved)
        Z = inputs(u, answer_columns(estimate))
        outputs = membership(y, classes or 1)
        spread = float(np.sqrt(outputs.var(axis=0).mean())) or 1.0
        target = HeadTarget(outputs.mean(axis=0), spread, TargetRange.of(y))
        label = code[:, 0] if code.shape[1] else np.zeros(len(y), dtype=np.int64)
        means = context_means(Z, code)
        every = KernelRows(Z, target.standardised(y), code, means[label], inputs.movable)
        kept = spread_rows(label, FIT_ROWS, seed)
        choice = choose(every.of(kept[spread_rows(label[kept], CHOICE_ROWS, seed)]), seed)
        settings = choice.settings()
        made: dict[int, KernelMachine] = {}
        for mode in MODES:
            made.setdefault(id(settings[mode]), KernelMachine.of(settings[mode], every.of(kept)))
        machines = {mode: made[id(settings[mode])] for mode in MODES}
        score = np.empty_like(every.y)
        for block in np.unique(blocks):
            test = np.flatnonzero(blocks == block)
            left = np.unique(every.unit[test])
            # Two contexts or one cannot say which view wins: then the choice has seen the block.
            judged = len(choice.unit) - len(left) > 2
            setting = choice.best("blind", without=left if judged else None)
            rest = KernelMachine.of(setting, every.of(kept[blocks[kept] != block]))
            score[test] = rest.score(Z[test], np.zeros(Z.shape[1]))
        if classes:
            odds = ClassOdds.of(score, outputs)
            target = HeadTarget(target.centre, spread, target.range, odds)
        return cls(inputs, target, machines, every, means, target(score))

    def columns(self, u: Array, estimate: Array) -> Array:
        return self.inputs(u, answer_columns(estimate))

    def blind(self, u: Array, estimate: Array) -> Array:
        """For a new context of which nothing is known; estimate: the network's for the same rows."""
        Z = self.columns(u, estimate)
        return self.target(self.machines["blind"].score(Z, np.zeros(Z.shape[1])))

    def known(self, u: Array, estimate: Array, code: Positions) -> Array:
        """For training contexts: code (n, c) as in `of`, -1 for levels not met; estimate as for `blind`."""
        Z, machine = self.columns(u, estimate), self.machines["known"]
        mean = np.where((code[:, 0] >= 0)[:, None], self.means[code[:, 0]], 0.0)
        return self.target(machine.score(Z, mean) + machine.intercepts(code))

    def place(self, u: Array, estimate: Array) -> Array:
        """(r + a,) shrunken mean of a new context's rows."""
        Z = self.columns(u, estimate)
        return np.asarray(shrunken_means(Z, np.zeros(len(Z), dtype=np.int64), 1)[0])

    def batch(self, u: Array, estimate: Array, place: Array) -> Array:
        """For a new context whose unlabelled rows stand at `place`."""
        return self.target(self.machines["batch"].score(self.columns(u, estimate), place))

    def conditioned(self, u: Array, estimate: Array, y: Array, place: Array | None = None) -> HeadShots:
        """Given k labelled rows of one new context, exactly; y (k,) value or class number."""
        Z = self.columns(u, estimate)
        mean = self.place(u, estimate) if place is None else place
        machine = self.machines["shots"]
        return HeadShots(self, Z, mean, machine.after(Z, self.target.standardised(y), mean))

    def rehearsed(self, draws: Sequence[Rehearsal]) -> Iterator[Array]:
        """Per draw the answers for its rest after its labelled rows, by a fit without their context."""
        for score, shift in self.machines["shots"].rehearsed(self.every, draws):
            yield self.target(score, shift)


@dataclass(frozen=True)
class HeadShots:
    """The head for one new context of which some rows are labelled."""

    head: KernelHead
    Z: Array
    mean: Array
    fit: Conditioned

    def __call__(self, u: Array, estimate: Array) -> Array:
        """(n,) values or (n, k) probabilities."""
        machine = self.head.machines["shots"]
        score, shift = machine.after_score(self.head.columns(u, estimate), self.Z, self.mean, self.fit)
        return self.head.target(score, shift)


def context_means(Z: Array, code: Positions) -> Array:
    """(G, r + a) shrunken mean of each context; one row of zeros without contexts."""
    if not code.shape[1]:
        return np.zeros((1, Z.shape[1]))
    return np.asarray(shrunken_means(Z, code[:, 0], int(code[:, 0].max()) + 1))
