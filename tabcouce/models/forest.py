"""Random forest, stored as treelite bytes: exact, with blanks, and no pickle."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import treelite
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from tabcouce.models.contract import State
from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    checked_target,
    plain,
    restored_prior,
    task_classes,
)
from tabcouce.models.inner_split import INNER_FOLDS, enough_folds, inner_folds

LARGE = 3000
WIDE = 100
ROWS_PER_TREE = 10_000
TREES_WHEN_LARGE = 100
FEWEST_TREES = 30
FLOAT32 = 3e38
"""scikit-learn's trees read single precision and refuse what becomes infinite in it."""

Floats = npt.NDArray[np.float64]


def unit_of(target: Floats) -> float:
    """The power of two next to the target's spread; exact, so that no split changes.

    scikit-learn makes a leaf of rows whose variance is below 2e-16: a film thickness in metres
    would never be split.
    """
    spread = float(np.std(target))
    return float(2.0 ** np.round(np.log2(spread))) if spread > 0 else 1.0


class ForestModel(PanelEstimator):
    """scikit-learn's random forest; blanks take the side that training rows with a blank took.

    Half of the columns are tried at a node for a number (0.3 of more than 100), the square root
    for classes. From 3,000 rows on, 100 trees with 5 rows a leaf and at most 10,000 drawn rows a
    tree bound time and memory; below that `trees` trees, 1 row a leaf (2 for classes).
    A level code is a rank by frequency; an unseen level counts as blank.

    forest_  the fitted scikit-learn forest; None in a restored model
    unit_    the forest predicts the target in this unit, a power of two
    """

    def __init__(
        self, task: ModelTask = "regression", trees: int = 300, threads: int = 2, seed: int = 0
    ) -> None:
        self.task = task
        self.trees = trees
        self.threads = threads
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        target = checked_target(X, y, self.task)
        self.classes_ = task_classes(target, self.task)
        self.matrix_ = DesignMatrix.of(X)
        large = len(target) > LARGE
        trees = min(self.trees, TREES_WHEN_LARGE) if large else self.trees
        drawn = ROWS_PER_TREE if len(target) > ROWS_PER_TREE else None
        if self.task == "regression":
            self.forest_ = RandomForestRegressor(
                n_estimators=trees,
                max_features=0.5 if X.shape[1] <= WIDE else 0.3,
                min_samples_leaf=5 if large else 1,
                max_samples=drawn,
                n_jobs=self.threads,
                random_state=self.seed,
            )
        else:
            self.forest_ = RandomForestClassifier(
                n_estimators=trees,
                max_features="sqrt",
                min_samples_leaf=5 if large else 2,
                max_samples=drawn,
                n_jobs=self.threads,
                random_state=self.seed,
            )
        self.unit_ = unit_of(target) if self.task == "regression" else 1.0
        codes = self.codes(X)
        self.forest_.fit(codes, target / self.unit_)
        # Threads add the trees up in the order they finish: the last digit would vary by call.
        self.forest_.set_params(n_jobs=1)
        self._keep_left_out(target, context, self._left_out(codes, target, context))
        return self

    def _left_out(
        self, codes: npt.NDArray[np.float32], target: Floats, context: pd.DataFrame | None
    ) -> Floats:
        """(n,) or (n, k) left-out predictions by smaller forests; NaN where none was grown.

        A quarter of the trees, at least 30: they cost less than the forest itself.
        """
        k = len(self.classes_)
        out = np.full((len(target), k) if k else len(target), np.nan)
        folds = inner_folds(target, context, folds=INNER_FOLDS, classes=k > 0, seed=self.seed)
        for fold in folds if context is not None else enough_folds(folds, len(target)):
            small = clone(self.forest_)
            trees = max(FEWEST_TREES, self.forest_.n_estimators // 4)
            small.set_params(n_estimators=trees, n_jobs=self.threads)
            if small.max_samples is not None:
                small.set_params(max_samples=min(small.max_samples, len(fold.train)))
            small.fit(codes[fold.train], target[fold.train] / self.unit_)
            small.set_params(n_jobs=1)
            if k:
                out[fold.test] = 0.0
                place = np.searchsorted(self.classes_, small.classes_)
                out[np.ix_(fold.test, place)] = small.predict_proba(codes[fold.test])
            else:
                out[fold.test] = small.predict(codes[fold.test]) * self.unit_
        return out

    def codes(self, X: pd.DataFrame) -> npt.NDArray[np.float32]:
        """(n, p) what the trees read: single precision, NaN where blank or unseen."""
        codes = self.matrix_.codes(X)
        return np.clip(np.where(np.isfinite(codes), codes, np.nan), -FLOAT32, FLOAT32).astype(np.float32)

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        codes = self.codes(X)
        if len(codes) == 0:
            return np.zeros((0, len(self.classes_)) if self.task == "classification" else 0)
        if self.forest_ is None:
            out = treelite.gtil.predict(self.stored_, codes)
            return out[:, 0, :] if self.task == "classification" else out[:, 0, 0] * self.unit_
        if self.task == "classification":
            return self.forest_.predict_proba(codes)
        return self.forest_.predict(codes) * self.unit_

    def state(self) -> State:
        stored = self.stored_ if self.forest_ is None else treelite.sklearn.import_model(self.forest_)
        settings = {
            "task": self.task,
            "trees": self.trees,
            "threads": self.threads,
            "seed": self.seed,
            "classes": plain(self.classes_),
            "unit": self.unit_,
            "shots": self.shot_prior_.settings(),
            "matrix": self.matrix_.settings(),
        }
        return State(settings, blobs={"forest": stored.serialize_bytes()})

    @classmethod
    def from_state(cls, state: State) -> Self:
        settings = state.settings
        model = cls(settings["task"], settings["trees"], settings["threads"], settings["seed"])
        model.classes_ = np.array(settings["classes"], dtype=float)
        model.matrix_ = DesignMatrix.from_settings(settings["matrix"])
        model.unit_ = settings.get("unit", 1.0)
        model.forest_ = None
        model.shot_prior_ = restored_prior(state)
        model.stored_ = treelite.Model.deserialize_bytes(state.blobs["forest"])
        return model
