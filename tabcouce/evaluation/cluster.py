"""The folds of a study on a Dask cluster that is already running (extra 'cluster')."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from tabcouce.errors import FitError, MissingExtraError
from tabcouce.evaluation.executor import Executor, Progress
from tabcouce.evaluation.fold_job import FoldFit, Job
from tabcouce.roles.dataset import Dataset

PACKAGES = ("tabcouce", "numpy", "pandas", "scikit-learn", "lightgbm", "torch")
"""Their versions decide the digits of a result."""
ANSWER_SECONDS = 10


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor that trains on the workers behind a scheduler, e.g. tcp://10.0.0.5:8786.

    Raises  MissingExtraError without distributed; FitError where no scheduler answers, it has no
            workers, or a worker has other versions
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError(
            "--cluster needs the package distributed, which is not installed.",
            remedy="Install it here and on the workers with: pip install 'tabcouce[cluster]'",
        ) from None
    try:
        client = Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FitError(
            f"No Dask scheduler answers at {address}.",
            remedy="Start one with 'dask scheduler', give its address as tcp://host:8786, or leave "
            "--cluster out to train on this computer.",
        ) from error
    with client:
        _check_workers(client, address)
        yield ClusterExecutor(client, address)


@dataclass(frozen=True)
class ClusterExecutor:
    """Jobs as tasks of a Dask scheduler; the data are sent once.

    A task of a worker that dies is done again by another one. Models come back over the
    connection of the cluster, which the user trusts with the data too.
    """

    client: Any
    address: str

    def run(self, jobs: Sequence[Job], dataset: Dataset, say: Progress) -> Iterator[tuple[FoldFit, ...]]:
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        tasks: list[Any] = []
        try:
            # On every worker: a copy is left where one of them dies.
            data = self.client.scatter(dataset, broadcast=True, hash=False)
            tasks = [self.client.submit(fit_on_worker, job, data, pure=False) for job in jobs]
            for number, job in enumerate(jobs):
                fits = tasks[number].result()
                tasks[number] = None  # the cluster need not keep the models
                say(f"{job.model}, {job.part}")
                yield fits
        except KilledWorker as error:
            raise FitError(
                f"A worker of the cluster died several times over the same model ({error.task}).",
                remedy="Give the workers more memory or let each do one task at a time (--nthreads 1); "
                "'fit --resume' goes on from what is finished.",
            ) from error
        except (CancelledError, CommClosedError, TimeoutError) as error:
            raise FitError(
                f"The connection to the cluster at {self.address} was lost.",
                remedy="See whether its scheduler still runs; 'fit --resume' goes on from what is finished.",
            ) from error
        finally:
            self.client.cancel([task for task in tasks if task is not None])


def fit_on_worker(job: Job, dataset: Dataset) -> tuple[FoldFit, ...]:
    """As here: BLAS of one thread, and no tasks of the cluster inside a task."""
    from joblib import parallel_config
    from threadpoolctl import threadpool_limits

    with parallel_config(backend="threading"), threadpool_limits(limits=1, user_api="blas"):
        return job.fit(dataset)


def _versions() -> dict[str, str]:
    return {package: version(package) for package in PACKAGES}


def _check_workers(client: Any, address: str) -> None:
    found = client.run(_versions)
    if not found:
        raise FitError(
            f"The scheduler at {address} has no workers.",
            remedy=f"Start some with 'dask worker {address} --nthreads 1'.",
        )
    own = _versions()
    for worker, theirs in sorted(found.items()):
        other = [f"{p} {theirs[p]} instead of {own[p]}" for p in PACKAGES if theirs[p] != own[p]]
        if other:
            raise FitError(
                f"The worker {worker} has other versions: {', '.join(other)}.",
                remedy="Install the same versions on all computers: the results would differ.",
            )
