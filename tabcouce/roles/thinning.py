"""Fewer rows where a table has more than a step needs: each context keeps its share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.roles.dataset import Dataset


def thinned(
    rows: npt.NDArray[np.int64], label: npt.NDArray[np.int64], most: int, seed: int
) -> npt.NDArray[np.int64]:
    """At most `most` of `rows`, each context in its share; label (len(rows),) context number."""
    if len(rows) <= most:
        return rows
    rng = np.random.default_rng([seed, 3])
    # Sorting by (rank within context) / (size of context) takes the same share of every context.
    shuffled = rng.permutation(len(rows))
    order = shuffled[np.argsort(label[shuffled], kind="stable")]
    _, start, count = np.unique(label[order], return_index=True, return_counts=True)
    rank = np.arange(len(rows)) - np.repeat(start, count)
    share = (rank + rng.random(len(rows))) / np.repeat(count, count)
    return np.sort(rows[order[np.argsort(share, kind="stable")[:most]]])


def thinned_dataset(dataset: Dataset, most: int, seed: int) -> Dataset:
    """At most `most` rows, each combination of contexts in its share, in the order of the file."""
    n = len(dataset.y)
    if n <= most:
        return dataset
    columns = list(dataset.contexts.columns)
    joint = dataset.contexts.groupby(columns).ngroup().to_numpy() if columns else np.zeros(n)
    label = joint.astype(np.int64)
    return dataset.part(thinned(np.arange(n), label, most, seed))
