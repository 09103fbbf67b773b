"""CouceRegressor and CouceClassifier: the CouCE-style encoder as scikit-learn estimators.

After CouCE (arXiv 2606.30365), which has no public code: proxies as host loss, additive context
atoms with an explicit backdoor sum, randomised interventions with symmetric KL. Inspired by it,
not a reproduction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tabcouce.encoder.backdoor import ContextLevels
from tabcouce.encoder.blind_network import BlindNetwork
from tabcouce.encoder.column_code import ColumnCode
from tabcouce.encoder.fitted_view import FittedView
from tabcouce.encoder.inner_selection import InnerTrial
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.members import FoldRows, Variant, thinned
from tabcouce.encoder.packed_run import FittedFold, Plan, fit_views
from tabcouce.encoder.recipe import Recipe
from tabcouce.encoder.saved_view import view_arrays, view_from, view_settings
from tabcouce.errors import FitError
from tabcouce.models.contract import State

Array = npt.NDArray[np.float64]
WIDE = 4
"""With fewer than four rows per input the periodic code is left out: it would only fit noise."""


KEPT = (
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "view_",
    "intervention_",
    "rows_used_",
    "range_",
)
"""Fitted attributes that are kept as they are."""


LEAST_STEPS = 300


def automatic_batch(rows: int) -> int:
    """Rows per step: small tables need the steps more than the smooth gradient."""
    return 32 if rows < 400 else 64 if rows < 800 else 128 if rows < 3000 else 256


def automatic_epochs(rows: int, batch: int) -> int:
    """Passes over the rows: fewer where rows are many, but at least 300 steps and at most 120 passes.

    Measured on simulated processes of 800 rows: with the default rate, 24 passes are as good as 48.
    """
    passes = 32 if rows < 2000 else 24 if rows < 5000 else 16
    return int(np.clip(np.ceil(LEAST_STEPS * batch / rows), passes, 120))


class _Couce(BaseEstimator):
    """What regressor and classifier share. Constructors only store; `fit` checks.

    proxy_columns  inputs that give the context away; O4 swaps them between contexts
    tolerances     sensor -> (offset in its unit, gain as a share); O1 recalibrates within it
    members        networks per variant; each holds out another block of training contexts
    epochs, batch  None: by the number of rows
    view           'auto', 'pooled' or 'do': what `predict` without context uses
    interventions  'auto', 'on' or 'off'
    held_out       context column whose levels members hold out; None: the first with 3 levels
    max_rows       training rows beyond are thinned, each context in its share (`rows_used_`)
    classes        all class labels, where a training set may lack some
    """

    def __init__(
        self,
        *,
        proxy_columns: Sequence[str] = (),
        tolerances: Mapping[str, tuple[float, float]] | None = None,
        members: int = 2,
        epochs: int | None = None,
        batch: int | None = None,
        width: int = 128,
        depth: int = 2,
        embedding: int = 32,
        frequencies: int = 8,
        learning_rate: float = 1e-2,
        proxy_weight: float = 0.1,
        invariance_weight: float = 1.0,
        view: str = "auto",
        interventions: str = "auto",
        held_out: str | None = None,
        max_rows: int = 10_000,
        classes: Sequence[Any] | None = None,
        device: str = "auto",
        threads: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.proxy_columns = proxy_columns
        self.tolerances = tolerances
        self.members = members
        self.epochs = epochs
        self.batch = batch
        self.width = width
        self.depth = depth
        self.embedding = embedding
        self.frequencies = frequencies
        self.learning_rate = learning_rate
        self.proxy_weight = proxy_weight
        self.invariance_weight = invariance_weight
        self.view = view
        self.interventions = interventions
        self.held_out = held_out
        self.max_rows = max_rows
        self.classes = classes
        self.device = device
        self.threads = threads
        self.random_state = random_state

    code_: ColumnCode
    levels_: ContextLevels
    blind_: FittedView
    adjusted_: FittedView
    n_features_in_: int
    view_: str
    selection_: tuple[InnerTrial, ...]

    # Fitting --------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, context: Any = None) -> Self:
        """Train on rows X (n, p), targets y (n,), contexts (n, c) or None; see `models.contract`."""
        frame, values = self._checked(X, y)
        everything = np.arange(len(frame))
        fitted = self._fit_folds(frame, values, _labels(context, len(frame)), [everything])
        self.__dict__.update(fitted[0].__dict__)
        return self

    def fit_folds(self, X: Any, y: Any, context: Any, folds: Sequence[npt.NDArray[np.int64]]) -> list[Self]:
        """One fitted estimator per fold, all trained in one packed run.

        folds  positions of each fold's training rows; nothing else of a fold's data is used
        """
        frame, values = self._checked(X, y)
        return self._fit_folds(frame, values, _labels(context, len(frame)), list(folds))

    def _fit_folds(
        self,
        frame: pd.DataFrame,
        y: Array,
        context: pd.DataFrame,
        folds: Sequence[npt.NDArray[np.int64]],
    ) -> list[Self]:
        self._check_settings()
        seed = 0 if self.random_state is None else int(self.random_state)
        joint = (
            context.groupby(list(context.columns)).ngroup().to_numpy().astype(np.int64)
            if len(context.columns)
            else np.zeros(len(frame), dtype=np.int64)
        )
        rows = [thinned(np.asarray(fold, dtype=np.int64), joint[fold], self.max_rows, seed) for fold in folds]
        coded = [
            FoldRows.of(
                frame.iloc[own].reset_index(drop=True),
                y[own],
                context.iloc[own].reset_index(drop=True),
                classes=self._class_count(),
                held_out=self.held_out,
                seed=seed,
            )
            for own in rows
        ]
        budgets = [Budget.of(fold.code, self.proxy_columns, self.tolerances or {}) for fold in coded]
        fitted = fit_views(coded, budgets, self._plan(coded, budgets, seed), self._device())
        return [
            self._adopt(fold, one, len(own), y[own])
            for fold, one, own in zip(coded, fitted, rows, strict=True)
        ]

    def _plan(self, folds: Sequence[FoldRows], budgets: Sequence[Budget], seed: int) -> Plan:
        n = max(len(fold.y) for fold in folds)
        inputs = max(fold.code.width for fold in folds)
        batch = self.batch or automatic_batch(n)
        recipe = Recipe(
            epochs=self.epochs or automatic_epochs(n, batch),
            batch=batch,
            rate=self.learning_rate,
            proxy_weight=self.proxy_weight,
            invariance_weight=self.invariance_weight,
        )
        movable = not all(budget.is_empty for budget in budgets) and self.interventions != "off"
        several = any(fold.has_context for fold in folds) and self.view != "pooled"
        views = [False] * (self.view != "do" or not several) + [True] * several
        moves = [False] * (self.interventions != "on" or not movable) + [True] * movable
        return Plan(
            members=self.members,
            width=self.width,
            depth=self.depth,
            embedding=self.embedding,
            frequencies=self.frequencies if n >= WIDE * inputs else 0,
            readout=self.proxy_weight > 0,
            recipe=recipe,
            variants=tuple(Variant(view, move) for move in moves for view in views),
            view=self.view,
            interventions=self.interventions,
            seed=seed,
            threads=self.threads,
        )

    def _adopt(self, fold: FoldRows, fitted: FittedFold, rows_used: int, y: Array) -> Self:
        own = clone(self)
        own.__dict__.update(
            {name: value for name, value in self.__dict__.items() if name.endswith("_") and name[0] != "_"}
        )
        own.code_, own.levels_ = fold.code, fold.levels
        own.blind_, own.adjusted_ = fitted.blind, fitted.adjusted
        own.view_ = fitted.choice.blind_view
        blind = fitted.choice.adjusted if own.view_ == "do" else fitted.choice.pooled
        own.intervention_ = bool(blind and blind.intervene)
        own.selection_ = fitted.trials
        own.rows_used_ = rows_used
        own.range_ = (float(y.min()), float(y.max()))
        return own

    def _device(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)

    def _check_settings(self) -> None:
        for name, allowed in (
            ("view", ("auto", "pooled", "do")),
            ("interventions", ("auto", "on", "off")),
            ("device", ("auto", "cpu", "cuda")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}. Got {getattr(self, name)!r} instead.")
        for name in ("members", "width", "depth", "embedding", "max_rows", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1. Got {getattr(self, name)!r} instead.")

    def _class_count(self) -> int:
        raise NotImplementedError

    # Predicting -----------------------------------------------------------------------------

    def _blind(self, X: Any) -> Array:
        u = self._code(X)
        return self.blind_.do(u) if self.view_ == "do" else self.blind_.plain(u)

    def _known(self, X: Any, context: Any) -> Array:
        """Own effects for levels seen in training; rows without any such level are blind."""
        u = self._code(X)
        labels = _labels(context, len(u))
        missing = [name for name in self.levels_.names if name not in labels.columns]
        if missing:
            raise FitError(
                f"The context column '{missing[0]}' that the model was trained with is missing.",
                remedy="Give the context columns of training, or none for a new context.",
            )
        index = self.levels_.index(labels[list(self.levels_.names)])
        known = (index < self.levels_.total).any(axis=1)
        out = self._blind(X)
        if known.any():
            out[known] = self.adjusted_.known(u[known], index[known])
        return out

    def _do(self, X: Any) -> Array:
        u = self._code(X)
        return self.adjusted_.do(u)

    def _code(self, X: Any) -> Array:
        check_is_fitted(self, "code_")
        return self.code_(self._frame(X))

    def embed(self, X: Any) -> Array:
        """(n, members * embedding) unit vectors; their inner product is the mean cosine."""
        return self.blind_.embedding(self._code(X))

    # Keeping --------------------------------------------------------------------------------

    def state(self) -> State:
        """The fitted estimator as arrays and JSON values."""
        check_is_fitted(self, "code_")
        same = self.blind_ is self.adjusted_
        settings = {
            "parameters": _plain(self.get_params()),
            "code": self.code_.settings(),
            "levels": self.levels_.settings(),
            "views": {"blind": view_settings(self.blind_)}
            | ({} if same else {"adjusted": view_settings(self.adjusted_)}),
            "fitted": {name: _plain(getattr(self, name)) for name in KEPT if hasattr(self, name)},
        }
        arrays = view_arrays(self.blind_, "blind") | ({} if same else view_arrays(self.adjusted_, "adjusted"))
        return State(settings=settings, arrays=arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`; `selection_` is not kept."""
        settings = state.settings
        own = cls(**settings["parameters"])
        own.code_ = ColumnCode.from_settings(settings["code"])
        own.levels_ = ContextLevels.from_settings(settings["levels"])
        views = settings["views"]
        own.blind_ = view_from(views["blind"], state.arrays, "blind")
        own.adjusted_ = (
            view_from(views["adjusted"], state.arrays, "adjusted") if "adjusted" in views else own.blind_
        )
        for name, value in settings["fitted"].items():
            listed = name in ("classes_", "feature_names_in_")
            setattr(own, name, np.asarray(value) if listed else value)
        return own

    # Attribution ----------------------------------------------------------------------------

    def gradient_inputs(self, X: Any) -> Array:
        """(n, q) what the network reads: interquartile units, blanks at the median, flags beside."""
        return self._code(X)

    def network(self) -> torch.nn.Module:
        """Maps `gradient_inputs` as a tensor (n, q) to the blind output: (n, 1) values in the unit
        of the target (before the range is applied), or (n, k) log-probabilities."""
        check_is_fitted(self, "code_")
        return BlindNetwork(self.blind_, self.view_ == "do")

    @property
    def owner_(self) -> npt.NDArray[np.int64]:
        """(q,) position of the input column each network input comes from."""
        return self.code_.owner

    # Input ----------------------------------------------------------------------------------

    def _checked(self, X: Any, y: Any) -> tuple[pd.DataFrame, Array]:
        raise NotImplementedError

    def _frame(self, X: Any, *, reset: bool = False) -> pd.DataFrame:
        """Frames keep their kinds; anything else must be a numeric matrix (NaN allowed)."""
        if isinstance(X, pd.DataFrame):
            if reset:
                self.n_features_in_ = X.shape[1]
                names = np.asarray(X.columns, dtype=object)
                if all(isinstance(name, str) for name in names):
                    self.feature_names_in_ = names
                _check_frame(X)
            return X.set_axis([str(name) for name in X.columns], axis=1)
        matrix = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        return pd.DataFrame(matrix, columns=[f"x{j}" for j in range(matrix.shape[1])])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _plain(value: Any) -> Any:
    """Arrays, tuples and numpy scalars as lists and plain numbers."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return value.item() if isinstance(value, np.generic) else value


def _check_frame(X: pd.DataFrame) -> None:
    twice = X.columns[X.columns.duplicated()]
    if len(twice):
        raise FitError(
            f"Two input columns are both named '{twice[0]}'.",
            remedy="Give every column its own name.",
        )
    if X.shape[1] == 0 or len(X) == 0:
        raise ValueError(f"Found array with {len(X)} sample(s) and {X.shape[1]} feature(s).")


def _labels(context: Any, rows: int) -> pd.DataFrame:
    """Context as a frame of text with as many columns as were given, none for None."""
    if context is None:
        return pd.DataFrame(index=range(rows))
    if isinstance(context, pd.Series):
        context = context.to_frame(name="context" if context.name is None else context.name)
    elif not isinstance(context, pd.DataFrame):
        array = np.asarray(context)
        context = pd.DataFrame(array if array.ndim > 1 else array[:, None])
        context.columns = [f"context{c}" for c in range(context.shape[1])]
    if len(context) != rows:
        raise ValueError(f"context has {len(context)} rows, X has {rows}.")
    text = context.astype(object).astype(str).reset_index(drop=True)
    return text.set_axis([str(name) for name in context.columns], axis=1)


class CouceRegressor(RegressorMixin, _Couce):
    """The encoder for a continuous target; see `_Couce` for the settings.

    predict(X) is for a new context, predict(X, context) for a known one, predict_do(X) the
    backdoor sum by name. Predictions stay within the training targets' range and 10 % beyond.
    """

    def _class_count(self) -> int:
        return 0

    def _checked(self, X: Any, y: Any) -> tuple[pd.DataFrame, Array]:
        if y is None:
            raise ValueError("This CouceRegressor requires y to be passed, but the target y is None.")
        if isinstance(X, pd.DataFrame):
            frame = self._frame(X, reset=True)
            y = validate_data(self, X="no_validation", y=y, y_numeric=True)
            if len(y) != len(frame):
                raise ValueError(f"y has {len(y)} values, X has {len(frame)} rows.")
            return frame, np.asarray(y, dtype=float)
        matrix, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", y_numeric=True)
        return self._frame(matrix), np.asarray(y, dtype=float)

    def predict(self, X: Any, context: Any = None) -> Array:
        """(n,) predictions: blind without context, known with it; an unseen level counts as new."""
        return self._bounded(self._blind(X) if context is None else self._known(X, context))

    def predict_do(self, X: Any) -> Array:
        """(n,) sum over training contexts of P(k) times the prediction in context k."""
        return self._bounded(self._do(X))

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Array:
        """The panel's name for `predict`."""
        return self.predict(X, context)

    def _bounded(self, prediction: Array) -> Array:
        low, high = self.range_
        reach = 0.1 * (high - low)
        return np.clip(prediction[:, 0], low - reach, high + reach)


