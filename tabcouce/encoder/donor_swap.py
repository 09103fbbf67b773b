"""O4: columns that give the context away come from a row of another context, all from one row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def donors(
    context: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """For each of `rows`, a uniformly drawn one of `rows` whose context differs.

    context (n,) label number; returns (len(rows),) row numbers. A row whose context is the only
    one gets itself.
    """
    by_context = rows[np.argsort(context[rows], kind="stable")]
    label = context[by_context]
    start = np.searchsorted(label, context[rows], side="left")
    count = np.searchsorted(label, context[rows], side="right") - start
    others = len(rows) - count
    drawn = np.floor(rng.random(len(rows)) * others).astype(np.int64)
    place = np.where(drawn < start, drawn, drawn + count)
    return np.where(others > 0, by_context[np.minimum(place, len(rows) - 1)], rows)
