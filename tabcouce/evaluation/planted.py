"""Faults planted in normal rows: what stands for abnormal rows where none are labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

SIZE = 3.0
"""Standard deviations inside contexts by which a column is shifted."""
SHARE = 1 / 3
"""Share of the columns that are shifted, one at least."""
MOST = 2_000


@dataclass(frozen=True)
class Planted:
    """X (k, p) copies of normal rows with shifted columns; source (k,) the rows they were made from."""

    X: pd.DataFrame
    source: npt.NDArray[np.int64]


def planted_faults(
    X: pd.DataFrame, normal: npt.NDArray[np.bool_], context: npt.NDArray[np.object_], *, seed: int
) -> Planted:
    """A third of the numeric columns, drawn anew for each row, moved up or down by three deviations.

    A detector that cannot find these finds no fault of that size; one that can may still miss
    faults of other kinds. Category columns stay as they are.

    X (n, p); normal, context (n,); at most 2,000 rows are copied
    """
    rng = np.random.default_rng(seed)
    source = np.flatnonzero(normal)
    if len(source) > MOST:
        source = np.sort(rng.choice(source, MOST, replace=False))
    numeric = [name for name in X.columns if pd.api.types.is_float_dtype(X[name].dtype)]
    made = X.iloc[source].reset_index(drop=True)
    if not numeric or len(source) == 0:
        return Planted(made.iloc[:0], source[:0])
    values = X[numeric].to_numpy(float)
    about = values - pd.DataFrame(values).groupby(context).transform("median").to_numpy()
    deviation = np.nan_to_num(1.4826 * pd.DataFrame(np.abs(about[normal])).median().to_numpy())
    usual = np.nan_to_num(pd.DataFrame(values[normal]).std().to_numpy())
    deviation = np.where(deviation > 0, deviation, usual)
    moved = rng.random((len(source), len(numeric))) < SHARE
    moved[np.arange(len(source)), rng.integers(0, len(numeric), len(source))] = True
    sign = rng.choice([-1.0, 1.0], moved.shape)
    made[numeric] = made[numeric].to_numpy(float) + moved * sign * SIZE * deviation
    return Planted(made, source)
