"""CouceDetector: how far a row is from normal, by the encoder where abnormal rows are labelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tabcouce.encoder.contrast import contrast_rows
from tabcouce.encoder.couce import Array
from tabcouce.encoder.estimator import CouceClassifier
from tabcouce.encoder.input_rows import input_frame, labels
from tabcouce.models.contract import State
from tabcouce.models.detection import NormalCode, normal_rows, replaced
from tabcouce.models.labelled_detector import log_odds
from tabcouce.models.neighbours import NormalNeighbours, ScaledDistance

FEWEST_ABNORMAL = 10
"""With fewer labelled abnormal rows there is nothing to tell a fault of one kind from chance."""
FEWEST_EMBEDDED = 100
"""Normal rows below which the encoder is left out: it would learn the rows by heart."""


class CouceDetector(BaseEstimator):
    """Abnormality of rows, learnt from normal rows and, where there are ten, from abnormal ones.

    Labelled: the log odds of the encoder's proxies and head, trained with the contexts' own effects
    (`CouceClassifier`). Unlabelled: the larger of two distances to the nearest normal rows, in the
    whitened inputs and in the embedding of an encoder that was taught to tell normal rows from
    `contrast_rows`; each in units of its spread among normal rows. The first finds faults in
    linear ties, the second those in curved ones: see benchmarks/anomaly.py.

    Machines differ in the location and spread of the score; `system.Alarm` corrects that from a
    few normal rows of each.

    neighbours  normal rows a distance is the mean over
    embedded    whether the encoder's distance takes part where nothing is labelled
    others      as for `CouceClassifier`
    """

    def __init__(
        self,
        *,
        proxy_columns: Sequence[str] = (),
        tolerances: Mapping[str, tuple[float, float]] | None = None,
        members: int | None = None,
        epochs: int | None = None,
        threshold_margin: str = "off",
        max_rows: int = 10_000,
        neighbours: int = 10,
        embedded: bool = True,
        device: str = "auto",
        threads: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.proxy_columns = proxy_columns
        self.tolerances = tolerances
        self.members = members
        self.epochs = epochs
        self.threshold_margin = threshold_margin
        self.max_rows = max_rows
        self.neighbours = neighbours
        self.embedded = embedded
        self.device = device
        self.threads = threads
        self.random_state = random_state

    uses_labels = True
    code_: NormalCode
    encoder_: CouceClassifier | None
    near_: ScaledDistance
    deep_: ScaledDistance | None
    labelled_: bool
    n_features_in_: int

    def fit(self, X: Any, y: Any = None, context: Any = None) -> Self:
        """Learn from rows X (n, p) with labels y (n,) 0 normal, 1 abnormal, or None: all normal.

        context  (n, c) text or None; used for the contexts' own effects, never as input
        """
        frame = input_frame(self, X, reset=True)
        normal = normal_rows(frame, y)
        given = None if context is None else labels(context, len(frame))
        self.code_ = NormalCode.of(frame.iloc[normal])
        self.labelled_ = len(frame) - len(normal) >= FEWEST_ABNORMAL
        self.encoder_, self.deep_ = None, None
        z = self.code_(frame.iloc[normal])
        self.near_ = self._scaled(z)
        if self.labelled_:
            self.encoder_ = self._encoder().fit(frame, np.asarray(y, float), given)
        elif self.embedded and len(normal) >= FEWEST_EMBEDDED:
            own = None if given is None else given.iloc[normal].reset_index(drop=True)
            self.encoder_ = self._contrasted(z, own)
            self.deep_ = self._scaled(self.encoder_.embed(z))
        return self

    def _contrasted(self, z: Array, context: pd.DataFrame | None) -> CouceClassifier:
        """An encoder that tells normal rows from contrast rows; half of `max_rows` of each."""
        rows = np.arange(len(z))
        if len(z) > self.max_rows // 2:
            rows = np.sort(
                np.random.default_rng(self._seed).choice(len(z), self.max_rows // 2, replace=False)
            )
        own = None if context is None else context.iloc[rows].reset_index(drop=True)
        own = None if own is None or not own.shape[1] else own
        number = np.zeros(len(rows), dtype=np.int64)
        if own is not None:
            number = own.groupby(list(own.columns)).ngroup().to_numpy().astype(np.int64)
        both = np.vstack([z[rows], contrast_rows(z[rows], number, seed=self._seed)])
        label = np.repeat([0.0, 1.0], len(rows))
        twice = None if own is None else pd.concat([own, own], ignore_index=True)
        return self._encoder().fit(both, label, twice)

    def _scaled(self, z: Array) -> ScaledDistance:
        return ScaledDistance.of(NormalNeighbours.of(z, self.neighbours, self._seed))

    @property
    def _seed(self) -> int:
        return 0 if self.random_state is None else int(self.random_state)

    def _encoder(self) -> CouceClassifier:
        named = self.labelled_  # contrast rows are coded: their columns have no names
        return CouceClassifier(
            proxy_columns=self.proxy_columns if named else (),
            tolerances=self.tolerances if named else None,
            interventions="auto" if named else "off",
            members=self.members,
            epochs=self.epochs,
            threshold_margin=self.threshold_margin,
            max_rows=self.max_rows,
            device=self.device,
            threads=self.threads,
            random_state=self.random_state,
        )

    def abnormality(self, X: Any, context: Any = None) -> Array:
        """(n,) log odds or log distance, larger is more abnormal; as for a context never seen.

        context  not used: a limit that leans on the machine's name would fail on a new machine
        """
        check_is_fitted(self, "code_")
        frame = input_frame(self, X)
        if self.labelled_ and self.encoder_ is not None:
            return log_odds(self.encoder_.estimate(frame))
        return self._distance(self.code_(frame))

    def _distance(self, z: Array) -> Array:
        near = self.near_(z)
        if self.deep_ is None or self.encoder_ is None:
            return near
        return np.maximum(near, self.deep_(self.encoder_.embed(z)))

    def contributions(self, X: Any, context: Any = None) -> Array:
        """(n, p) fall of the abnormality when a column alone takes its typical normal value."""
        frame = input_frame(self, X)
        if not self.labelled_:
            return replaced(self.code_(frame), self.code_.owner, frame.shape[1], self._distance)
        now = self.abnormality(frame)
        out = np.zeros(frame.shape)
        for j, name in enumerate(frame.columns):
            typical = self._typical(j, frame[name])
            out[:, j] = now - self.abnormality(frame.assign(**{str(name): typical}))
        return out

    def _typical(self, j: int, column: pd.Series) -> Any:
        """Median, or most frequent level, of the normal rows."""
        levels = self.code_.design.levels[j]
        if levels is None:
            place = int(np.flatnonzero(self.code_.owner == j)[0])
            return np.full(len(column), self.code_.scale.centre[place])
        return pd.Categorical([levels[0]] * len(column), categories=list(levels))

    # Keeping --------------------------------------------------------------------------------

    def state(self) -> State:
        """The fitted detector as arrays and JSON values."""
        check_is_fitted(self, "code_")
        inner = None if self.encoder_ is None else self.encoder_.state()
        parts = {"near": self.near_} | ({} if self.deep_ is None else {"deep": self.deep_})
        settings = {
            "parameters": {**self.get_params(), "tolerances": dict(self.tolerances or {})},
            "code": self.code_.settings(),
            "distances": {name: part.settings() for name, part in parts.items()},
            "columns": self.n_features_in_,
            "labelled": self.labelled_,
            "encoder": None if inner is None else dict(inner.settings),
        }
        arrays = {f"{name}.{k}": a for name, part in parts.items() for k, a in part.near.arrays().items()}
        if inner is not None:
            arrays |= {f"encoder.{name}": array for name, array in inner.arrays.items()}
        return State(settings, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Inverse of `state`."""
        settings = state.settings
        own = cls(**settings["parameters"])
        own.n_features_in_, own.labelled_ = settings["columns"], settings["labelled"]
        own.code_ = NormalCode.from_settings(settings["code"])
        distances = {
            name: ScaledDistance.restored(kept, _part(state, f"{name}."))
            for name, kept in settings["distances"].items()
        }
        own.near_, own.deep_ = distances["near"], distances.get("deep")
        own.encoder_ = None
        if settings["encoder"] is not None:
            own.encoder_ = CouceClassifier.from_state(State(settings["encoder"], _part(state, "encoder.")))
        return own

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _part(state: State, prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.arrays.items() if k.startswith(prefix)}
