"""Candidates over the folds of every split: one finished trial after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from tabcouce.evaluation.candidates import Candidate
from tabcouce.evaluation.executor import Executor, LocalExecutor, Progress
from tabcouce.evaluation.fold_job import FoldFit, FoldJob, Job, OneClassModel, PackedJob, PackedModel
from tabcouce.evaluation.trial import Trial
from tabcouce.models.calibration import Estimator
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split, SplitPlan

Floats = npt.NDArray[np.float64]
ONE_CLASS = "one-class-fold"


def run_trials(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    plan: SplitPlan,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[Trial]:
    """Every candidate on every split, headline split first; yields a trial when it is finished.

    So an interruption keeps all trials that came before it.

    executor  where the folds are trained; None trains them here
    """
    splits = sorted(plan.splits, key=lambda split: split.key != plan.headline)
    jobs = [job for candidate in candidates for job in jobs_of(candidate, dataset, splits)]
    # The matrices of a fit are small: BLAS threads that wait for each other cost it 10 x on a busy
    # machine, and a result that depends on their number could not be repeated.
    with threadpool_limits(limits=1, user_api="blas"):
        done = (executor or LocalExecutor()).run(jobs, dataset, progress or _silent)
        fits = chain.from_iterable(done)
        for candidate in candidates:
            for split in splits:
                own = list(islice(fits, len(split.folds)))
                for known in modes(candidate, dataset, split):
                    yield _trial(candidate, dataset, split, own, known)


def jobs_of(candidate: Candidate, dataset: Dataset, splits: Sequence[Split]) -> list[Job]:
    """One job per fold in the order of the splits; a single one for a packed model."""
    if isinstance(candidate.make(), PackedModel):
        folds = tuple(fold.train for split in splits for fold in split.folds)
        held_out = tuple(held_out_column(dataset, split) for split in splits for _ in split.folds)
        part = f"{len(folds)} folds of {len(splits)} splits in one run"
        return [PackedJob(candidate.key, part, candidate.make, folds, held_out)]
    jobs: list[Job] = []
    for split in splits:
        # Shuffled rows meet their contexts again: a model that only tunes on held-out
        # contexts must then tune on held-out rows, or it is judged at another job.
        told = candidate.uses_context or split.key != "shuffled"
        contexts = contexts_for(dataset, split) if told else None
        columns = None if contexts is None else tuple(contexts.columns)
        for number, fold in enumerate(split.folds, start=1):
            part = f"{split.key}, fold {number} of {len(split.folds)}"
            jobs.append(FoldJob(candidate.key, part, candidate.make, fold.train, columns))
    return jobs


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


def run_trial(candidate: Candidate, dataset: Dataset, split: Split, *, known: bool) -> Trial:
    """Fit on the training rows of each fold and predict its test rows.

    known  give the contexts of the test rows to the model
    """
    with threadpool_limits(limits=1, user_api="blas"):
        done = LocalExecutor().run(jobs_of(candidate, dataset, [split]), dataset, _silent)
        return _trial(candidate, dataset, split, list(chain.from_iterable(done)), known)


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


def _silent(_: str) -> None:
    return None
