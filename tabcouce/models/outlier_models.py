"""Isolation Forest, Local Outlier Factor and PyOD's detectors behind the detector contract.

What is kept of them are the normal rows they were fitted on: fitting again with the same seed gives
the same model, and nothing is pickled.
"""

from __future__ import annotations

import importlib
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
PYOD = "pyod:"
"""What a detector of PyOD begins with; its module and class follow."""


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
    """An unfitted detector.

    Raises  MissingExtraError, FitError as `pyod_detector`; ValueError for an unknown kind
    """
    if kind == "isolation_forest":
        return IsolationForest(n_estimators=100, random_state=seed)
    if kind == "lof":
        return LocalOutlierFactor(n_neighbors=min(NEIGHBOURS, rows - 1), novelty=True)
    if not kind.startswith(PYOD):
        raise ValueError(f"kind must be 'isolation_forest', 'lof' or 'pyod:<module>.<Class>'. Got {kind!r}.")
    return pyod_detector(kind)()


def pyod_detector(kind: str) -> Any:
    """The class that 'pyod:<module>.<Class>' names.

    Raises  MissingExtraError where PyOD is not installed, FitError where it has no such detector
    """
    module, _, name = kind.removeprefix(PYOD).partition(".")
    try:
        importlib.import_module("pyod")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"The detector '{kind}' needs PyOD.", remedy="Install it with: pip install 'tabcouce[pyod]'"
        ) from error
    try:
        return getattr(importlib.import_module(f"pyod.models.{module}"), name)
    except (ModuleNotFoundError, AttributeError, ValueError) as error:
        raise FitError(
            f"PyOD has no detector '{kind.removeprefix(PYOD)}'.",
            remedy="Name its module and class, for example pyod:ecod.ECOD or pyod:hbos.HBOS.",
        ) from error
