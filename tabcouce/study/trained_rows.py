"""Which rows of a new file are rows that the models were trained on: those test no promise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.study.saved import SavedTarget


def trained_rows(saved: SavedTarget, X: pd.DataFrame, y: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """(n,) whether inputs and outcome are those of a training row, whatever row of the file they stand in.

    X  (n, p) inputs under the training file's names; y (n,) value or class number, NaN where blank.
    Values are compared in single precision: a cell may have been written and read since. All False
    for a study that keeps no rows.
    """
    if saved.memory is None:
        return np.zeros(len(X), bool)
    past = saved.memory.past
    known = np.isin(_print(X, y), _print(past.X[list(X.columns)], past.outcome))
    return np.asarray(known & np.isfinite(y))


def _print(X: pd.DataFrame, y: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """(n,) fingerprint of each row; categories by their text, blanks alike."""
    columns: dict[str, object] = {}
    for name in X.columns:
        cells = X[name]
        columns[str(name)] = (
            cells.astype(object).where(cells.notna(), None)
            if isinstance(cells.dtype, pd.CategoricalDtype)
            else _single(cells.to_numpy(float))
        )
    frame = pd.DataFrame(columns, index=range(len(X))).assign(outcome=_single(y))
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), np.uint64)


def _single(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):  # a glitch beyond single precision is as infinite there as here
        return values.astype(np.float32)
