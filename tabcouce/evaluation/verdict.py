"""The pre-registered rule: which model to use on a new context, and which on a known one.

A model is recommended over a simpler one only if the paired difference over held-out units
  (a) has a 95 % interval above zero, or
  (b) exceeds 0.01 R2 (0.005 AUC) with a 68 % interval above zero,
and no single unit loses more than that margin twice over. Else the simpler one: a tie is never a
win. The loss of a unit counts with its share of the rows, i.e. as what it takes from the pooled
score; unweighted, the noise of the smallest of many units would veto every model.

Where by this the constant alone would be left though a model is shown to gain on it, no unit has a
veto over the constant: "do not predict" is for tables where there is nothing to learn, and a machine
on which the model is worse than the mean is told with its score. Only there, since a model that fails
on one machine must not stand before a safer one.

With fewer than four units an interval says little: (a) must then hold and the margin be exceeded.
A model that explains nothing (R2 of 0 or less, AUC of 0.5 or less) is never named, even where the
training mean did worse still on units whose level has moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tabcouce.evaluation.candidates import simplicity
from tabcouce.evaluation.compare import paired_difference
from tabcouce.evaluation.debiased import DEBIASED
from tabcouce.evaluation.metrics import auc, r2
from tabcouce.evaluation.scores import CONSTANT, as_ranking, tested_rows
from tabcouce.evaluation.settle import FEWEST_UNITS, units_needed
from tabcouce.evaluation.trial import Difference, Trial, Verdict
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split, SplitPlan

MARGIN = {"r2": 0.01, "auc": 0.005}
CHANCE = {"r2": 0.0, "auc": 0.5}
LINEAR = "linear"
MEASURED_ONLY = ("peer_stack", DEBIASED)
"""Run beside the panel to show what our own parts add and what debiasing costs; never recommended."""


@dataclass(frozen=True)
class Ladder:
    """What the rule found on one split.

    champion     model key that no more complex model beats
    differences  every comparison made, challenger first
    unclear      fewer than four units, and a gain beyond the margin is left undecided
    vetoed       challengers that the worst unit alone kept from winning
    """

    champion: str
    differences: tuple[Difference, ...]
    unclear: bool
    vetoed: tuple[str, ...]


def decide(trials: Sequence[Trial], dataset: Dataset, plan: SplitPlan, *, draws: int, seed: int) -> Verdict:
    """The verdict over finished trials; needs at least one on the headline split.

    Raises  ValueError if no trial of the headline split is among them
    """
    metric = "r2" if dataset.is_regression else "auc"
    trials = [trial for trial in trials if trial.model not in MEASURED_ONLY]
    headline = [trial for trial in trials if trial.split == plan.headline and trial.mode == "blind"]
    if not headline:
        raise ValueError(f"no finished trial on the headline split '{plan.headline}'")
    new = climb(headline, dataset, plan.of(plan.headline), draws=draws, seed=seed)
    shuffled = _as_known(trials)
    known = new
    if shuffled and plan.headline != "shuffled":
        known = climb(shuffled, dataset, plan.of("shuffled"), draws=draws, seed=seed)
    outcome = _outcome(new, known)
    contested = _contested(new.differences, new.champion, dataset.is_regression)
    return Verdict(
        outcome=outcome,
        recommended=new.champion,
        known_context=known.champion,
        metric=metric,
        headline=plan.headline,
        differences=new.differences,
        reasons=_reasons(new, known, headline),
        contested=contested.first if contested else None,
        units_needed=units_needed(contested, _margin(dataset.is_regression)) if contested else None,
    )


def _contested(differences: Sequence[Difference], champion: str, regression: bool) -> Difference | None:
    """The largest gain that is not shown, over the model that is named or the one below it."""
    unshown = [d for d in differences if d.gain > 0 and d.first != champion and not _shown(d, regression)]
    against = [d for d in unshown if d.second == champion] or unshown
    # A constant that no model beats for certain: what is named then has to be settled itself.
    named = [d for d in differences if d.first == champion and not _shown(d, regression)]
    return max(named or against, key=lambda d: d.gain, default=None)


def _as_known(trials: Sequence[Trial]) -> list[Trial]:
    """Each model on shuffled rows, told the contexts where it has a use for them."""
    of_model: dict[str, Trial] = {}
    for trial in trials:
        if trial.split == "shuffled" and (trial.model not in of_model or trial.mode == "known"):
            of_model[trial.model] = trial
    return list(of_model.values())


def climb(trials: Sequence[Trial], dataset: Dataset, split: Split, *, draws: int, seed: int) -> Ladder:
    """From the simplest model upwards; without a veto over the constant where else only that is left."""
    ladder = _climb(trials, dataset, split, draws=draws, seed=seed, veto_over_constant=True)
    if ladder.champion == CONSTANT and ladder.vetoed:
        ladder = _climb(trials, dataset, split, draws=draws, seed=seed, veto_over_constant=False)
    return ladder


def _climb(
    trials: Sequence[Trial],
    dataset: Dataset,
    split: Split,
    *,
    draws: int,
    seed: int,
    veto_over_constant: bool,
) -> Ladder:
    """Each rank is compared with the champion below it."""
    pooled = {t.model: _pooled(t, dataset) for t in trials}
    best_first = sorted(trials, key=lambda t: (simplicity(t.model), -pooled[t.model]))
    chance = CHANCE["r2" if dataset.is_regression else "auc"]
    ranks = sorted({simplicity(t.model) for t in trials})
    champion = best_first[0]
    made: list[Difference] = []
    open_gain, vetoed = False, []
    for rank in ranks:
        rivals = [t for t in best_first if simplicity(t.model) == rank and t is not champion]
        winners = []
        for trial in rivals:
            if rank == simplicity(champion.model):
                continue  # equally simple as the only start there is: no constant was finished
            difference = paired_difference(trial, champion, dataset, split, draws=draws, seed=seed)
            made.append(difference)
            if pooled[trial.model] <= chance:
                continue
            won = wins if veto_over_constant or champion.model != CONSTANT else _shown
            if won(difference, dataset.is_regression):
                winners.append(trial)
            elif difference.gain > _margin(dataset.is_regression):
                open_gain |= difference.units < FEWEST_UNITS
                vetoed += [trial.model] if _shown(difference, dataset.is_regression) else []
        if winners:
            champion, open_gain = winners[0], False
    key = champion.model
    if open_gain and key == CONSTANT:
        key = _simplest_with_gain([d for d in made if pooled[d.first] > chance], dataset.is_regression)
    return Ladder(key, tuple(made), open_gain, tuple(vetoed))


def wins(difference: Difference, regression: bool) -> bool:
    """Whether the first model is recommended over the second, simpler one."""
    return _shown(difference, regression) and worst_loss(difference) <= 2 * _margin(regression)


def worst_loss(difference: Difference) -> float:
    """Largest loss of the pooled score that a single unit brings; 0 if none loses."""
    losses = [-gain * difference.shares.get(unit, 1.0) for unit, gain in difference.per_unit.items()]
    return max(0.0, *losses) if losses else 0.0


def _shown(difference: Difference, regression: bool) -> bool:
    if difference.low is None or difference.low68 is None:
        return False
    beyond = difference.gain > _margin(regression)
    if difference.units < FEWEST_UNITS:
        return beyond and difference.low > 0
    return difference.low > 0 or (beyond and difference.low68 > 0)


def _margin(regression: bool) -> float:
    return MARGIN["r2" if regression else "auc"]


def _pooled(trial: Trial, dataset: Dataset) -> float:
    rows = tested_rows(trial)
    prediction = as_ranking(trial.model, trial.prediction[rows])
    value = (r2 if dataset.is_regression else auc)(dataset.y[rows], prediction)
    return float("-inf") if value is None else value


def _simplest_with_gain(differences: Sequence[Difference], regression: bool) -> str:
    """Too few units to prove anything: still the simplest model that gains on the constant."""
    gained = [d.first for d in differences if d.second == CONSTANT and d.gain > _margin(regression)]
    return gained[0] if gained else CONSTANT


def _outcome(new: Ladder, known: Ladder) -> str:
    if new.unclear:
        return "undecided"
    if new.champion == CONSTANT:
        return "do_not_predict"
    if known.champion not in (new.champion, CONSTANT) and not known.unclear:
        return "split_advice"
    return "use_linear" if new.champion == LINEAR else "use_model"


def _reasons(new: Ladder, known: Ladder, headline: Sequence[Trial]) -> tuple[str, ...]:
    units = max((d.units for d in new.differences), default=0)
    found = {
        "few-units": units < FEWEST_UNITS,
        "no-comparison": len(headline) < 2,
        "nothing-beats-constant": new.champion == CONSTANT,
        "gain-not-shown": new.unclear,
        "worst-unit-loses": bool(new.vetoed),
        "tie-goes-to-simpler": any(
            d.second == new.champion and d.gain > 0 and d.first not in new.vetoed for d in new.differences
        ),
        "known-differs": known.champion != new.champion,
    }
    return tuple(key for key, holds in found.items() if holds)
