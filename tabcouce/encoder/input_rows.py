"""What a caller hands in: frames with usable names, contexts as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from tabcouce.errors import FitError


def input_frame(model: BaseEstimator, X: Any, *, reset: bool = False) -> pd.DataFrame:
    """Frames keep their kinds; anything else must be a numeric matrix (NaN allowed).

    reset  whether the model learns its columns from X, as in `fit`
    """
    if isinstance(X, pd.DataFrame):
        if reset:
            model.n_features_in_ = X.shape[1]
            names = np.asarray(X.columns, dtype=object)
            if all(isinstance(name, str) for name in names):
                model.feature_names_in_ = names
            _check_frame(X)
        return X.set_axis([str(name) for name in X.columns], axis=1)
    matrix = validate_data(model, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
    return pd.DataFrame(matrix, columns=[f"x{j}" for j in range(matrix.shape[1])])


def _check_frame(X: pd.DataFrame) -> None:
    """Refuse frames without rows or columns and names that stand twice."""
    twice = X.columns[X.columns.duplicated()]
    if len(twice):
        raise FitError(
            f"Two input columns are both named '{twice[0]}'.",
            remedy="Give every column its own name.",
        )
    if X.shape[1] == 0 or len(X) == 0:
        raise ValueError(f"Found array with {len(X)} sample(s) and {X.shape[1]} feature(s).")


def labels(context: Any, rows: int) -> pd.DataFrame:
    """Context as a frame of text with as many columns as were given, none for None."""
    if context is None:
        return pd.DataFrame(index=range(rows))
    if isinstance(context, pd.Series):
        context = context.to_frame(name="context" if context.name is None else context.name)
    elif not isinstance(context, pd.DataFrame):
        array = np.asarray(context)
        context = pd.DataFrame(array if array.ndim > 1 else array[:, None])
        context.columns = [f"context{c}" for c in range(context.shape[1])]
    if len(context) != rows:
        raise ValueError(f"context has {len(context)} rows, X has {rows}.")
    text = context.astype(object).astype(str).reset_index(drop=True)
    return text.set_axis([str(name) for name in context.columns], axis=1)
