"""Which models compete, and which of two is the simpler one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tabcouce.models.contract import Model

SIMPLICITY: Mapping[str, int] = {
    "constant": 0,
    "linear": 1,
    "random_forest": 2,
    "lightgbm": 2,
    "xgboost": 2,
    "catboost": 2,
    "lightgbm_context": 3,
    "kernel": 4,
    "tabicl": 4,
    "couce": 4,
    "system": 4,
}
"""Rank by model key; equal ranks are equally simple."""


def simplicity(key: str) -> int:
    """Rank of a model; one that the panel does not know is as complex as the most complex."""
    return SIMPLICITY.get(key, max(SIMPLICITY.values()))


@dataclass(frozen=True)
class Candidate:
    """A model that competes.

    key           name in results, e.g. 'lightgbm'
    make          a fresh, unfitted model
    uses_context  whether `estimate(X, context)` differs from `estimate(X)`
    """

    key: str
    make: Callable[[], Model]
    uses_context: bool = False
