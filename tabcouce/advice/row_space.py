"""Three ways to say how far two rows lie apart, and the exact search for the nearest ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.scaling import RobustScale

SpaceName = Literal["encoder", "scaled", "leaves"]
SPACES: tuple[SpaceName, ...] = ("scaled", "leaves", "encoder")
"""Simplest first; a later one must earn its place."""
CELLS_AT_ONCE = 50_000_000
"""Leaf comparisons held in memory together, one byte each."""


@runtime_checkable
class Embeds(Protocol):
    """An encoder."""

    def embed(self, X: pd.DataFrame) -> npt.NDArray[np.float64]: ...


@runtime_checkable
class HasLeaves(Protocol):
    """Trees that say in which leaf a row ends."""

    def leaves(self, X: pd.DataFrame) -> npt.NDArray[np.int32]: ...


@dataclass(frozen=True)
class ScaledCode:
    """Rows in interquartile ranges, softly clipped at three; two levels of a category are one apart.

    A blank lies at the median, so that it is as far from a reading as the median is.
    """

    matrix: DesignMatrix
    scale: RobustScale

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Learn levels, medians and ranges from past rows."""
        matrix = DesignMatrix.of(X)
        numbers = matrix.dense(X)[:, matrix.numeric]
        return cls(matrix, RobustScale.of(numbers))

    def __call__(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """(n, q) coordinates."""
        out = self.matrix.dense(X)
        numeric = self.matrix.numeric
        out[:, numeric] = self.scale(out[:, numeric])
        out[:, ~numeric] /= np.sqrt(2)
        return out


@dataclass(frozen=True)
class Nearest:
    """(m, k) distances, nearest first, and the positions of these rows."""

    distance: npt.NDArray[np.float64]
    position: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Gallery:
    """Past rows in one space, ready to be searched.

    rows  (n, d) float32 coordinates, compared by Euclidean distance; or for 'leaves' (n, trees)
          leaf numbers, compared by the share of the trees that part two rows
    """

    space: SpaceName
    rows: npt.NDArray[np.float32] | npt.NDArray[np.int32]

    def nearest(self, query: npt.NDArray[np.float32] | npt.NDArray[np.int32], k: int) -> Nearest:
        """The k nearest past rows of every row of the query (m, d); fewer where there are fewer."""
        k = min(k, len(self.rows))
        if self.space == "leaves":
            return self._by_leaves(query, k)
        distance, position = self._search.kneighbors(query, n_neighbors=k)
        return Nearest(distance.astype(np.float64), position.astype(np.int64))

    @cached_property
    def _search(self) -> NearestNeighbors:
        return NearestNeighbors(algorithm="brute").fit(self.rows)

    def _by_leaves(self, query: npt.NDArray[np.float32] | npt.NDArray[np.int32], k: int) -> Nearest:
        distance = np.empty((len(query), k))
        position = np.empty((len(query), k), np.int64)
        step = max(1, CELLS_AT_ONCE // max(1, query.shape[1]))
        for i, row in enumerate(query):
            parted = [
                (self.rows[at : at + step] != row).mean(axis=1) for at in range(0, len(self.rows), step)
            ]
            apart = np.concatenate(parted)
            near = np.argsort(apart, kind="stable")[:k]
            distance[i], position[i] = apart[near], near
        return Nearest(distance, position)


def coordinates(
    space: SpaceName, X: pd.DataFrame, *, scaled: ScaledCode | None = None, model: object = None
) -> npt.NDArray[np.float32] | npt.NDArray[np.int32]:
    """The rows X (n, p) in a space, by the code or model that makes it."""
    if space == "scaled" and scaled is not None:
        return scaled(X).astype(np.float32)
    if space == "encoder" and isinstance(model, Embeds):
        return model.embed(X).astype(np.float32)
    if space == "leaves" and isinstance(model, HasLeaves):
        return model.leaves(X)
    raise ValueError(f"The space '{space}' has nothing that makes it.")
