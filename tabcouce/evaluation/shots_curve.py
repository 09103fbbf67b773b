"""Error on a new context against the number of its rows whose target is known.

Simulated on held-out contexts with the fold models: nothing is fitted again. A pool of rows is drawn
from each context; the first k of it are the labelled ones for every model alike, and no row of the
pool is scored for any model or any k, so that all points of all curves stand on the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.evaluation.deployment import shot_prior
from tabcouce.evaluation.metrics import row_log_loss
from tabcouce.evaluation.resample import draw_units, interval
from tabcouce.evaluation.run import all_classes
from tabcouce.evaluation.trial import Trial
from tabcouce.models.calibration import Estimator, ShotOffset, ShotPrior
from tabcouce.models.contract import ShotsModel
from tabcouce.models.kernel import KernelModel
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split
from tabcouce.system.stack import StackModel

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
SHOTS = (0, 1, 2, 3, 5, 10, 20)
FEWEST_CONTEXTS = 3
SETS = 12
"""Sets of labelled rows over all contexts; divided among them, at least one and at most five each."""
MOST_CONTEXTS = 12
KERNEL_ROWS = 500
"""Training rows from which the kernel is moved by an offset here: its own way costs their cube each time."""
MOST_SCORED = 100
"""Rows of a context that are scored per set; more would only slow the encoder's part."""


@dataclass(frozen=True)
class ErrorCurve:
    """Of one model: error at each k with the 95 % interval over contexts (None with too few)."""

    model: str
    error: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True)
class ShotsCurve:
    """Curves of several models over the same labelled and the same scored rows.

    metric    'rmse', unit of the target, or 'log_loss'
    shots     numbers of labelled rows; cut where half of the contexts have not twice as many rows
    contexts  held-out contexts behind each point; left_out: those with too few rows
    sets      sets of labelled rows drawn from each context
    """

    split: str
    metric: str
    shots: tuple[int, ...]
    curves: tuple[ErrorCurve, ...]
    contexts: int
    left_out: int
    sets: int

    def of(self, model: str) -> ErrorCurve | None:
        return next((curve for curve in self.curves if curve.model == model), None)


