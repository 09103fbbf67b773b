"""The finished folds of a study on disk, so that a kill loses at most the folds at work."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from tabcouce.errors import BundleError, Place
from tabcouce.evaluation import Executor
from tabcouce.evaluation.executor import Progress
from tabcouce.evaluation.fold_job import FoldFit, Job
from tabcouce.roles.dataset import Dataset
from tabcouce.study.effort import Effort
from tabcouce.study.object_file import ObjectFileError, dump_object, load_object

FACTS = "journal.json"


@dataclass(frozen=True)
class Journal:
    """A folder beside the outputs; it is removed when they are complete.

    resume  go on from what is there; otherwise it is begun anew
    """

    folder: Path
    resume: bool = False

    def open(self, facts: Mapping[str, str]) -> None:
        """Find the journal of an earlier run, or begin one.

        facts  what the folds depend on; see `facts_of`
        Raises  BundleError where there is nothing to go on from, or it belongs to another study
        """
        if self.resume:
            self._check(facts)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _check(self, facts: Mapping[str, str]) -> None:
        place = Place(file=str(self.folder.parent))
        try:
            kept = json.loads((self.folder / FACTS).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise BundleError(
                "There is no unfinished study here to go on from.",
                place=place,
                remedy="Run 'tabcouce fit' without --resume, or give the folder of that study with --out.",
            ) from error
        other = [name for name in facts if kept.get(name) != facts[name]]
        if other:
            raise BundleError(
                f"The unfinished study has other {', '.join(other)}.",
                place=place,
                remedy="Give the same data and options as before, or run without --resume to begin anew.",
            )

    def executor(self, inner: Executor, target: int, facts: Mapping[str, str]) -> Executor:
        """Does what no earlier run has done, and keeps it."""
        return JournalExecutor(inner, self.folder / str(target), facts)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class JournalExecutor:
    """Looks a job up before it is done; one file per job. Nothing is written before one is finished."""

    inner: Executor
    folder: Path
    facts: Mapping[str, str]

    def run(self, jobs: Sequence[Job], dataset: Dataset, say: Progress) -> Iterator[tuple[FoldFit, ...]]:
        known = [self._kept(job) for job in jobs]
        open_jobs = [job for job, fits in zip(jobs, known, strict=True) if fits is None]
        fresh = self.inner.run(open_jobs, dataset, say)
        for job, fits in zip(jobs, known, strict=True):
            if fits is None:
                fits = next(fresh)
                self._keep(job, fits)
            yield fits

    def _keep(self, job: Job, fits: tuple[FoldFit, ...]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        facts = self.folder.parent / FACTS
        if not facts.exists():
            write_whole(facts, json.dumps(dict(self.facts), indent=1).encode())
        write_whole(self._path(job), dump_object(fits))

    def _path(self, job: Job) -> Path:
        return self.folder / hashlib.sha256(f"{job.model}, {job.part}".encode()).hexdigest()[:20]

    def _kept(self, job: Job) -> tuple[FoldFit, ...] | None:
        """The fits of a finished job; None where there are none or the file is damaged."""
        path = self._path(job)
        try:
            return load_object(path.read_bytes()) if path.exists() else None
        except ObjectFileError:
            return None


def facts_of(
    datasets: Sequence[Dataset], effort: Effort, seed: int, device: str, versions: Mapping[str, str]
) -> dict[str, str]:
    """What must be the same for a fold to be the same, by a word for messages."""
    return {
        "data": digest(*(part for dataset in datasets for part in dataset_parts(dataset))),
        "roles": digest(*(repr(dataset.roles).encode() for dataset in datasets)),
        "effort": digest(repr(asdict(effort)).encode()),
        "seed": str(seed),
        "device": device,
        "versions": ", ".join(f"{name} {number}" for name, number in sorted(versions.items())),
    }


def dataset_parts(dataset: Dataset) -> Iterator[bytes]:
    """Names and values of everything that folds and models see."""
    for frame in (dataset.X, dataset.contexts):
        yield repr(list(frame.columns)).encode()
        yield pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()
    yield repr((dataset.target, dataset.task, dataset.classes)).encode()
    for values in (dataset.y, dataset.group, dataset.order, dataset.censored):
        yield b"" if values is None else values.tobytes()


def digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """A kill leaves the file whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(path)
