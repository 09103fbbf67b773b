"""Two more ways of use on contexts never seen: with their unlabelled rows, and with a few labelled ones.

No model is fitted for them: fold models adapt or are calibrated. Blind scores stay apart, since a
batch or a few labels is knowledge that a new context does not bring by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tabcouce.evaluation.run import all_classes
from tabcouce.evaluation.stacked import PEERS, SYSTEM, LeftOut, left_out_estimate, left_out_of, mixed
from tabcouce.evaluation.trial import Trial
from tabcouce.models.calibration import NO_PRIOR, Estimator, ShotOffset, ShotPrior
from tabcouce.models.contract import Rehearsal, RehearsedShots, ShotsModel
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Fold, Split, SplitPlan
from tabcouce.system.stack import StackModel, adapted, adapts
from tabcouce.system.weights import Mix, equal_mix

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
SHOTS = 5
SHOTS_MODE = f"shots{SHOTS}"
DRAWS = 5
"""Sets of labelled rows; one alone says little of a context of a hundred rows."""
WEIGHT_DRAWS = {"regression": 10, "classification": 2}
"""Sets of labelled rows behind the stack's weights; shifts of log-odds are found by search."""
MOST_SETS = 300
"""Of many contexts fewer sets are drawn from each, of more contexts than this the weights see a part.

A thousand lots of ten rows say more with one set each than ten machines with ten, and each set is
a calibration of every model."""


def deployed_trials(
    trials: Sequence[Trial], dataset: Dataset, plan: SplitPlan, *, seed: int
) -> tuple[Trial, ...]:
    """Batch and shots trials of every blind trial on the splits that hold a context out.

    Batch only where some model can use unlabelled rows; the others then predict as they do blind.
    """
    made: list[Trial] = []
    for split in plan.splits:
        blind = [t for t in trials if (t.split, t.mode) == (split.key, "blind")]
        if not blind or not (split.key == "fixed" or split.key.startswith("unseen:")):
            continue
        single = [t for t in blind if t.model not in (SYSTEM, PEERS)]
        stacks = [t for t in blind if t.model in (SYSTEM, PEERS)]
        if any(adapts(t.fitted[0]) for t in single):
            batch = [_batch(trial, dataset, split) for trial in single]
            made += batch + [_restacked(stack, batch, _blind_mixes(stack), split) for stack in stacks]
        shots = [_shots(trial, dataset, split, seed) for trial in single]
        made += shots
        for stack in stacks:
            mixes = [
                _shot_mix(model, dataset, split, fold, seed)
                for model, fold in zip(stack.fitted, split.folds, strict=True)
            ]
            made.append(_restacked(stack, shots, mixes, split))
    return tuple(made)


