"""Contexts that fix the target, cannot be told from a factor, or are too few to judge by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.checks.finding import Fact, Finding
from tabcouce.checks.sentences import worded
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.proxy import between_share

FIXED_SHARE = 0.95
WITHIN_SHARE = 0.01
FEW_ROWS = 20
VERY_FEW_ROWS = 5
FEW_LEVELS = 4


def context_findings(table: Table, dataset: Dataset) -> list[Finding]:
    """Findings per context column, and about pairs of them."""
    found: list[Finding] = []
    codes = {
        str(name): np.unique(dataset.contexts[name].to_numpy().astype(str), return_inverse=True)[1]
        for name in dataset.contexts.columns
    }
    for name, level in codes.items():
        found += _sizes(table, dataset, name, level)
        if len(np.unique(level)) > 1:
            found += _fixes_target(table, dataset, name, level)
            found += _inseparable(table, dataset, name, level)
    return found + _nesting(table, codes)


def _sizes(table: Table, dataset: Dataset, name: str, level: npt.NDArray[np.int64]) -> list[Finding]:
    count = np.bincount(level)
    found = []
    if len(count) < FEW_LEVELS:
        headline = name == dataset.roles.split_context
        found.append(
            worded(
                "few-contexts.one" if len(count) == 1 else "few-contexts.many",
                "weakens" if headline or dataset.contexts.shape[1] == 1 else "note",
                table.place(column=name),
                {"context": name, "levels": len(count), "enough": FEW_LEVELS},
                columns=(name,),
                size=1 - len(count) / FEW_LEVELS,
            )
        )
    few, very_few = int((count < FEW_ROWS).sum()), int((count < VERY_FEW_ROWS).sum())
    if few and len(count) > 1:
        half = very_few > len(count) / 2
        found.append(
            worded(
                "rows-per-context",
                "weakens" if half or few > len(count) / 2 else "note",
                table.place(column=name),
                {
                    "context": name,
                    "few": few,
                    "levels": len(count),
                    "limit": FEW_ROWS,
                    "very_few": very_few,
                    "very_few_limit": VERY_FEW_ROWS,
                    "smallest": int(count.min()),
                },
                columns=(name,),
                size=float(count[count < FEW_ROWS].sum() / len(level)),
            )
        )
    return found


def _fixes_target(table: Table, dataset: Dataset, name: str, level: npt.NDArray[np.int64]) -> list[Finding]:
    count = np.bincount(level)
    if len(level) - len(count) < 10:
        return []
    if dataset.is_regression:
        share = between_share(dataset.y, level) or 0.0
        sentence = "context-fixes-target.variance"
        facts: dict[str, Fact] = {"share": share, "target": dataset.target, "context": name}
        fixed = share > FIXED_SHARE
    else:
        each = np.zeros((len(count), len(dataset.classes)))
        np.add.at(each, (level, dataset.y.astype(int)), 1)
        repeated = each[count >= 2]
        pure = (repeated > 0).sum(axis=1) == 1
        share = float(repeated[pure].sum() / max(repeated.sum(), 1))
        sentence = "context-fixes-target.classes"
        facts = {"pure": int(pure.sum()), "levels": len(pure), "context": name}
        fixed = len(repeated) > 1 and bool(pure.all())
    if not fixed:
        return []
    place = table.place(column=name)
    return [worded(sentence, "misleads", place, facts, columns=(name,), size=share)]


def _inseparable(table: Table, dataset: Dataset, name: str, level: npt.NDArray[np.int64]) -> list[Finding]:
    if len(level) - len(np.bincount(level)) < 10:
        return []
    stuck = []
    for column in dataset.X.columns:
        cells = dataset.X[column]
        if pd.api.types.is_numeric_dtype(cells.dtype):
            x = cells.to_numpy(dtype=float)
            known = np.isfinite(x)
            between = between_share(x[known], level[known]) if known.sum() > 20 else None
            if between is not None and 1 - between < WITHIN_SHARE:
                stuck.append(str(column))
        elif _pure(np.asarray(cells.cat.codes), level):
            stuck.append(str(column))
    if not stuck:
        return []
    return [
        worded(
            "factor-fixed-by-context.one" if len(stuck) == 1 else "factor-fixed-by-context.many",
            "weakens",
            table.place(column=stuck[0]),
            {"names": tuple(stuck), "context": name},
            columns=(*stuck, name),
            size=len(stuck) / dataset.X.shape[1],
        )
    ]


def _pure(codes: npt.NDArray[np.int64], level: npt.NDArray[np.int64]) -> bool:
    """Every level holds one text, and there is more than one text in all."""
    known = codes >= 0
    pairs = np.unique(np.column_stack([level[known], codes[known]]), axis=0)
    return len(np.unique(codes[known])) > 1 and len(pairs) == len(np.unique(level[known]))


def _nesting(table: Table, codes: dict[str, npt.NDArray[np.int64]]) -> list[Finding]:
    found = []
    for inner, a in codes.items():
        for outer, b in codes.items():
            inside = len(np.unique(a)), len(np.unique(b))
            if inner == outer or min(inside) < 2 or inside[0] < inside[1]:
                continue
            pairs = len(np.unique(np.column_stack([a, b]), axis=0))
            same = pairs == inside[0] == inside[1]
            if pairs != inside[0] or (same and inner > outer):
                continue
            found.append(
                worded(
                    "nested-contexts.same" if same else "nested-contexts.inside",
                    "note",
                    table.place(column=inner),
                    {"inner": inner, "outer": outer},
                    columns=(inner, outer),
                    size=0.1,
                )
            )
    return found
