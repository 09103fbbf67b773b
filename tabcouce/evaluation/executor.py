"""Where the folds of a study are trained: here, side by side, or on a cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from joblib import Parallel, delayed

from tabcouce.evaluation.fold_job import FoldFit, Job, PackedJob
from tabcouce.models.boosted_trees import THREADED_CELLS
from tabcouce.roles.dataset import Dataset

Progress = Callable[[str], None]


class Executor(Protocol):
    """Does jobs; the numbers do not depend on where or in which order."""

    def run(self, jobs: Sequence[Job], dataset: Dataset, say: Progress) -> Iterator[tuple[FoldFit, ...]]:
        """The fits of each job, in the order of the jobs; `say` hears 'model, part'."""
        ...


@dataclass(frozen=True)
class LocalExecutor:
    """Threads of this process: the models' own code leaves the interpreter free while it works.

    Models of small tables use one thread each, so folds run side by side; models of large ones,
    and packed ones, use all threads themselves, and two of them at once would wait for each other.

    at_once  folds of a small table that are trained at the same time
    """

    at_once: int = 2

    def run(self, jobs: Sequence[Job], dataset: Dataset, say: Progress) -> Iterator[tuple[FoldFit, ...]]:
        def fit(job: Job) -> tuple[FoldFit, ...]:
            say(f"{job.model}, {job.part}")
            return job.fit(dataset)

        small = dataset.X.size < THREADED_CELLS
        # Model by model: an error or Ctrl-C in one must not take the finished ones along.
        for _, group in groupby(jobs, key=lambda job: job.model):
            own = list(group)
            alone = not small or any(isinstance(job, PackedJob) for job in own)
            at_once = 1 if alone else self.at_once
            pool = Parallel(at_once, prefer="threads", batch_size=1, return_as="generator")
            results = pool(delayed(fit)(job) for job in own)
            try:
                for fits in results:  # noqa: UP028 - closed below
                    yield fits
            finally:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # that Ctrl-C cancels is no news
                    results.close()
