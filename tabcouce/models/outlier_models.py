"""Isolation Forest, Local Outlier Factor and PyOD's detectors behind the detector contract.

What is kept of them are the normal rows they were fitted on: fitting again with the same seed gives
the same model, and nothing is pickled.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

from tabcouce.errors import FitError, MissingExtraError
from tabcouce.models.contract import State
from tabcouce.models.detection import CodedDetector, Floats, NormalCode, log_distance

MOST_ROWS = 5_000
"""Normal rows kept, drawn evenly: neighbours of more cost time and change the order little."""
NEIGHBOURS = 20
PYOD = "pyod"
BY_NAME = "Name its module and class, for example pyod:ecod.ECOD or pyod:hbos.HBOS."


@dataclass(frozen=True)
class PyodDetector:
    """A detector of PyOD by its place: 'pyod:<module>.<name>'."""

    module: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError with an example."""
        found = re.fullmatch(rf"{PYOD}:(\w+)\.(\w+)", text)
        if found is None:
            raise ValueError(f"A detector is named {PYOD}:<module>.<Class>. Got {text!r}.")
        return cls(*found.groups())

    @property
    def key(self) -> str:
        """Name in results."""
        return f"{PYOD}:{self.module}.{self.name}"

    @property
    def package(self) -> str:
        return PYOD

    def found(self) -> Any:
        """Its class.

        Raises  MissingExtraError where PyOD or a package that the detector needs is not installed,
                FitError where PyOD has no such detector
        """
        unknown = FitError(f"PyOD has no detector '{self.module}.{self.name}'.", remedy=BY_NAME)
        try:
            importlib.import_module(PYOD)
            return getattr(importlib.import_module(f"{PYOD}.models.{self.module}"), self.name)
        except AttributeError as error:
            raise unknown from error
        except ModuleNotFoundError as error:
            missing = error.name or PYOD
            if missing == PYOD:
                raise MissingExtraError(
                    f"The detector '{self.key}' needs PyOD.",
                    remedy="Install it with: pip install 'tabcouce[pyod]'",
                ) from error
            if missing.startswith(f"{PYOD}."):
                raise unknown from error
            raise MissingExtraError(
                f"The detector '{self.key}' needs the package '{missing}', which is not installed.",
                remedy="Install that package, or leave the detector out.",
            ) from error

    def check(self, tasks: set[str]) -> None:
        """Raises FitError where nothing is watched, and what `found` raises."""
        self.found()
        if "anomaly" not in tasks:
            raise FitError(
                f"'{self.key}' is a detector, and no target here has the task 'anomaly'.",
                remedy="Leave it out, or add --task anomaly.",
            )


class OutlierModel(CodedDetector):
    """One of scikit-learn's outlier detectors, or of PyOD's where `kind` is 'pyod:<module>.<Class>'.

    kind  'isolation_forest', 'lof', or e.g. 'pyod:ecod.ECOD' (needs the extra 'pyod')
    """

    def __init__(self, kind: str = "isolation_forest", seed: int = 0) -> None:
        self.kind = kind
        self.seed = seed

    def _learn(self, z: Floats) -> None:
        if len(z) > MOST_ROWS:
            z = z[np.sort(np.random.default_rng(self.seed).choice(len(z), MOST_ROWS, replace=False))]
        self.rows_ = z
        self.model_ = made(self.kind, self.seed, len(z)).fit(z)

    def _distance(self, z: Floats) -> Floats:
        if self.kind == "isolation_forest":
            # score_samples is -2^(-depth / c): its log is linear in the mean depth.
            return np.log(-self.model_.score_samples(z))
        if self.kind == "lof":
            return log_distance(np.square(self.model_.score_samples(z)))
        return np.asarray(self.model_.decision_function(z), float)

    def state(self) -> State:
        settings = {
            "kind": self.kind,
            "seed": self.seed,
            "code": self.code_.settings(),
            "columns": self.columns_,
        }
        return State(settings, {"rows": self.rows_})

    @classmethod
    def from_state(cls, state: State) -> Self:
        model = cls(state.settings["kind"], state.settings["seed"])
        model.code_ = NormalCode.from_settings(state.settings["code"])
        model.columns_ = state.settings["columns"]
        model._learn(state.arrays["rows"])
        return model


def made(kind: str, seed: int, rows: int) -> Any:
    """An unfitted detector of scikit-learn, or of PyOD.

    Raises  MissingExtraError, FitError as `PyodDetector.found`; ValueError for an unknown kind
    """
    if kind == "isolation_forest":
        return IsolationForest(n_estimators=100, random_state=seed)
    if kind == "lof":
        return LocalOutlierFactor(n_neighbors=min(NEIGHBOURS, rows - 1), novelty=True)
    return PyodDetector.parse(kind).found()()
