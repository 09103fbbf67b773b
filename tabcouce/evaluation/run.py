"""Candidates over the folds of every split: one finished trial after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from tabcouce.evaluation.candidates import Candidate
from tabcouce.evaluation.trial import Trial
from tabcouce.models.boosted_trees import THREADED_CELLS
from tabcouce.models.calibration import Estimator
from tabcouce.models.constant import ConstantModel
from tabcouce.models.contract import Model
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Fold, Split, SplitPlan

Floats = npt.NDArray[np.float64]
Progress = Callable[[str], None]
ONE_CLASS = "one-class-fold"
FOLDS_AT_ONCE = 2


@runtime_checkable
class PackedModel(Protocol):
    """A model that trains all folds of all splits in one run."""

    def fit_folds(
        self,
        X: pd.DataFrame,
        y: Floats,
        context: pd.DataFrame | None,
        folds: Sequence[npt.NDArray[np.int64]],
        held_out: Sequence[str | None] | None = None,
    ) -> Sequence[Model]:
        """One fitted model per fold, each from the rows of X at the fold's positions only.

        held_out  per fold the context column that its test rows are new in, None where there is
                  none: what a model chooses inside its training rows then asks the same question
        """
        ...


@dataclass(frozen=True)
class FoldFit:
    """A model trained on the training rows of one fold."""

    model: Model
    seconds: float
    rows_used: int


def run_trials(
    candidates: Sequence[Candidate], dataset: Dataset, plan: SplitPlan, *, progress: Progress | None = None
) -> Iterator[Trial]:
    """Every candidate on every split, headline split first; yields a trial when it is finished.

    So an interruption keeps all trials that came before it. A packed candidate is trained once
    for all splits; its time is shared out evenly over the folds.
    """
    say = progress or _silent
    splits = sorted(plan.splits, key=lambda split: split.key != plan.headline)
    for candidate in candidates:
        if isinstance(candidate.make(), PackedModel):
            yield from _run_packed(candidate, dataset, splits, say)
        else:
            for split in splits:
                fits = _fit_split(candidate, dataset, split, say)
                for known in modes(candidate, dataset, split):
                    yield _trial(candidate, dataset, split, fits, known)


def modes(candidate: Candidate, dataset: Dataset, split: Split) -> tuple[bool, ...]:
    """Blind always; beside it known (True), where rows have contexts that training rows share.

    Where a context is held out the question is the new one. Elsewhere (shuffled, group, forward)
    the contexts of a row are as known as they will be in use, and the model itself treats a
    level it never saw as new. The two are never mixed in one trial.
    """
    held_out = split.key == "fixed" or split.key.startswith("unseen:")
    if held_out or not candidate.uses_context or not dataset.contexts.shape[1]:
        return (False,)
    return (False, True)


def run_trial(
    candidate: Candidate, dataset: Dataset, split: Split, *, known: bool, progress: Progress | None = None
) -> Trial:
    """Fit on the training rows of each fold and predict its test rows.

    known  give the contexts of the test rows to the model
    """
    return _trial(
        candidate, dataset, split, _fit_split(candidate, dataset, split, progress or _silent), known
    )


def _fit_split(candidate: Candidate, dataset: Dataset, split: Split, say: Progress) -> list[FoldFit]:
    # Shuffled rows meet their contexts again: a model that only tunes on held-out
    # contexts must then tune on held-out rows, or it is judged at another job.
    told = candidate.uses_context or split.key != "shuffled"
    context = contexts_for(dataset, split) if told else None

    def fit(number: int, fold: Fold) -> FoldFit:
        say(f"{candidate.key}, {split.key}, fold {number} of {len(split.folds)}")
        return _fit_fold(candidate.make, dataset, fold, context)

    # Models of small tables use one thread each, so folds run side by side; models of large
    # ones use all threads themselves, and two of them at once would wait for each other.
    side_by_side = FOLDS_AT_ONCE if dataset.X.size < THREADED_CELLS else 1
    # The matrices of a fit are small: BLAS threads that wait for each other cost it 10 x on a busy
    # machine, and a result that depends on their number could not be repeated.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(side_by_side) as pool:
        pending = [pool.submit(fit, k, fold) for k, fold in enumerate(split.folds, start=1)]
        try:
            return [future.result() for future in pending]
        finally:
            for future in pending:
                future.cancel()  # after an error or Ctrl-C no further fold is begun


def contexts_for(dataset: Dataset, split: Split) -> pd.DataFrame | None:
    """(n, c) contexts, the held-out column first: inner folds hold out levels of the first one."""
    if not dataset.contexts.shape[1]:
        return None
    column = held_out_column(dataset, split)
    first = [] if column is None else [column]
    return dataset.contexts[first + [c for c in dataset.contexts.columns if c not in first]]


def held_out_column(dataset: Dataset, split: Split) -> str | None:
    """The context column whose levels the split holds out; None where it holds out something else."""
    return split.column if split.column in dataset.contexts.columns else None


def _fit_fold(
    make: Callable[[], Model], dataset: Dataset, fold: Fold, contexts: pd.DataFrame | None
) -> FoldFit:
    start = time.perf_counter()
    rows = fold.train
    X, y = dataset.X.iloc[rows].reset_index(drop=True), dataset.y[rows]
    context = None if contexts is None else contexts.iloc[rows].reset_index(drop=True)
    model = _one_class_model() if _one_class(dataset, rows) else make()
    model.fit(X, y, context)
    return FoldFit(model, time.perf_counter() - start, _rows_used(model, len(rows)))


def _run_packed(
    candidate: Candidate, dataset: Dataset, splits: Sequence[Split], say: Progress
) -> Iterator[Trial]:
    folds = [fold for split in splits for fold in split.folds]
    columns = [held_out_column(dataset, split) for split in splits for _ in split.folds]
    able = [not _one_class(dataset, fold.train) for fold in folds]
    trainable = [fold.train for fold, can in zip(folds, able, strict=True) if can]
    held_out = [column for column, can in zip(columns, able, strict=True) if can]
    say(f"{candidate.key}, {len(folds)} folds of {len(splits)} splits in one run")
    start = time.perf_counter()
    packed = candidate.make()
    assert isinstance(packed, PackedModel)
    context = dataset.contexts if dataset.contexts.shape[1] else None
    models = iter(packed.fit_folds(dataset.X, dataset.y, context, trainable, held_out) if trainable else ())
    seconds = (time.perf_counter() - start) / len(folds)
    for split in splits:
        fits = []
        for fold in split.folds:
            if _one_class(dataset, fold.train):
                fits.append(_fit_fold(_one_class_model, dataset, fold, None))
            else:
                model = next(models)
                fits.append(FoldFit(model, seconds, _rows_used(model, len(fold.train))))
        for known in modes(candidate, dataset, split):
            yield _trial(candidate, dataset, split, fits, known)


def _trial(
    candidate: Candidate, dataset: Dataset, split: Split, fits: Sequence[FoldFit], known: bool
) -> Trial:
    """Out-of-fold predictions of fitted fold models."""
    n = len(dataset.y)
    prediction = np.full(n if dataset.is_regression else (n, len(dataset.classes)), np.nan)
    notes: list[str] = []
    for fit, fold in zip(fits, split.folds, strict=True):
        X = dataset.X.iloc[fold.test].reset_index(drop=True)
        context = dataset.contexts.iloc[fold.test].reset_index(drop=True) if known else None
        estimate = fit.model.estimate(X, context)
        if not dataset.is_regression:
            estimate = all_classes(estimate, fit.model, len(dataset.classes), len(fold.train))
        prediction[fold.test] = estimate
        notes += [ONE_CLASS] if isinstance(fit.model, OneClassModel) else []
        notes += getattr(fit.model, "notes_", ())
    return Trial(
        model=candidate.key,
        split=split.key,
        prediction=prediction,
        fitted=tuple(fit.model for fit in fits),
        seconds=sum(fit.seconds for fit in fits),
        rows_used=max(fit.rows_used for fit in fits),
        mode="known" if known else "blind",
        notes=tuple(dict.fromkeys(notes)),
    )


def all_classes(estimate: Floats, model: Estimator, k: int, n: int) -> Floats:
    """(m, k) probabilities of all classes from those the model was trained on.

    A class that none of n training rows had gets 1 / (n + absent classes), as in Laplace's rule:
    with probability 0 one such row would make the log loss of the whole trial infinite.
    """
    seen = np.asarray(getattr(model, "classes_", np.arange(estimate.shape[1]))).astype(int)
    absent = k - len(seen)
    out = np.full((len(estimate), k), 1.0 / (n + absent))
    out[:, seen] = estimate * (n / (n + absent))
    return out


class OneClassModel(ConstantModel):
    """Training rows of one class: no model can be trained, the class is all there is to say."""

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        self.classes_ = np.unique(y)
        self.value_ = np.ones(1)
        return self


def _one_class_model() -> Model:
    return OneClassModel("classification")


def _one_class(dataset: Dataset, rows: npt.NDArray[np.int64]) -> bool:
    return not dataset.is_regression and len(np.unique(dataset.y[rows])) < 2


def _rows_used(model: Model, rows: int) -> int:
    """A model with a cap says in `rows_used_` how many rows it really used."""
    return int(getattr(model, "rows_used_", rows))


def _silent(_: str) -> None:
    return None
