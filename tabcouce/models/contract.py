"""What every model of the panel offers, and how it is taken apart for the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class State:
    """A fitted model as plain data: what the bundle writes and reads; never a pickle.

    settings  JSON values (numbers, texts, lists, mappings)
    arrays    numeric arrays, stored as safetensors
    texts     long texts (LightGBM's own format), one file each
    blobs     bytes of a well-kept exact format (treelite), one file each
    """

    settings: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    blobs: Mapping[str, bytes] = field(default_factory=dict)


class Model(Protocol):
    """The estimator contract of the panel: scikit-learn's, with context beside the inputs.

    Context columns are never inputs: `predict(X)` is the prediction for a new context and
    `predict(X, context)` adds what is known of a known one (models without a use for context
    give the same numbers for both). A level never seen in `fit` counts as new.

    X        (n, p) frame, float64 or 'category' columns, any column names
    y        (n,) float64 value, or class number 0..k-1 for classifiers
    context  (n, c) frame of text, the same columns in fit and predict
    predict  (n,) float64 for regression; (n, k) class probabilities for classification
    """

    def fit(
        self, X: pd.DataFrame, y: npt.NDArray[np.float64], context: pd.DataFrame | None = None
    ) -> Self: ...

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> npt.NDArray[np.float64]:
        """(n,) predicted value, or (n, k) class probabilities."""
        ...

    def state(self) -> State: ...

    @classmethod
    def from_state(cls, state: State) -> Self: ...


@runtime_checkable
class CrossEstimated(Protocol):
    """A fitted model that can say how it did on training contexts it had left out.

    left_out_  (n,) value or (n, k) probabilities for the rows given to `fit`, in their order, each
               by a fit that saw no row of the row's context (where no context was given: that did
               not see the row); NaN where no such fit was made
    """

    left_out_: npt.NDArray[np.float64]


@runtime_checkable
class BatchModel(Protocol):
    """A model that can use unlabelled rows of one new context (batch mode)."""

    def adapt(self, X: pd.DataFrame) -> Self:
        """A copy for the context that the rows X (m, p) come from; `estimate(X)` then is its answer.

        A prediction still depends on no other row of its call, only on the rows given here.
        """
        ...


@runtime_checkable
class ShotsModel(Protocol):
    """A model that can use labelled rows of one new context (k-shot mode) in a way of its own."""

    def calibrate(self, X: pd.DataFrame, y: npt.NDArray[np.float64]) -> Self:
        """A copy for the context that the k labelled rows X (k, p), y (k,) come from."""
        ...


@dataclass(frozen=True)
class Rehearsal:
    """Training rows of one context as k-shot mode will meet a new one's: few labelled, the rest not.

    few, rest  (k,), (r,) positions among the rows given to `fit`, disjoint, of one left-out context
    """

    few: npt.NDArray[np.int64]
    rest: npt.NDArray[np.int64]


@runtime_checkable
class RehearsedShots(Protocol):
    """A model that can say in closed form how its own `calibrate` would have done on left-out contexts."""

    def rehearse(
        self, X: pd.DataFrame, y: npt.NDArray[np.float64], draws: Sequence[Rehearsal]
    ) -> list[npt.NDArray[np.float64]]:
        """Per draw the (r,) values or (r, k) probabilities of its rest, by a fit without their context.

        X, y  as given to `fit`
        """
        ...
