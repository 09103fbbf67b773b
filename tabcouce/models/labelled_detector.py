"""LightGBM as a detector, where abnormal rows are labelled."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from tabcouce.errors import FitError
from tabcouce.models.boosting import BoostingModel
from tabcouce.models.contract import State
from tabcouce.models.detection import Floats

LEAST = 1e-9


class BoostedDetector:
    """LightGBM's log odds of 'abnormal'; needs labels of both kinds.

    model_  the fitted BoostingModel
    """

    uses_labels = True

    def __init__(self, seed: int = 0, pace: float = 1.0) -> None:
        self.seed = seed
        self.pace = pace

    def fit(self, X: pd.DataFrame, y: Floats | None = None, context: pd.DataFrame | None = None) -> Self:
        if y is None:
            raise FitError("LightGBM needs labelled rows.", remedy="Name a detector for unlabelled rows.")
        self.model_ = BoostingModel("classification", seed=self.seed, pace=self.pace)
        self.model_.fit(X, np.asarray(y, float), context)
        return self

    def abnormality(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        return log_odds(self.model_.estimate(X))

    def contributions(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        """LightGBM's own path contributions, in log odds."""
        return self.model_.contributions(X)[:, : X.shape[1]]

    def state(self) -> State:
        return self.model_.state()

    @classmethod
    def from_state(cls, state: State) -> Self:
        detector = cls()
        detector.model_ = BoostingModel.from_state(state)
        return detector


def log_odds(probability: Floats) -> Floats:
    """(n,) of the second class, from (n, 2) probabilities."""
    held = np.clip(probability, LEAST, 1.0)
    return np.log(held[:, 1]) - np.log(held[:, 0])