def sets_of(contexts: int, most: int) -> int:
    """Sets of labelled rows that are drawn from each of so many contexts."""
    return max(1, min(most, MOST_SETS // max(contexts, 1)))


def labelled_rows(rows: Rows, rng: np.random.Generator) -> Rows:
    """Up to five of a context's rows, at most half of them, so that rows are left to be scored."""
    return np.sort(rng.choice(rows, min(SHOTS, len(rows) // 2), replace=False))


def _batch(trial: Trial, dataset: Dataset, split: Split) -> Trial:
    prediction = trial.prediction.copy()
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        if adapts(model):
            for rows in _contexts(fold, split):
                X = dataset.X.iloc[rows].reset_index(drop=True)
                prediction[rows] = _estimate(adapted(model, X), rows, dataset, fold)
    return replace(trial, prediction=prediction, mode="batch")


def _shots(trial: Trial, dataset: Dataset, split: Split, seed: int) -> Trial:
    """Every context's labelled rows are the same for all models, and scored for none."""
    sets = sets_of(len(split.units), DRAWS)
    predictions = [np.full_like(trial.prediction, np.nan) for _ in range(sets)]
    draws = [np.random.default_rng([seed, draw]) for draw in range(sets)]
    # A fold's draws follow each other: what a model solves once for its training rows serves them all.
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        prior = shot_prior(model, dataset, split, fold)
        for rows in _contexts(fold, split):
            for rng, prediction in zip(draws, predictions, strict=True):
                few = labelled_rows(rows, rng)
                rest = np.setdiff1d(rows, few)
                if isinstance(model, ShotsModel) and len(few):
                    own = model.calibrate(dataset.X.iloc[few].reset_index(drop=True), dataset.y[few])
                    prediction[rest] = _estimate(own, rest, dataset, fold)
                else:
                    offset = _offset(dataset.y[few], trial.prediction[few], prior)
                    prediction[rest] = offset(trial.prediction[rest])
    return replace(trial, prediction=predictions[0], repeats=tuple(predictions[1:]), mode=SHOTS_MODE)


def shot_prior(model: Estimator, dataset: Dataset, split: Split, fold: Fold) -> ShotPrior:
    """How far the fold's training contexts lie from what the model said of them left out."""
    told = left_out_estimate(model, dataset, fold)
    return NO_PRIOR if told is None else _prior(dataset.y[fold.train], told, split.unit[fold.train])


def _prior(y: Floats, estimate: Floats, unit: Rows) -> ShotPrior:
    if estimate.ndim == 1:
        return ShotPrior.of_values(y - estimate, unit)
    return ShotPrior.of_classes(y, estimate, unit)


def _offset(y: Floats, estimate: Floats, prior: ShotPrior) -> ShotOffset:
    """y (k,) values or class numbers; estimate (k,) or (k, classes)."""
    kind = ShotOffset.of_values if estimate.ndim == 1 else ShotOffset.of_classes
    return kind(y, estimate, prior)


def _shot_mix(model: Estimator, dataset: Dataset, split: Split, fold: Fold, seed: int) -> Mix:
    """Weights for the shots: each left-out context is corrected with labelled rows of its own."""
    assert isinstance(model, StackModel)
    found = left_out_of(model.members, dataset, fold)
    if found is None:
        return equal_mix(tuple(model.members))
    moved = corrected(found, model.members, dataset, split.unit, fold, seed)
    return mixed(moved, dataset, split.unit, known=False)


def corrected(
    found: LeftOut, models: Mapping[str, Estimator], dataset: Dataset, unit: Rows, fold: Fold, seed: int
) -> LeftOut:
    """Left-out predictions of the rows not drawn, moved by those drawn; one copy for every draw.

    Each member in its own way where it can say that in closed form, else by the shrunken offset, as
    `calibrated` moves it in use.
    """
    contexts = unit[found.rows]
    order = np.argsort(contexts, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(contexts[order])) + 1)
    if len(groups) > MOST_SETS:
        kept = np.random.default_rng(seed).choice(len(groups), MOST_SETS, replace=False)
        groups = [groups[k] for k in np.sort(kept)]
    draws = []
    most = WEIGHT_DRAWS["regression" if dataset.is_regression else "classification"]
    for draw in range(sets_of(len(groups), most)):
        rng = np.random.default_rng([seed, draw])
        for group in groups:
            few = labelled_rows(group, rng)
            draws.append(Rehearsal(few, np.setdiff1d(group, few)))
    moved = [
        _moved(models[member], told, found.rows, draws, dataset, contexts, fold)
        for member, told in zip(found.members, found.estimates, strict=True)
    ]
    rows = np.concatenate([found.rows[draw.rest] for draw in draws])
    known = np.logical_and.reduce([np.isfinite(each).reshape(len(each), -1).all(axis=1) for each in moved])
    return LeftOut(found.members, np.stack(moved)[:, known], rows[known])


def _moved(
    model: Estimator,
    told: Floats,
    rows: Rows,
    draws: Sequence[Rehearsal],
    dataset: Dataset,
    contexts: Rows,
    fold: Fold,
) -> Floats:
    """A member's answers for the rest of every draw, one after the other.

    told, rows, contexts  (n, .) left-out answers, their positions in the dataset and their contexts
    """
    y = dataset.y[rows]
    if not isinstance(model, RehearsedShots):
        prior = _prior(y, told, contexts)
        return np.concatenate([_offset(y[d.few], told[d.few], prior)(told[d.rest]) for d in draws])
    place = np.searchsorted(fold.train, rows)
    # A context of one row lends no label: what was said of it blind stands.
    labelled = [Rehearsal(place[d.few], place[d.rest]) for d in draws if len(d.few)]
    X = dataset.X.iloc[fold.train].reset_index(drop=True)
    answers = iter(model.rehearse(X, dataset.y[fold.train], labelled))
    parts = [_all(next(answers), model, dataset, fold) if len(d.few) else told[d.rest] for d in draws]
    return np.concatenate(parts)


def _restacked(stack: Trial, members: Sequence[Trial], mixes: Sequence[Mix], split: Split) -> Trial:
    """The stack's trial in the members' mode: the weights of each fold on the members' answers there."""
    of = {trial.model: trial for trial in members}
    mode = members[0].mode
    drawn = []
    for d in range(1 + len(members[0].repeats)):
        prediction = np.full_like(stack.prediction, np.nan)
        for fold, mix in zip(split.folds, mixes, strict=True):
            told = [(of[key].prediction, *of[key].repeats)[d][fold.test] for key in mix.members]
            prediction[fold.test] = mix(np.stack(told))
        drawn.append(prediction)
    notes = tuple(dict.fromkeys(f"stack-{mix.kind}" for mix in mixes))
    return replace(stack, prediction=drawn[0], repeats=tuple(drawn[1:]), mode=mode, notes=notes)


def _blind_mixes(stack: Trial) -> list[Mix]:
    return [model.mix("blind") for model in stack.fitted if isinstance(model, StackModel)]


def _contexts(fold: Fold, split: Split) -> list[Rows]:
    """The test rows of each context that the fold holds out."""
    unit = split.unit[fold.test]
    return [fold.test[unit == u] for u in np.unique(unit)]


def _estimate(model: Estimator, rows: Rows, dataset: Dataset, fold: Fold) -> Floats:
    return _all(model.estimate(dataset.X.iloc[rows].reset_index(drop=True)), model, dataset, fold)


def _all(estimate: Floats, model: Estimator, dataset: Dataset, fold: Fold) -> Floats:
    """Values as they are; probabilities with a column for the classes the fold did not train on."""
    if dataset.is_regression:
        return estimate
    return all_classes(estimate, model, len(dataset.classes), len(fold.train))
