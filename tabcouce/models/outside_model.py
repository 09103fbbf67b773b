"""Boosting libraries the user has installed, as further members of the panel: one adapter for all."""

from __future__ import annotations

import importlib
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import MissingExtraError
from tabcouce.models.contract import State
from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    TargetRange,
    checked_target,
    plain,
    restored_prior,
    task_classes,
)
from tabcouce.models.inner_split import InnerFold, enough_folds, inner_folds

Floats = npt.NDArray[np.float64]
MOST_ROUNDS = 1000
LEAST_ROUNDS = 20
PATIENCE = 50


class Library(Protocol):
    """What the adapter asks of a library; every entry is stateless.

    classes  0 for a number, else how many classes
    """

    def grow(
        self, codes: Floats, label: Floats, classes: int, rounds: int, seed: int, held: InnerFold | None
    ) -> tuple[Any, int]:
        """Trees on the rows of `held.train`, stopped early by `held.test` (None: all rows, no stop).

        Returns  the library's own model, and the rounds of least held-out loss
        """
        ...

    def estimate(self, model: Any, codes: Floats, classes: int, rounds: int) -> Floats:
        """(n,) value or (n, k) probabilities by the first `rounds` rounds."""
        ...

    def contributions(self, model: Any, codes: Floats, rounds: int) -> Floats:
        """(n, p + 1), or (n, k, p + 1) for more than two classes: exact SHAP of the raw score, base last."""
        ...

    def dump(self, model: Any) -> bytes:
        """The library's own exact format."""
        ...

    def load(self, content: bytes) -> Any: ...


