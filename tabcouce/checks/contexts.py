"""Contexts that fix the target, cannot be told from a factor, or are too few to judge by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.checks.finding import Finding
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
        levels = "one level" if len(count) == 1 else f"{len(count)} levels"
        found.append(
            Finding(
                rule="few-contexts",
                severity="weakens" if headline or dataset.contexts.shape[1] == 1 else "note",
                what=f"'{name}' has only {levels}: what holds for a new one can hardly be judged.",
                place=table.place(column=name),
                remedy=f"Collect rows from at least {FEW_LEVELS} before trusting a score for a new one.",
                columns=(name,),
                size=1 - len(count) / FEW_LEVELS,
            )
        )
    few, very_few = int((count < FEW_ROWS).sum()), int((count < VERY_FEW_ROWS).sum())
    if few and len(count) > 1:
        half = very_few > len(count) / 2
        found.append(
            Finding(
                rule="rows-per-context",
                severity="weakens" if half or few > len(count) / 2 else "note",
                what=f"{few} of {len(count)} levels of '{name}' have fewer than {FEW_ROWS} rows, "
                f"{very_few} fewer than {VERY_FEW_ROWS} (smallest {int(count.min())}).",
                place=table.place(column=name),
                remedy="Scores per level are rough there; read the pooled score.",
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
        what = f"{share:.0%} of the variance of '{dataset.target}' lies between the levels of '{name}'"
        fixed = share > FIXED_SHARE
    else:
        each = np.zeros((len(count), len(dataset.classes)))
        np.add.at(each, (level, dataset.y.astype(int)), 1)
        repeated = each[count >= 2]
        pure = (repeated > 0).sum(axis=1) == 1
        share = float(repeated[pure].sum() / max(repeated.sum(), 1))
        what = f"{int(pure.sum())} of {len(pure)} levels of '{name}' hold one class only"
        fixed = len(repeated) > 1 and bool(pure.all())
    if not fixed:
        return []
    return [
        Finding(
            rule="context-fixes-target",
            severity="misleads",
            what=f"{what}: within a level there is next to nothing left to explain.",
            place=table.place(column=name),
            remedy=f"A model can only learn which level a row is from. Vary the conditions within each "
            f"'{name}', or treat the level itself as the question.",
            columns=(name,),
            size=share,
        )
    ]


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
    shown = ", ".join(f"'{column}'" for column in stuck[:5]) + (", ..." if len(stuck) > 5 else "")
    verb = "varies" if len(stuck) == 1 else "vary"
    return [
        Finding(
            rule="factor-fixed-by-context",
            severity="weakens",
            what=f"{shown} {verb} less than 1 % within the levels of '{name}': the effect cannot be "
            f"separated from it.",
            place=table.place(column=stuck[0]),
            remedy=f"Vary it on at least one '{name}', or read its effect as that of '{name}'.",
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
            what = (
                f"'{inner}' and '{outer}' name the same levels"
                if same
                else f"Each level of '{inner}' lies within one level of '{outer}'"
            )
            found.append(
                Finding(
                    rule="nested-contexts",
                    severity="note",
                    what=f"{what}: their effects cannot be told apart.",
                    place=table.place(column=inner),
                    remedy=f"Read effects of '{inner}' as including those of '{outer}'.",
                    columns=(inner, outer),
                    size=0.1,
                )
            )
    return found
