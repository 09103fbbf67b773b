"""A file of trained weights on the user's disk: what runs it, for which task, and that it is the same."""

from __future__ import annotations

import hashlib
import os
import pickletools
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, Self

import numpy as np

from tabcouce.errors import BundleError, FitError, Place, ReadError
from tabcouce.models.estimator import ModelTask
from tabcouce.models.outside_model import required

TABICL = "tabicl"
FOLDER = "TABCOUCE_CHECKPOINTS"
"""Environment variable: the folder of the checkpoints where they are not where they were."""
HARMLESS = frozenset(
    {"collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"}
    | {f"torch {kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Int", "Long", "Bool")}
    | {f"torch {name}" for name in ("Size", "device", "float32", "float16", "bfloat16")}
)
"""What the record of a file of weights names: containers, arrays and their kinds."""
BRING = "Give the path of a checkpoint of TabICL that lies on this computer; nothing is downloaded."


@dataclass(frozen=True)
class Checkpoint:
    """Weights of an in-context network, as they were when the user named them.

    library  package that runs them, extra and model key
    path     where the file was; not repeated in any report
    sha256   of its content
    classes  how many classes it tells apart; 0: it predicts a number
    """

    library: str
    path: str
    sha256: str
    classes: int

    @classmethod
    def read(cls, path: Path) -> Self:
        """Look at the file and let the package open it once.

        Raises  ReadError for a file that is not there or holds no weights of TabICL, MissingExtraError
        """
        sha256 = weights_only(path)
        tabicl = required(TABICL)
        network = tabicl.TabICLRegressor(
            n_estimators=1, model_path=path, allow_auto_download=False, device="cpu"
        )
        try:
            network.fit(np.arange(8.0).reshape(4, 2), np.arange(4.0))
        except (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ReadError(
                f"The installed version of TabICL cannot open it ({type(error).__name__}).",
                place=Place(file=str(path)),
                remedy=BRING,
            ) from error
        return cls(TABICL, str(path.resolve()), sha256, int(network.model_.max_classes))

    @property
    def key(self) -> str:
        """Name in results."""
        return self.library

    @property
    def package(self) -> str:
        return self.library

    @property
    def task(self) -> ModelTask:
        return "classification" if self.classes else "regression"

    def check(self, tasks: set[str]) -> None:
        """Raises FitError where no target has the checkpoint's task."""
        numbers = tasks & {"regression"}
        if not (tasks - numbers if self.classes else numbers):
            raise wrong_task(self)

    def found(self) -> Path:
        """Where the file lies now, proved to be the same.

        Raises  BundleError where it is gone or another
        """
        name = PureWindowsPath(self.path).name  # splits at both kinds of slash
        folder = os.environ.get(FOLDER)
        path = Path(self.path) if folder is None else Path(folder) / name
        remedy = (
            f"Bring '{name}' of sha256 {self.sha256[:16]}... back to that place, or name the folder it "
            f"lies in with the environment variable {FOLDER}."
        )
        if not path.is_file():
            raise BundleError(
                "This study predicts with a checkpoint that is no longer there.",
                place=Place(file=str(path)),
                remedy=remedy,
            )
        if weights_only(path) != self.sha256:
            raise BundleError(
                "This is not the checkpoint that the study was fitted with.",
                place=Place(file=str(path)),
                remedy=remedy,
            )
        return path

    def settings(self) -> dict[str, Any]:
        return asdict(self)


def wrong_task(checkpoint: Checkpoint) -> FitError:
    """That a classifier's weights were given for a number, or a regressor's for classes."""
    own, other = ("classes", "a number") if checkpoint.classes else ("a number", "classes")
    kind = "regressor" if checkpoint.classes else "classifier"
    return FitError(
        f"The checkpoint '{PureWindowsPath(checkpoint.path).name}' predicts {own}, the target holds {other}.",
        remedy=f"Give TabICL's {kind} instead, or leave it out.",
    )


def weights_only(path: Path) -> str:
    """The sha256 of a file that torch saved and that names nothing but arrays and containers.

    TabICL opens it with `weights_only`; that the record asks for no code is seen here before, so that
    it does not rest on another package's argument.
    Raises  ReadError
    """
    place = Place(file=str(path))
    if not path.is_file():
        raise ReadError("There is no such file.", place=place, remedy=BRING)
    if not zipfile.is_zipfile(path):
        raise ReadError("This is no file of weights that torch saved.", place=place, remedy=BRING)
    with zipfile.ZipFile(path) as archive:
        records = [name for name in archive.namelist() if name.endswith("data.pkl")]
        named = {ask for record in records for ask in asked_for(archive.read(record))}
    if len(records) != 1:
        raise ReadError("This is no file of weights that torch saved.", place=place, remedy=BRING)
    if not named <= HARMLESS:
        raise ReadError(
            f"It asks for more than weights: {', '.join(sorted(named - HARMLESS))}. It was not opened.",
            place=place,
            remedy=BRING,
        )
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def asked_for(record: bytes) -> set[str]:
    """'module name' of everything that a record would have imported; nothing is executed here."""
    found = set()
    for code, argument, _ in pickletools.genops(record):
        if code.name == "GLOBAL":
            found.add(str(argument))
        elif code.name in ("STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"):
            found.add(f"{code.name} {argument or ''}".strip())  # a name that is only made while it runs
    return found
