"""At most so many rows of a table, the same for every model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tabcouce.roles import Dataset

LEAST = 30


def thinned(dataset: Dataset, *, rows: int, column: str | None, seed: int) -> Dataset:
    """The dataset itself where it is small enough, else `rows` of its rows in their order.

    Drawn at random within strata: context (of `column`) x class. A stratum keeps at least 30 rows
    where it has them and half the rows allow it, the rest is shared out by size: a rare class
    would else be left with a handful of rows, and a ranking score of them says nothing.
    """
    n = len(dataset.y)
    if n <= rows:
        return dataset
    label = np.zeros(n, np.int64)
    if column is not None:
        label = np.unique(dataset.contexts[column].to_numpy().astype(str), return_inverse=True)[1]
    if not dataset.is_regression:
        label = label * len(dataset.classes) + dataset.y.astype(np.int64)
    stratum = np.unique(label, return_inverse=True)[1]
    draw = np.random.default_rng(seed)
    kept = [
        draw.choice(np.flatnonzero(stratum == s), size=count, replace=False)
        for s, count in enumerate(quotas(np.bincount(stratum), rows))
    ]
    return subset(dataset, np.sort(np.concatenate(kept)))


def quotas(sizes: npt.NDArray[np.int64], rows: int) -> npt.NDArray[np.int64]:
    """(S,) rows kept of each stratum; they add up to `rows`, which is less than all."""
    least = np.minimum(sizes, min(LEAST, rows // (2 * len(sizes))))
    spare = sizes - least
    share = spare / spare.sum() * (rows - least.sum())
    whole = np.floor(share).astype(np.int64)
    largest = np.argsort(whole - share, kind="stable")[: rows - least.sum() - whole.sum()]
    whole[largest] += 1
    return least + whole


def subset(dataset: Dataset, at: npt.NDArray[np.int64]) -> Dataset:
    """The rows at the given positions, index 0.. again."""
    group = None if dataset.group is None else np.unique(dataset.group[at], return_inverse=True)[1]
    return replace(
        dataset,
        X=dataset.X.iloc[at].reset_index(drop=True),
        y=dataset.y[at],
        contexts=dataset.contexts.iloc[at].reset_index(drop=True),
        group=group,
        order=None if dataset.order is None else dataset.order[at],
        rows=dataset.rows[at],
    )
