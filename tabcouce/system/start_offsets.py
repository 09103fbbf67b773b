"""Where the zero of each machine lies: its columns' offsets, as far as its first normal rows tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

FEWEST = 10
"""Normal rows without which a context gets no offset."""
FEWEST_CONTEXTS = 4
"""Contexts from which the lasting share can be learnt; with fewer nothing is moved."""
REACH = 5.0
"""Interquartile ranges at which an offset is cut, so that one broken sensor decides nothing."""


@dataclass(frozen=True)
class Offset:
    """Median of each column (q,) over n normal rows of one context; NaN where it has no value."""

    level: tuple[float, ...]
    n: int


@dataclass(frozen=True)
class StartOffsets:
    """Moves the numeric columns of a context to the level that contexts usually have.

    Of a start-up's offset the share `lasting` is taken off. It is the slope, over the training
    contexts, of the level of later normal rows on the level of the first ones: near 1 where
    machines differ and stay so, near 0 where the first rows only wander. With n rows instead of
    the `rows` it was learnt with, w(n) = n w / (n w + rows (1 - w)), as for a random effect.

    columns, middle, lasting  (q,) names, usual level and share of each numeric column
    """

    columns: tuple[str, ...]
    middle: tuple[float, ...]
    lasting: tuple[float, ...]
    rows: float
    own: Mapping[str, Offset] = field(default_factory=dict)

    @classmethod
    def learnt(cls, X: pd.DataFrame, context: Texts, early: Flags, late: Flags) -> Self:
        """From rows X (n, p) of training contexts; early, late (n,) normal rows, none in both."""
        columns = tuple(str(name) for name in X.columns if pd.api.types.is_float_dtype(X[name].dtype))
        values = X[list(columns)].to_numpy(float)
        middle, width = _middle(values[early | late])
        firsts, laters, counts = [], [], []
        for name in sorted(set(context.tolist())):
            own = context == name
            if (own & early).sum() >= FEWEST and (own & late).sum() >= FEWEST:
                firsts.append(_level(values[own & early]))
                laters.append(_level(values[own & late]))
                counts.append(int((own & early).sum()))
        share = np.zeros(len(columns))
        if len(firsts) >= FEWEST_CONTEXTS:
            a, b = (_about(np.array(levels), width) for levels in (firsts, laters))
            both = np.isfinite(a) & np.isfinite(b)
            a, b = np.where(both, a, 0.0), np.where(both, b, 0.0)
            share = np.clip((a * b).sum(0) / np.maximum(np.square(a).sum(0), 1e-12), 0.0, 1.0)
        rows = float(np.median(counts)) if counts else float(FEWEST)
        return cls(columns, tuple(middle.tolist()), tuple(share.tolist()), rows)

    def knowing(self, X: pd.DataFrame, context: Texts, normal: Flags) -> StartOffsets:
        """A copy that also knows the contexts of X with ten normal rows or more."""
        values = X[list(self.columns)].to_numpy(float)
        found = {
            str(name): Offset(tuple(_level(values[rows]).tolist()), int(rows.sum()))
            for name in sorted(set(context[normal].tolist()))
            if (rows := normal & (context == name)).sum() >= FEWEST
        }
        return StartOffsets(self.columns, self.middle, self.lasting, self.rows, {**self.own, **found})

    def __call__(self, X: pd.DataFrame, context: Texts) -> pd.DataFrame:
        """X (n, p) without the offsets of known contexts (n,); others stay as they are."""
        if not self.columns:
            return X
        values = X[list(self.columns)].to_numpy(float, copy=True)
        for name in set(context.tolist()) & set(self.own):
            values[context == name] -= self._moved(self.own[str(name)])
        out = X.copy()
        out[list(self.columns)] = values
        return out

    def _moved(self, offset: Offset) -> Floats:
        w = np.array(self.lasting)
        w = offset.n * w / np.maximum(offset.n * w + self.rows * (1 - w), 1e-12)
        return np.nan_to_num(w * (np.array(offset.level) - np.array(self.middle)))

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`; an unknown level is None."""
        return {
            "columns": list(self.columns),
            "middle": _plain(self.middle),
            "lasting": list(self.lasting),
            "rows": self.rows,
            "own": {name: [_plain(one.level), one.n] for name, one in self.own.items()},
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        own = {name: Offset(_floats(level), int(n)) for name, (level, n) in settings["own"].items()}
        columns, lasting = tuple(settings["columns"]), tuple(settings["lasting"])
        return cls(columns, _floats(settings["middle"]), lasting, settings["rows"], own)


def _middle(values: Floats) -> tuple[Floats, Floats]:
    """(q,) medians and interquartile ranges; 0 and 1 where a column has no spread to measure."""
    middle, low, high = (_quantile(values, q) for q in (0.5, 0.25, 0.75))
    width = high - low
    return middle, np.where(np.isfinite(width) & (width > 0), width, 1.0)


def _level(values: Floats) -> Floats:
    return _quantile(values, 0.5)


def _quantile(values: Floats, q: float) -> Floats:
    """(q,) quantile of each column, NaN where it holds nothing."""
    out = np.full(values.shape[1], np.nan)
    held = np.isfinite(values).any(axis=0)
    if held.any():
        out[held] = np.nanquantile(np.where(np.isfinite(values), values, np.nan)[:, held], q, axis=0)
    return out


def _about(levels: Floats, width: Floats) -> Floats:
    """(c, q) levels of contexts about their median, in interquartile ranges, cut at `REACH`."""
    return np.clip((levels - _quantile(levels, 0.5)) / width, -REACH, REACH)


def _plain(values: tuple[float, ...]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values]


def _floats(values: list[float | None]) -> tuple[float, ...]:
    return tuple(float("nan") if value is None else float(value) for value in values)
