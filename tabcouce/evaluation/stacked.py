"""The system as one more candidate: stacked from the fold models that are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.evaluation.debiased import DEBIASED
from tabcouce.evaluation.run import all_classes
from tabcouce.evaluation.scores import tested_rows
from tabcouce.evaluation.trial import Trial
from tabcouce.models.calibration import Estimator
from tabcouce.models.contract import CrossEstimated
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Fold, Split, SplitPlan
from tabcouce.system.stack import StackModel
from tabcouce.system.weights import Mix, choose_mix, context_shares, equal_mix, error_products

Floats = npt.NDArray[np.float64]
SYSTEM = "system"
PEERS = "peer_stack"
OURS = ("couce", "kernel")
"""What the stack of peers does without, so that the gain of our own parts can be measured."""
FEWEST_TO_CHOOSE = 6
"""Held-out contexts below which weights would fit their noise: the models then count alike."""
ENOUGH = 0.2
"""Share of the training rows a model must have left out to be a member."""


@dataclass(frozen=True)
class LeftOut:
    """What members said of training rows they had left out.

    estimates  (M, n) values or (M, n, k) probabilities, all finite
    rows       (n,) positions among the rows of the dataset
    """

    members: tuple[str, ...]
    estimates: Floats
    rows: npt.NDArray[np.int64]


def stacked_trials(
    trials: Sequence[Trial],
    dataset: Dataset,
    plan: SplitPlan,
    *,
    key: str = SYSTEM,
    without: Sequence[str] = (),
) -> tuple[Trial, ...]:
    """One trial per split of the stack of all models that finished there; no model is fitted.

    Where a context is held out the weights come from left-out predictions of the training rows, so
    that nothing of the test context enters. On shuffled rows whose contexts are known there are
    none in that mode (left-out contexts are blind); the weights of a fold then come from the other
    folds' test predictions. DIFF: their models saw this fold's targets, the weights did not.

    without  model keys that are not to be members
    """
    made = []
    for split in plan.splits:
        known = split.key == "shuffled" and dataset.contexts.shape[1] > 0
        members = stack_members(trials, split, known, without)
        if len(members) > 1:
            made.append(_stacked(members, dataset, split, key, known))
    return tuple(made)


def final_mix(members: Sequence[Trial], dataset: Dataset, split: Split, *, known: bool) -> Mix:
    """The weights for use: from the members' test predictions of all folds of the split.

    DIFF: for use nothing is held back, so every row that a fold tested tells about the weights. Where a
    fold had too few contexts to choose them, they are not chosen for use either: used is what was scored.
    """
    if not known and fewest_contexts(split) < FEWEST_TO_CHOOSE:
        return equal_mix(tuple(trial.model for trial in members))
    rows = np.logical_and.reduce([tested_rows(trial) for trial in members])
    errors = LeftOut(
        tuple(trial.model for trial in members),
        np.stack([trial.prediction[rows] for trial in members]),
        np.flatnonzero(rows),
    )
    return mixed(errors, dataset, split.unit, known=known)


def fewest_contexts(split: Split) -> int:
    """Contexts (rows where none is held out) in the training rows of the fold that has fewest."""
    return min(len(np.unique(split.unit[fold.train])) for fold in split.folds)


def stack_members(
    trials: Sequence[Trial], split: Split, known: bool, without: Sequence[str] = ()
) -> list[Trial]:
    """One trial per model: in the known mode where asked for and run, else blind."""
    found: dict[str, Trial] = {}
    for trial in trials:
        if trial.split != split.key or trial.model in (SYSTEM, PEERS, DEBIASED, *without):
            continue
        if trial.mode != "blind" and not (known and trial.mode == "known"):
            continue
        if trial.mode == ("known" if known else "blind") or trial.model not in found:
            found[trial.model] = trial
    return list(found.values())


def _stacked(members: Sequence[Trial], dataset: Dataset, split: Split, key: str, known: bool) -> Trial:
    everything = np.stack([trial.prediction for trial in members])
    prediction = np.full_like(members[0].prediction, np.nan)
    fitted: list[StackModel] = []
    for number, fold in enumerate(split.folds):
        models = {trial.model: trial.fitted[number] for trial in members}
        errors = _other_folds(members, fold) if known else left_out_of(models, dataset, fold)
        mix = mixed(errors, dataset, split.unit, known=known) if errors else equal_mix(tuple(models))
        chosen = [position for position, trial in enumerate(members) if trial.model in mix.members]
        prediction[fold.test] = mix(everything[chosen][:, fold.test])
        fitted.append(StackModel(models, {"blind": mix}))
    notes = [note for stack in fitted for note in stack.notes_]
    return Trial(
        model=key,
        split=split.key,
        prediction=prediction,
        fitted=tuple(fitted),
        seconds=sum(trial.seconds for trial in members),
        rows_used=max(trial.rows_used for trial in members),
        mode="known" if known else "blind",
        notes=tuple(dict.fromkeys(notes)),
    )


def mixed(found: LeftOut, dataset: Dataset, unit: npt.NDArray[np.int64], *, known: bool) -> Mix:
    """The mix that left-out predictions ask for; for new contexts equal parts where few were held out.

    On four simulated machines equal parts of the learners reach R2 0.57 on new ones, trees 0.52,
    the best single model 0.53 (benchmarks/few_contexts.py).
    """
    contexts = unit[found.rows]
    if not known and len(np.unique(contexts)) < FEWEST_TO_CHOOSE:
        return equal_mix(found.members)
    y = dataset.y[found.rows]
    truth = y if dataset.is_regression else (y[:, None] == np.arange(len(dataset.classes))).astype(float)
    products = error_products(found.estimates - truth, contexts)
    return choose_mix(found.members, products, context_shares(contexts))


def left_out_of(models: Mapping[str, Estimator], dataset: Dataset, fold: Fold) -> LeftOut | None:
    """What the fold's models said of training contexts they had left out; None where none did."""
    told = {
        key: each
        for key, model in models.items()
        if (each := left_out_estimate(model, dataset, fold)) is not None
    }
    known = {key: np.isfinite(each).reshape(len(each), -1).all(axis=1) for key, each in told.items()}
    # A model that left out only some rows (a cap, fewer folds) must not take the others' rows away.
    members = tuple(key for key in told if known[key].mean() >= ENOUGH)
    if len(members) < 2:
        return None
    shared = np.logical_and.reduce([known[key] for key in members])
    if not shared.any():
        return None
    return LeftOut(members, np.stack([told[key][shared] for key in members]), fold.train[shared])


def left_out_estimate(model: Estimator, dataset: Dataset, fold: Fold) -> Floats | None:
    """(n,) values or (n, k) probabilities of all classes for the training rows; None without any."""
    if not isinstance(model, CrossEstimated):
        return None
    if dataset.is_regression:
        return model.left_out_
    return all_classes(model.left_out_, model, len(dataset.classes), len(fold.train))


def _other_folds(members: Sequence[Trial], fold: Fold) -> LeftOut:
    rows = np.logical_and.reduce([tested_rows(trial) for trial in members])
    rows[fold.test] = False
    return LeftOut(
        tuple(trial.model for trial in members),
        np.stack([trial.prediction[rows] for trial in members]),
        np.flatnonzero(rows),
    )
