"""Do our experts add to a stack of everything else? The error with them over the error without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peers.answers import Answers
from peers.benchmark_set import BenchmarkSet
from peers.own_models import STACKS
from tabcouce.evaluation.metrics import rmse
from tabcouce.evaluation.stacked import OURS
from tabcouce.splits import Split
from tabcouce.system.weights import error_products, simplex_weights

LEFT_OUT = ("constant", *STACKS)
"""No members: the stacks are made of the others."""


@dataclass(frozen=True)
class Credit:
    """RMSE of the stack of outside models and baselines, and of the same stack with our experts."""

    name: str
    split: str
    without: float
    with_ours: float
    members: tuple[str, ...]

    @property
    def ratio(self) -> float:
        return self.with_ours / self.without


def stack_credit(one: BenchmarkSet, split: Split, found: Sequence[Answers]) -> Credit | None:
    """None for classes, and where an expert of ours or a second other model has no prediction.

    The weights of a fold come from the other folds' test predictions, each context counting alike;
    both stacks get theirs in the same way, so what that flatters it flatters in both.
    """
    members = [a for a in found if a.prediction is not None and a.model not in LEFT_OUT]
    others = [a for a in members if a.model not in OURS]
    if not one.dataset.is_regression or len(others) < 2 or len(others) == len(members):
        return None
    return Credit(
        one.name,
        split.key,
        _stack_error(one, split, others),
        _stack_error(one, split, members),
        tuple(a.model for a in members),
    )


def _stack_error(one: BenchmarkSet, split: Split, members: Sequence[Answers]) -> float:
    predictions = np.stack([a.prediction for a in members if a.prediction is not None])
    y = one.dataset.y
    tested = np.isfinite(predictions).all(axis=0)
    stacked = np.full(len(y), np.nan)
    for fold in split.folds:
        rows: npt.NDArray[np.bool_] = tested.copy()
        rows[fold.test] = False
        products = error_products(predictions[:, rows] - y[rows], split.unit[rows])
        stacked[fold.test] = simplex_weights(products.mean(axis=0)) @ predictions[:, fold.test]
    found = rmse(y[tested], stacked[tested])
    assert found is not None
    return found
