"""The past rows or lots that are most like new ones: outcome, and what they differ in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.advice.far_rows import far_from
from tabcouce.advice.past_rows import PastRows
from tabcouce.advice.row_space import Gallery, ScaledCode, SpaceName, coordinates
from tabcouce.explanation.matching import diagonal_match

Floats = npt.NDArray[np.float64]
MOST_CHANGES = 4
LEAST_CHANGE = 0.25
"""Interquartile ranges (after the soft clip) below which two readings count as the same."""


@dataclass(frozen=True)
class Difference:
    """One column in which two rows differ; new and past in the column's own unit, text for a level.

    None stands for a blank; scaled is the size in interquartile ranges, softly clipped.
    """

    column: str
    new: float | str | None
    past: float | str | None
    scaled: float


@dataclass(frozen=True)
class Neighbour:
    """A past row, or a past context where rows is larger than 1.

    row       1-based row of the training file; of a context its first one
    context   context column -> level
    outcome   value or class number; of a context the mean, or the most frequent class, of its rows
    except_   what differs, the largest first
    blocks    declared block -> what it adds to the similarity; its best is 1 / number of blocks
    """

    row: int
    context: Mapping[str, str]
    outcome: float
    distance: float
    except_: tuple[Difference, ...]
    blocks: Mapping[str, float] = field(default_factory=dict)
    rows: int = 1


@dataclass(frozen=True)
class Similar:
    """The neighbours of one new row (or context, named by `label`), nearest first.

    far  the nearest one is farther away than 95 % of past rows are from their nearest in another
         context: nothing like it was made before
    """

    row: int
    neighbours: tuple[Neighbour, ...]
    far: bool
    label: str = ""


@dataclass(frozen=True)
class Search:
    """Past rows in one space with all that is needed to ask them.

    blocks  block name -> positions of its inputs; used where two or more are declared
    """

    past: PastRows
    gallery: Gallery
    scaled: ScaledCode
    model: object = None
    blocks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        past: PastRows,
        space: SpaceName,
        *,
        model: object = None,
        blocks: Mapping[str, tuple[int, ...]] | None = None,
    ) -> Search:
        """model: the encoder, or the trees, that make the space."""
        scaled = ScaledCode.of(past.X)
        stored = past.embedding if space == "encoder" else None
        rows = coordinates(space, past.X, scaled=scaled, model=model) if stored is None else stored
        return cls(past, Gallery(space, rows), scaled, model, blocks or {})

    @property
    def space(self) -> SpaceName:
        return self.gallery.space

    def rows(self, X: pd.DataFrame, numbers: npt.NDArray[np.int64], k: int) -> tuple[Similar, ...]:
        """The k nearest past rows of each new row X (m, p); numbers (m,) its row in the new file."""
        found = self.gallery.nearest(self._coordinates(X), k)
        new, old = self.scaled(X), self.scaled(self.past.X.iloc[found.position.ravel()])
        limit = self.far_from()
        return tuple(
            Similar(
                int(numbers[i]),
                tuple(
                    self._neighbour(X, i, new[i], int(at), old[i * found.position.shape[1] + j], float(d))
                    for j, (at, d) in enumerate(zip(found.position[i], found.distance[i], strict=True))
                ),
                bool(found.distance[i, 0] > limit),
            )
            for i in range(len(X))
        )

    def contexts(
        self,
        X: pd.DataFrame,
        numbers: npt.NDArray[np.int64],
        labels: npt.NDArray[np.object_],
        column: str,
        k: int,
    ) -> tuple[Similar, ...]:
        """The k nearest levels of a context column for each label of the new rows, by their means.

        labels  (m,) lot of each new row; distance between mean coordinates, so that a lot with
                the same mix of rows is near. Not for leaves, which have no mean.
        """
        past = _Levels.of(self.past.contexts[column].to_numpy(dtype=str))
        asked = _Levels.of(labels.astype(str))

        def means(rows: npt.NDArray[Any], of: _Levels) -> Floats:
            return _means(rows, of.own, len(of.name))

        gallery = Gallery(self.space, means(self.gallery.rows, past).astype(np.float32))
        found = gallery.nearest(means(self._coordinates(X), asked).astype(np.float32), k)
        outcome = self._typical_outcome(past.own, len(past.name))
        was, is_ = typical(self.past.X, past.own, len(past.name)), typical(X, asked.own, len(asked.name))
        # Compared as they are shown: one broken reading of 1e30 would make every mean.
        old, new = self.scaled(was), self.scaled(is_)

        def neighbour(i: int, at: int, distance: float) -> Neighbour:
            return Neighbour(
                row=int(self.past.rows[past.first[at]]),
                context={column: str(past.name[at])},
                outcome=float(outcome[at]),
                distance=distance,
                except_=differences(self.scaled, is_.iloc[i], new[i], was.iloc[at], old[at]),
                blocks=self._block_shares(new[i], old[at]),
                rows=int(past.count[at]),
            )

        return tuple(
            Similar(
                int(numbers[asked.first[i]]),
                tuple(
                    neighbour(i, at, float(d))
                    for at, d in zip(found.position[i], found.distance[i], strict=True)
                ),
                far=False,
                label=str(asked.name[i]),
            )
            for i in range(len(asked.name))
        )

    def far_from(self) -> float:
        """Distance that 5 % of past rows keep from their nearest row of another context."""
        names = self.past.contexts.columns
        own = self.past.contexts[names[0]].to_numpy(dtype=str) if len(names) else self.past.rows
        return far_from(self.gallery, own)

    def _typical_outcome(self, own: npt.NDArray[np.int64], count: int) -> Floats:
        if not self.past.classes:
            return np.asarray(np.bincount(own, self.past.outcome) / np.bincount(own))
        seen = np.zeros((count, self.past.classes))
        np.add.at(seen, (own, self.past.outcome.astype(int)), 1)
        return seen.argmax(axis=1).astype(float)

    def _coordinates(self, X: pd.DataFrame) -> npt.NDArray[np.float32] | npt.NDArray[np.int32]:
        return coordinates(self.space, X, scaled=self.scaled, model=self.model)

    def _neighbour(
        self, X: pd.DataFrame, i: int, new: Floats, at: int, old: Floats, distance: float
    ) -> Neighbour:
        return Neighbour(
            row=int(self.past.rows[at]),
            context=self.past.context(at),
            outcome=float(self.past.outcome[at]),
            distance=distance,
            except_=differences(self.scaled, X.iloc[i], new, self.past.X.iloc[at], old),
            blocks=self._block_shares(new, old),
        )

    def parts(self) -> tuple[list[str], list[npt.NDArray[np.int64]]]:
        """Names and places in the scaled code of the declared blocks; of single columns with fewer
        than two blocks."""
        owner = self.scaled.matrix.owner
        if len(self.blocks) >= 2:
            return list(self.blocks), [np.flatnonzero(np.isin(owner, m)) for m in self.blocks.values()]
        own = np.unique(owner)
        return [self.scaled.matrix.names[j] for j in own], [np.flatnonzero(owner == j) for j in own]

    def _block_shares(self, new: Floats, old: Floats) -> dict[str, float]:
        """What each declared block adds to the similarity of two rows; {} with fewer than two blocks."""
        if len(self.blocks) < 2:
            return {}
        names, places = self.parts()
        share = diagonal_match(block_parts(new, places), block_parts(old, places)).contribution
        return dict(zip(names, share.tolist(), strict=True))


def block_parts(row: Floats, places: list[npt.NDArray[np.int64]]) -> Floats:
    """(blocks, 1 + width) the readings of each block of a scaled row, filled up with zeros.

    DIFF: a one is put before the readings of a block, so that two blocks at their medians, which
    have no direction, are alike rather than unrelated.
    """
    parts = np.zeros((len(places), 1 + max(map(len, places))))
    parts[:, 0] = 1.0
    for b, place in enumerate(places):
        parts[b, 1 : 1 + len(place)] = row[place]
    return parts


def differences(
    scaled: ScaledCode, new: pd.Series, z: Floats, past: pd.Series, old: Floats
) -> tuple[Difference, ...]:
    """Columns that differ by more than a quarter of their interquartile range, largest first."""
    names = scaled.matrix.names
    size = np.sqrt(np.bincount(scaled.matrix.owner, np.square(z - old), len(names)))
    order = np.argsort(-size, kind="stable")[:MOST_CHANGES]
    made = (
        Difference(names[j], cell(new.iloc[j]), cell(past.iloc[j]), float(size[j]))
        for j in order
        if size[j] > LEAST_CHANGE
    )
    return tuple(one for one in made if one.new != one.past)


def cell(value: object) -> float | str | None:
    """A cell as a number, a text, or None where it is blank."""
    if isinstance(value, str):
        return value
    number = float(value) if isinstance(value, (int, float, np.integer, np.floating)) else float("nan")
    return number if np.isfinite(number) else None


@dataclass(frozen=True)
class _Levels:
    """Levels (g,), position of the first row of each, level number of each row (n,), rows of each."""

    name: npt.NDArray[np.str_]
    first: npt.NDArray[np.int64]
    own: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]

    @classmethod
    def of(cls, labels: npt.NDArray[np.str_]) -> _Levels:
        return cls(*np.unique(labels, return_index=True, return_inverse=True, return_counts=True))


def _means(rows: npt.NDArray[Any], own: npt.NDArray[np.int64], count: int) -> Floats:
    """(count, d) mean of the rows (n, d) of each level."""
    total = np.zeros((count, rows.shape[1]))
    np.add.at(total, own, rows)
    return total / np.bincount(own, minlength=count)[:, None]


def typical(X: pd.DataFrame, own: npt.NDArray[np.int64], count: int) -> pd.DataFrame:
    """(count, p) median of the numbers, which one glitch cannot move, and most frequent level."""
    made: dict[str, object] = {}
    for name in X.columns:
        if isinstance(X[name].dtype, pd.CategoricalDtype):
            levels = [_most_frequent(X[name][own == g]) for g in range(count)]
            made[str(name)] = pd.Categorical(levels, categories=X[name].cat.categories)
        else:
            made[str(name)] = X[name].groupby(own).median().reindex(range(count))
    return pd.DataFrame(made, index=range(count))


def _most_frequent(levels: pd.Series) -> str | None:
    found = levels.astype(object).dropna().astype(str).value_counts().sort_index().sort_values(kind="stable")
    return str(found.index[-1]) if len(found) else None