class CouceClassifier(ClassifierMixin, _Couce):
    """The encoder for classes; see `_Couce` for the settings."""

    def _class_count(self) -> int:
        return len(self.classes_)

    def _checked(self, X: Any, y: Any) -> tuple[pd.DataFrame, Array]:
        if isinstance(X, pd.DataFrame):
            frame = self._frame(X, reset=True)
            y = validate_data(self, X="no_validation", y=y)
            if len(y) != len(frame):
                raise ValueError(f"y has {len(y)} values, X has {len(frame)} rows.")
        else:
            matrix, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
            frame = self._frame(matrix)
        check_classification_targets(y)
        self.classes_ = np.unique(y) if self.classes is None else np.asarray(self.classes)
        number = {label: float(k) for k, label in enumerate(self.classes_.tolist())}
        if len(number) < 2:
            raise ValueError(f"Classifier can't train when only one class is present: {self.classes_}.")
        return frame, np.array([number[label] for label in np.asarray(y).tolist()])

    def predict_proba(self, X: Any, context: Any = None) -> Array:
        """(n, k) class probabilities: blind without context, known with it."""
        return self._blind(X) if context is None else self._known(X, context)

    def predict_do(self, X: Any) -> Array:
        """(n, k) sum over training contexts of P(k) times the probabilities in context k."""
        return self._do(X)

    def predict(self, X: Any, context: Any = None) -> npt.NDArray[Any]:
        """(n,) most probable class."""
        chance = self.predict_proba(X, context)
        return self.classes_[chance.argmax(axis=1)]

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Array:
        """The panel's name for `predict_proba`."""
        return self.predict_proba(X, context)