class XGBoost:
    """Chen and Guestrin, KDD 2016; rate and sampling of pytabkit's tuned defaults, depth 6."""

    def grow(
        self, codes: Floats, label: Floats, classes: int, rounds: int, seed: int, held: InnerFold | None
    ) -> tuple[Any, int]:
        xgboost = required("xgboost")
        objective = (
            {"objective": "reg:squarederror"}
            if classes == 0
            else {"objective": "binary:logistic"}
            if classes == 2
            else {"objective": "multi:softprob", "num_class": classes}
        )
        settings = {
            **objective,
            "eta": 0.05,
            "max_depth": 6,
            "min_child_weight": 1,
            "subsample": 0.7,
            "lambda": 1.0,
            "tree_method": "hist",
            "nthread": 1,
            "seed": seed,
            "verbosity": 0,
        }
        train = np.arange(len(label)) if held is None else held.train
        data = xgboost.DMatrix(codes[train], label[train])
        if held is None:
            return xgboost.train(settings, data, rounds), rounds
        test = xgboost.DMatrix(codes[held.test], label[held.test])
        model = xgboost.train(
            settings,
            data,
            rounds,
            evals=[(test, "held_out")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        return model, int(model.best_iteration) + 1

    def estimate(self, model: Any, codes: Floats, classes: int, rounds: int) -> Floats:
        data = required("xgboost").DMatrix(codes)
        told = np.asarray(model.predict(data, iteration_range=(0, rounds)), dtype=float)
        return np.column_stack([1 - told, told]) if classes == 2 else told

    def contributions(self, model: Any, codes: Floats, rounds: int) -> Floats:
        data = required("xgboost").DMatrix(codes)
        return np.asarray(model.predict(data, pred_contribs=True, iteration_range=(0, rounds)), dtype=float)

    def dump(self, model: Any) -> bytes:
        return bytes(model.save_raw("ubj"))

    def load(self, content: bytes) -> Any:
        model = required("xgboost").Booster()
        model.load_model(bytearray(content))
        return model


class CatBoost:
    """Prokhorenkova et al., NeurIPS 2018; pytabkit's tuned defaults but for the depth of 6."""

    def grow(
        self, codes: Floats, label: Floats, classes: int, rounds: int, seed: int, held: InnerFold | None
    ) -> tuple[Any, int]:
        catboost = required("catboost")
        loss = "RMSE" if classes == 0 else "Logloss" if classes == 2 else "MultiClass"
        model = catboost.CatBoost(
            {
                "loss_function": loss,
                "iterations": rounds,
                "learning_rate": 0.08,
                "depth": 6,
                "boosting_type": "Plain",
                "bootstrap_type": "Bernoulli",
                "subsample": 0.9,
                "thread_count": 1,
                "random_seed": seed,
                "allow_writing_files": False,
                "verbose": False,
            }
        )
        train = np.arange(len(label)) if held is None else held.train
        data = catboost.Pool(codes[train], label[train])
        if held is None:
            return model.fit(data), rounds
        test = catboost.Pool(codes[held.test], label[held.test])
        model.fit(data, eval_set=test, early_stopping_rounds=PATIENCE, use_best_model=False)
        return model, int(model.get_best_iteration()) + 1

    def estimate(self, model: Any, codes: Floats, classes: int, rounds: int) -> Floats:
        kind = "RawFormulaVal" if classes == 0 else "Probability"
        return np.asarray(model.predict(codes, prediction_type=kind, ntree_end=rounds), dtype=float)

    def contributions(self, model: Any, codes: Floats, rounds: int) -> Floats:
        data = required("catboost").Pool(codes)
        return np.asarray(model.get_feature_importance(data, type="ShapValues"), dtype=float)

    def dump(self, model: Any) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.cbm"
            model.save_model(str(path), format="cbm")
            return path.read_bytes()

    def load(self, content: bytes) -> Any:
        return required("catboost").CatBoost().load_model(blob=content)


LIBRARIES: dict[str, Library] = {"xgboost": XGBoost(), "catboost": CatBoost()}
"""Name of the package, the extra and the model key -> how it is asked."""


@dataclass(frozen=True)
class BoostingLibrary:
    """One of `LIBRARIES` by its name."""

    key: str

    @property
    def package(self) -> str:
        return self.key

    def check(self, tasks: set[str]) -> None:
        """Raises MissingExtraError; the trees serve every task."""
        required(self.key)


def required(name: str) -> ModuleType:
    """Raises MissingExtraError with the extra to install."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"'{name}' is asked for as a further model, but it is not installed.",
            remedy=f"Run: pip install 'tabcouce[{name}]'",
        ) from error


@dataclass(frozen=True, eq=False)
class Trees:
    """A library's fitted model in its own exact format, which a journal can hold and a cluster send."""

    library: str
    content: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, library: str, model: Any) -> Self:
        return cls(library, np.frombuffer(LIBRARIES[library].dump(model), np.uint8))


@lru_cache(maxsize=32)
def loaded(trees: Trees) -> Any:
    """The library's own model; those in use are kept, for they are asked thousands of times."""
    return LIBRARIES[trees.library].load(trees.content.tobytes())


class OutsideModel(PanelEstimator):
    """Another library's boosted trees under the contract of the panel.

    Rounds are those of least held-out loss, the mean over inner folds that hold out levels of the
    context (rows without one), as for LightGBM. Context columns are no inputs. A level code is a rank
    by frequency, a blank and an unseen level are missing.

    library  key of `LIBRARIES`
    rounds_  chosen number; trees_ on all rows
    scale_   middle and spread of the target, which single precision is spared
    """

    def __init__(self, library: str, task: ModelTask = "regression", seed: int = 0) -> None:
        self.library = library
        self.task = task
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        """Raises MissingExtraError where the library is not installed."""
        ask = LIBRARIES[self.library]
        target = checked_target(X, y, self.task)
        self.classes_ = task_classes(target, self.task)
        k = len(self.classes_)
        self.range_ = TargetRange.of(target)
        self.matrix_ = DesignMatrix.of(X)
        self.scale_ = (0.0, 1.0) if k else (float(target.mean()), float(target.std()) or 1.0)
        label = np.searchsorted(self.classes_, target).astype(float) if k else self._scaled(target)
        codes = self.matrix_.codes(X)
        folds = inner_folds(label, context, folds=4, classes=k > 0, seed=self.seed)
        if context is None:
            folds = enough_folds(folds, len(label))
        left_out = np.full((len(label), k) if k else len(label), np.nan)
        found = []
        for fold in folds:
            if k and len(np.unique(label[fold.train])) < k:
                continue  # a class that none of the training rows has
            model, rounds = ask.grow(codes, label, k, MOST_ROUNDS, self.seed, fold)
            found.append(rounds)
            left_out[fold.test] = ask.estimate(model, codes[fold.test], k, rounds)
        self.rounds_ = max(LEAST_ROUNDS, round(float(np.mean(found)))) if found else LEAST_ROUNDS
        whole, _ = ask.grow(codes, label, k, self.rounds_, self.seed, None)
        self.trees_ = Trees.of(self.library, whole)
        self._keep_left_out(target, context, self._bounded(left_out))
        return self

    def _scaled(self, target: Floats) -> Floats:
        middle, spread = self.scale_
        return (target - middle) / spread

    def _bounded(self, told: Floats) -> Floats:
        """Values in the target's unit, within its range; probabilities as they are."""
        if len(self.classes_):
            return told
        middle, spread = self.scale_
        return self.range_(told * spread + middle)

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        k = len(self.classes_)
        if len(X) == 0:
            return np.zeros((0, k) if k else 0)
        ask = LIBRARIES[self.library]
        told = ask.estimate(loaded(self.trees_), self.matrix_.codes(X), k, self.rounds_)
        return self._bounded(told)

    def contributions(self, X: pd.DataFrame) -> Floats:
        """(n, p + 1), or (n, k, p + 1) for more than two classes: exact SHAP values, base last."""
        codes = self.matrix_.codes(X)
        parts = LIBRARIES[self.library].contributions(loaded(self.trees_), codes, self.rounds_)
        middle, spread = self.scale_
        parts = parts * spread
        parts[..., -1] += middle
        return parts

    def state(self) -> State:
        settings = {
            "library": self.library,
            "task": self.task,
            "seed": self.seed,
            "classes": plain(self.classes_),
            "range": [self.range_.lower, self.range_.upper],
            "matrix": self.matrix_.settings(),
            "scale": list(self.scale_),
            "rounds": self.rounds_,
            "shots": self.shot_prior_.settings(),
        }
        return State(settings, {"model": self.trees_.content})

    @classmethod
    def from_state(cls, state: State) -> Self:
        settings = state.settings
        model = cls(settings["library"], settings["task"], settings["seed"])
        model.classes_ = np.array(settings["classes"], dtype=float)
        model.range_ = TargetRange(*settings["range"])
        model.matrix_ = DesignMatrix.from_settings(settings["matrix"])
        middle, spread = settings["scale"]
        model.scale_ = (middle, spread)
        model.rounds_ = settings["rounds"]
        model.shot_prior_ = restored_prior(state)
        model.trees_ = Trees(model.library, np.asarray(state.arrays["model"]))
        return model
