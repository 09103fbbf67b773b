"""What `fit --with` may name, told apart once: a library, a checkpoint on disk, a detector of PyOD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import packages_distributions, version
from pathlib import Path

from tabcouce.errors import FitError
from tabcouce.models.checkpoint import TABICL, Checkpoint
from tabcouce.models.outlier_models import PYOD, PyodDetector
from tabcouce.models.outside_model import LIBRARIES, BoostingLibrary

Further = BoostingLibrary | Checkpoint | PyodDetector


def further(text: str) -> Further:
    """Raises ValueError with what may be named, and for a checkpoint what `Checkpoint.read` raises."""
    kind, _, rest = text.partition(":")
    if text in LIBRARIES:
        return BoostingLibrary(text)
    if kind == TABICL and rest:
        return Checkpoint.read(Path(rest))
    if kind == PYOD:
        return PyodDetector.parse(text)
    names = ", ".join(LIBRARIES)
    raise ValueError(f"'{text}' is not one of {names}, {TABICL}:<checkpoint file>, {PYOD}:<module>.<Class>.")


def check_further(also: Sequence[Further], tasks: set[str]) -> None:
    """Say at once that a further model cannot be had, not after the other models have been trained.

    tasks  of the targets
    Raises  MissingExtraError, FitError with the remedy
    """
    for one in also:
        one.check(tasks)
    of_task = Counter(one.task for one in also if isinstance(one, Checkpoint))
    if max(of_task.values(), default=0) > 1:
        raise FitError(
            "Two checkpoints are given for the same task.", remedy="Give one for numbers and one for classes."
        )


def further_versions(also: Sequence[Further]) -> dict[str, str]:
    """Package -> its version; of a checkpoint the checksum too, but not where it lies."""
    # The package 'xgboost' may come from the distribution 'xgboost-cpu'.
    owners = packages_distributions()
    found = {one.package: version(owners[one.package][0]) for one in also}
    checkpoints = [one for one in also if isinstance(one, Checkpoint)]
    return found | {f"{one.key} {one.task}": f"sha256 {one.sha256[:16]}" for one in checkpoints}
