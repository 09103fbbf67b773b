"""The unit of work of a study: a model and the training rows of a fold, or of all folds at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, cast, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.constant import ConstantModel
from tabcouce.models.contract import Model
from tabcouce.roles.dataset import Dataset

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@runtime_checkable
class PackedModel(Protocol):
    """A model that trains all folds of all splits in one run."""

    def fit_folds(
        self,
        X: pd.DataFrame,
        y: Floats,
        context: pd.DataFrame | None,
        folds: Sequence[Rows],
        held_out: Sequence[str | None] | None = None,
    ) -> Sequence[Model]:
        """One fitted model per fold, each from the rows of X at the fold's positions only.

        held_out  per fold the context column that its test rows are new in, None where there is
                  none: what a model chooses inside its training rows then asks the same question
        """
        ...


@dataclass(frozen=True)
class FoldFit:
    """A model trained on the training rows of one fold."""

    model: Model
    seconds: float
    rows_used: int


class Job(Protocol):
    """Work that needs nothing but the data: it may be done in any order, in any process.

    model  key of the candidate
    part   which of its folds; unique among a model's jobs
    """

    @property
    def model(self) -> str: ...

    @property
    def part(self) -> str: ...

    def fit(self, dataset: Dataset) -> tuple[FoldFit, ...]: ...


@dataclass(frozen=True)
class FoldJob:
    """One model on the training rows of one fold.

    train     positions of the training rows
    contexts  context columns that `fit` is given, the held-out one first; None gives it none
    """

    model: str
    part: str
    make: Callable[[], Model]
    train: Rows
    contexts: tuple[str, ...] | None

    def fit(self, dataset: Dataset) -> tuple[FoldFit, ...]:
        start = time.perf_counter()
        X, y = dataset.X.iloc[self.train].reset_index(drop=True), dataset.y[self.train]
        context = None
        if self.contexts is not None:
            context = dataset.contexts[list(self.contexts)].iloc[self.train].reset_index(drop=True)
        model = one_class_model() if one_class(dataset, self.train) else self.make()
        model.fit(X, y, context)
        return (FoldFit(model, time.perf_counter() - start, rows_used(model, len(self.train))),)


@dataclass(frozen=True)
class PackedJob:
    """One packed model on all folds of all splits; its time is shared out evenly over the folds.

    folds     positions of the training rows of each fold
    held_out  see `PackedModel.fit_folds`
    """

    model: str
    part: str
    make: Callable[[], Model]
    folds: tuple[Rows, ...]
    held_out: tuple[str | None, ...]

    def fit(self, dataset: Dataset) -> tuple[FoldFit, ...]:
        able = [not one_class(dataset, train) for train in self.folds]
        trainable = [train for train, can in zip(self.folds, able, strict=True) if can]
        columns = [column for column, can in zip(self.held_out, able, strict=True) if can]
        context = dataset.contexts if dataset.contexts.shape[1] else None
        start = time.perf_counter()
        packed = cast(PackedModel, self.make())
        models = iter(
            packed.fit_folds(dataset.X, dataset.y, context, trainable, columns) if trainable else ()
        )
        seconds = (time.perf_counter() - start) / len(self.folds)
        fits = []
        for train, can in zip(self.folds, able, strict=True):
            if can:
                model = next(models)
                fits.append(FoldFit(model, seconds, rows_used(model, len(train))))
            else:
                fits += FoldJob(self.model, self.part, one_class_model, train, None).fit(dataset)
        return tuple(fits)


class OneClassModel(ConstantModel):
    """Training rows of one class: no model can be trained, the class is all there is to say."""

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        self.classes_ = np.unique(y)
        self.value_ = np.ones(1)
        return self


def one_class_model() -> Model:
    return OneClassModel("classification")


def one_class(dataset: Dataset, rows: Rows) -> bool:
    return not dataset.is_regression and len(np.unique(dataset.y[rows])) < 2


def rows_used(model: Model, rows: int) -> int:
    """A model with a cap says in `rows_used_` how many rows it really used."""
    return int(getattr(model, "rows_used_", rows))
