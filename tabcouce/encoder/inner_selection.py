"""Choosing the blind view and the interventions on contexts held out inside the training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from tabcouce.encoder.members import Variant

MARGIN = 0.01
"""Gain, as a share of the target's variance (or in nats of log-loss), that counts as one."""


@dataclass(frozen=True)
class InnerTrial:
    """One variant on the contexts its members never saw.

    unit  (G,) held-out contexts (rows where no context is declared); loss (G,) mean loss of
    each: squared error over the target's variance, or log-loss
    """

    variant: Variant
    unit: npt.NDArray[np.int64]
    loss: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Paired difference, reference less candidate, over held-out contexts; positive is a gain."""

    gain: float
    standard_error: float
    units: int

    @property
    def wins(self) -> bool:
        """Gain above the margin, and above zero at one-sided 95 % by Student's t over contexts.

        One standard error is too little where two members judge 4 to 6 contexts: over four seeds
        the choice then flipped on two of eight simulated tables, on which, judged on all twelve
        contexts, no seed leaves the pooled view. Fewer than 3 contexts never win.
        """
        if self.units < 3:
            return False
        return self.gain > max(MARGIN, float(stdtrit(self.units - 1, 0.95)) * self.standard_error)

    @property
    def loses(self) -> bool:
        return self.units >= 3 and -self.gain > max(MARGIN, self.standard_error)


@dataclass(frozen=True)
class Choice:
    """What won: `pooled`, `adjusted` and `within` name the variant kept for each role.

    blind_view  'pooled' or 'do'
    within      None where batch mode predicts no better than the blind view, or was not trained
    """

    blind_view: str
    pooled: Variant | None
    adjusted: Variant | None
    within: Variant | None = None

    @property
    def known(self) -> Variant:
        """What predicts known contexts and do(x)."""
        variant = self.adjusted or self.pooled
        assert variant is not None
        return variant

    @property
    def blind(self) -> Variant:
        """What predicts a new context of which nothing is known."""
        variant = self.known if self.blind_view == "do" else self.pooled
        assert variant is not None
        return variant

    @property
    def kept(self) -> tuple[Variant, ...]:
        """Every variant in use, each once."""
        return tuple(dict.fromkeys(v for v in (self.blind, self.known, self.within) if v is not None))


def held_out_loss(
    prediction: npt.NDArray[np.float64], y: npt.NDArray[np.float64], variance: float
) -> npt.NDArray[np.float64]:
    """(n,) loss per row; prediction (n, 1) values or (n, k) probabilities."""
    if prediction.shape[1] == 1:
        return (prediction[:, 0] - y) ** 2 / variance
    chance = prediction[np.arange(len(y)), y.astype(np.int64)]
    return -np.log(np.clip(chance, 1e-6, None))


def compare(candidate: InnerTrial, reference: InnerTrial) -> Comparison:
    """Paired over the units both were scored on."""
    both, mine, theirs = np.intersect1d(candidate.unit, reference.unit, return_indices=True)
    gain = reference.loss[theirs] - candidate.loss[mine]
    if len(both) == 0:
        return Comparison(0.0, float("inf"), 0)
    spread = float(gain.std(ddof=1) / np.sqrt(len(both))) if len(both) > 1 else float("inf")
    return Comparison(float(gain.mean()), spread, len(both))


def choose(trials: Sequence[InnerTrial], *, view: str, interventions: str) -> Choice:
    """Interventions first, for each view; then the view; then whether batch mode beats it.

    The simpler wins ties: pooled over do. An intervention acts on columns that a person declared,
    so it stays unless it loses (knowledge first, evidence may overrule it).
    """
    choice = _blind_choice([t for t in trials if not t.variant.within], view, interventions)
    reference = next(t for t in trials if t.variant == choice.blind)
    within = [t.variant for t in trials if t.variant.within and compare(t, reference).wins]
    return replace(choice, within=within[0] if within else None)


def _blind_choice(trials: Sequence[InnerTrial], view: str, interventions: str) -> Choice:
    by_variant = {trial.variant: trial for trial in trials}
    pooled = _with_or_without(by_variant, False, interventions)
    adjusted = _with_or_without(by_variant, True, interventions)
    if pooled is None or adjusted is None:
        return Choice("do" if pooled is None else "pooled", pooled, adjusted)
    if view == "auto":
        view = "do" if compare(by_variant[adjusted], by_variant[pooled]).wins else "pooled"
    return Choice(view, pooled, adjusted)


def _with_or_without(
    by_variant: Mapping[Variant, InnerTrial], use_context: bool, interventions: str
) -> Variant | None:
    without, with_ = Variant(use_context, False), Variant(use_context, True)
    if with_ not in by_variant:
        return without if without in by_variant else None
    if without not in by_variant or interventions == "on":
        return with_
    return without if compare(by_variant[with_], by_variant[without]).loses else with_
