"""Multivariate process control from principal components: Hotelling's T2 and SPE (Q)."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from sklearn.decomposition import PCA

from tabcouce.models.contract import State
from tabcouce.models.detection import CodedDetector, Floats, NormalCode, log_distance

Statistic = Literal["t2", "spe"]
LEAST_VARIANCE = 1e-8


class ControlChart(CodedDetector):
    """T2 inside the principal plane of normal rows, or SPE, the squared distance from it.

    T2 uses every component, SPE what is left beyond those that hold `share` of the variance
    (Jackson and Mudholkar, 1979; Kourti and MacGregor, 1995).

    mean_ (q,), axes_ (q, k), variance_ (k,)
    """

    def __init__(self, statistic: Statistic = "t2", share: float = 0.9) -> None:
        self.statistic = statistic
        self.share = share

    def _learn(self, z: Floats) -> None:
        pca = PCA().fit(z)
        kept = pca.explained_variance_ > LEAST_VARIANCE
        if self.statistic == "spe":
            # The last component stays out of the plane: else nothing would be left to measure.
            held = np.cumsum(pca.explained_variance_ratio_) <= self.share
            kept &= held | (np.arange(len(held)) == 0)
            kept[-1] &= len(kept) == 1
        self.mean_ = np.asarray(pca.mean_, float)
        self.axes_ = np.asarray(pca.components_[kept].T, float)
        self.variance_ = np.asarray(pca.explained_variance_[kept], float)

    def _distance(self, z: Floats) -> Floats:
        d = z - self.mean_
        t = d @ self.axes_
        if self.statistic == "t2":
            return log_distance((t**2 / self.variance_).sum(axis=1))
        return log_distance(np.square(d - t @ self.axes_.T).sum(axis=1))

    def state(self) -> State:
        settings = {
            "statistic": self.statistic,
            "share": self.share,
            "code": self.code_.settings(),
            "columns": self.columns_,
        }
        return State(settings, {"mean": self.mean_, "axes": self.axes_, "variance": self.variance_})

    @classmethod
    def from_state(cls, state: State) -> Self:
        model = cls(state.settings["statistic"], state.settings["share"])
        model.code_ = NormalCode.from_settings(state.settings["code"])
        model.columns_ = state.settings["columns"]
        model.mean_, model.axes_ = state.arrays["mean"], state.arrays["axes"]
        model.variance_ = state.arrays["variance"]
        return model