def shots_curve(
    trials: Mapping[str, Trial],
    models: Sequence[str],
    dataset: Dataset,
    split: Split,
    *,
    draws: int,
    seed: int,
) -> ShotsCurve | None:
    """Curves of the named models; None where the split holds no context out or all are too small.

    trials  blind trials of the split by model, those of a stack's members among them
    """
    if not (split.key == "fixed" or split.key.startswith("unseen:")):
        return None
    held = [
        (number, fold.test[split.unit[fold.test] == unit])
        for number, fold in enumerate(split.folds)
        for unit in np.unique(split.unit[fold.test])
    ]
    shots = _reachable([len(rows) for _, rows in held])
    if len(shots) < 2:
        return None
    large = [(n, rows) for n, rows in held if len(rows) >= 2 * shots[-1]]
    if len(large) < FEWEST_CONTEXTS:
        return None
    rng = np.random.default_rng(seed)
    if len(large) > MOST_CONTEXTS:
        large = [large[i] for i in np.sort(rng.choice(len(large), MOST_CONTEXTS, replace=False))]
    sets = int(np.clip(SETS // len(large), 1, 5))
    chosen = [key for key in dict.fromkeys(models) if key in trials]
    loss = np.zeros((len(chosen), len(large), len(shots)))
    count = np.zeros(len(large))
    answers = _FoldAnswers(trials, dataset, split, {})
    for c, (number, rows) in enumerate(large):
        for _ in range(sets):
            pool = rng.choice(rows, shots[-1], replace=False)
            rest = np.setdiff1d(rows, pool)
            if len(rest) > MOST_SCORED:
                rest = np.sort(rng.choice(rest, MOST_SCORED, replace=False))
            count[c] += len(rest)
            for j, k in enumerate(shots):
                told = answers.moved(chosen, number, pool[:k], rest)
                for m, key in enumerate(chosen):
                    loss[m, c, j] += _row_loss(dataset, dataset.y[rest], told[key]).sum()
    return ShotsCurve(
        split=split.key,
        metric="rmse" if dataset.is_regression else "log_loss",
        shots=shots,
        curves=tuple(
            _curve(key, loss[m], count, dataset.is_regression, draws=draws, seed=seed)
            for m, key in enumerate(chosen)
        ),
        contexts=len(large),
        left_out=len(held) - len(large),
        sets=sets,
    )


@dataclass(frozen=True)
class _FoldAnswers:
    """What fold models say of rows they were not trained on, once k of them are labelled.

    priors  how far contexts lie apart by model and fold, filled as they are asked for
    """

    trials: Mapping[str, Trial]
    dataset: Dataset
    split: Split
    priors: dict[tuple[str, int], ShotPrior]

    def moved(self, models: Sequence[str], fold: int, few: Rows, rest: Rows) -> dict[str, Floats]:
        """Model -> its answers for `rest` after the labelled rows `few`."""
        found: dict[str, Floats] = {}
        for key in models:
            model = self.trials[key].fitted[fold]
            if isinstance(model, StackModel):
                mix = model.mix("blind")
                counting = [name for name in mix.counting if name in self.trials]
                for name in counting:
                    if name not in found:
                        found[name] = self._one(name, fold, few, rest)
                parts = [found[name] for name in counting]
                weight = [w for name, w in zip(mix.members, mix.weight, strict=True) if name in counting]
                found[key] = np.average(np.stack(parts), axis=0, weights=weight)
            elif key not in found:
                found[key] = self._one(key, fold, few, rest)
        return found

    def _one(self, key: str, fold: int, few: Rows, rest: Rows) -> Floats:
        trial, dataset = self.trials[key], self.dataset
        model, part = trial.fitted[fold], self.split.folds[fold]
        if len(few) == 0:
            return trial.prediction[rest]
        dear = isinstance(model, KernelModel) and len(part.train) > KERNEL_ROWS
        if isinstance(model, ShotsModel) and not dear:
            own: Estimator = model.calibrate(dataset.X.iloc[few].reset_index(drop=True), dataset.y[few])
            estimate = own.estimate(dataset.X.iloc[rest].reset_index(drop=True))
            if dataset.is_regression:
                return estimate
            return all_classes(estimate, own, len(dataset.classes), len(part.train))
        if (key, fold) not in self.priors:
            self.priors[key, fold] = shot_prior(model, dataset, self.split, part)
        prior = self.priors[key, fold]
        make = ShotOffset.of_values if dataset.is_regression else ShotOffset.of_classes
        return make(dataset.y[few], trial.prediction[few], prior)(trial.prediction[rest])


def _reachable(sizes: Sequence[int]) -> tuple[int, ...]:
    """Numbers of labels for which at least half of the contexts have twice as many rows."""
    return tuple(k for k in SHOTS if np.mean([size >= max(2 * k, 2) for size in sizes]) >= 0.5)


def _row_loss(dataset: Dataset, y: Floats, told: Floats) -> Floats:
    return np.square(y - told) if dataset.is_regression else row_log_loss(y, told)


def _curve(model: str, loss: Floats, count: Floats, squared: bool, *, draws: int, seed: int) -> ErrorCurve:
    """loss (C, K) summed over the scored rows of each context, count (C,) of these rows."""

    def error(total: Floats, rows: Floats) -> Floats:
        mean = total / rows[..., None]
        return np.asarray(np.sqrt(mean) if squared else mean)

    value = error(loss.sum(axis=0), np.asarray(count.sum()))
    times = draw_units(len(count), draws=draws, seed=seed).astype(float)
    drawn = error(times @ loss, times @ count)  # (draws, K)
    bounds = [interval(drawn[:, j]) for j in range(loss.shape[1])]
    return ErrorCurve(
        model,
        tuple(value.tolist()),
        tuple(None if b is None else b[0] for b in bounds),
        tuple(None if b is None else b[1] for b in bounds),
    )
