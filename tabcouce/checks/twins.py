"""Rows that repeat: duplicates, and twins with the same inputs but another result or context."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.checks.finding import Fact, Finding
from tabcouce.checks.sentences import worded
from tabcouce.errors import Place
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset

MUCH = 0.05


def twin_findings(table: Table, dataset: Dataset) -> list[Finding]:
    """Duplicates (inputs and target), twins across groups or contexts, and the noise they show."""
    twin = _same_inputs(dataset.X)
    size = np.bincount(twin)
    if size.max() == 1:
        return []
    found = _duplicates(table, dataset, twin)
    repeated = size[twin] > 1
    share = float(repeated.mean())
    first = int(np.argmax(repeated))
    place = _place(table, dataset, first)
    together = dataset.group is not None and _nested(twin[repeated], dataset.group[repeated])
    if not together and share > MUCH and not _designed(twin):
        found.append(
            worded(
                "twin-rows",
                "misleads",
                place,
                {"count": int(repeated.sum()), "rows": len(twin), "share": share, "settings": len(size)},
                size=share,
            )
        )
    found += _across_contexts(dataset, twin, repeated, place)
    return found + _ceiling(dataset, twin, repeated, place)


def _same_inputs(X: pd.DataFrame) -> npt.NDArray[np.int64]:
    """(n,) number of each row's set of inputs; blank equals blank."""
    columns = [
        pd.factorize(X[name])[0] if not pd.api.types.is_numeric_dtype(X[name].dtype) else X[name].to_numpy()
        for name in X.columns
    ]
    keys = pd.util.hash_pandas_object(pd.DataFrame(dict(enumerate(columns))), index=False).to_numpy()
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _duplicates(table: Table, dataset: Dataset, twin: npt.NDArray[np.int64]) -> list[Finding]:
    frame = pd.DataFrame({"twin": twin, "y": dataset.y})
    for k, column in enumerate(dataset.contexts.columns):
        frame[f"context {k}"] = dataset.contexts[column]
    again = frame.duplicated().to_numpy()
    if not again.any() or _designed(twin):
        return []
    first = int(np.argmax(again))
    share = float(again.mean())
    return [
        worded(
            "duplicate-rows",
            "misleads" if share > MUCH else "weakens",
            _place(table, dataset, first),
            {"count": int(again.sum()), "rows": len(twin)},
            size=share,
        )
    ]


def _across_contexts(
    dataset: Dataset, twin: npt.NDArray[np.int64], repeated: npt.NDArray[np.bool_], place: Place
) -> list[Finding]:
    found = []
    for column in dataset.contexts.columns:
        level = np.unique(dataset.contexts[column].to_numpy().astype(str), return_inverse=True)[1]
        pairs = np.unique(np.column_stack([twin[repeated], level[repeated]]), axis=0)
        spread = np.bincount(pairs[:, 0], minlength=int(twin.max()) + 1) > 1
        rows = repeated & spread[twin]
        if rows.any():
            found.append(
                worded(
                    "twins-across-contexts",
                    "note",
                    place,
                    {"count": int(rows.sum()), "context": str(column)},
                    columns=(str(column),),
                    size=float(rows.mean()),
                )
            )
    return found


def _ceiling(
    dataset: Dataset, twin: npt.NDArray[np.int64], repeated: npt.NDArray[np.bool_], place: Place
) -> list[Finding]:
    """Twins with different results bound what any model of these inputs can reach."""
    y, own = dataset.y[repeated], np.unique(twin[repeated], return_inverse=True)[1]
    count = np.bincount(own)
    if dataset.is_regression:
        mean = np.bincount(own, weights=y) / count
        # What twins differ by is lost for any function of these inputs, whatever it does elsewhere.
        within = float(np.sum((y - mean[own]) ** 2))
        lost = within / float(np.sum((dataset.y - dataset.y.mean()) ** 2))
        degrees = len(y) - len(count)
        if lost < 0.02 or degrees < 10:
            return []
        sentence = "twins-with-other-result.spread"
        spread = float(np.sqrt(within / degrees))
        facts: dict[str, Fact] = {"target": dataset.target, "spread": spread, "ceiling": 1 - lost}
        size = lost
    else:
        table = np.zeros((len(count), len(dataset.classes)))
        np.add.at(table, (own, y.astype(int)), 1)
        mixed = (table > 0).sum(axis=1) > 1
        if not mixed.any():
            return []
        rows = int(count[mixed].sum())
        sentence = "twins-with-other-result.classes"
        facts = {"count": rows}
        size = rows / len(dataset.y)
    return [worded(sentence, "weakens", place, facts, size=size)]


def _designed(twin: npt.NDArray[np.int64]) -> bool:
    """Few settings, each repeated often: a plan of experiments, whose repeats are no copies."""
    return len(np.unique(twin)) < 0.2 * len(twin)


def _nested(inner: npt.NDArray[np.int64], outer: npt.NDArray[np.int64]) -> bool:
    pairs = np.unique(np.column_stack([inner, outer]), axis=0)
    return len(pairs) == len(np.unique(inner))


def _place(table: Table, dataset: Dataset, row: int) -> Place:
    position = np.flatnonzero(table.rows == dataset.rows[row])
    return table.place(position=int(position[0])) if position.size else table.place()
