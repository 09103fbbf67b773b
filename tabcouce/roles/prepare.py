"""A table and its roles become one dataset per target."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import CellError, RoleError
from tabcouce.read.table import Table
from tabcouce.roles.approved import approved_rows
from tabcouce.roles.cells import not_a_number, parse_numbers
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.derive import read_dates
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.roles.role import Roles
from tabcouce.roles.target_values import TargetValues, target_values, unlabelled

NUMERIC_SHARE = 0.5
"""A text column with at least this share of numbers is a numeric column with bad cells."""


def datasets(table: Table, roles: Roles, *, name: str) -> tuple[Dataset, ...]:
    """One dataset per target, in the order of `roles.targets`; no target is ever an input.

    Without a target there is one of the task 'anomaly', every row of it taken as normal.

    Rows without a value of the target are left out, and so are inputs without any value;
    `check` reports both.
    table   with its derived columns, as `resolve` returns it
    Raises  CellError with address and count for text among numbers and unreadable dates,
            RoleError if there is no input or only one class
    """
    targets = [target_values(table, roles, target) for target in roles.targets]
    names = roles.targets
    if not names:
        names, targets = ("",), [unlabelled(table)]
    approved = None if roles.approved is None else approved_rows(table, roles.approved)
    inputs = _inputs(table, roles)
    contexts = pd.DataFrame(
        {column: level_texts(table.frame[column]) for column in roles.named("context")},
        index=range(len(table.rows)),
        dtype=object,
    )
    group = _group(table, roles)
    order = _order(table, roles)
    return tuple(
        _dataset(table, roles, name, target, values, inputs, contexts, group, order, approved)
        for target, values in zip(names, targets, strict=True)
    )


def _dataset(
    table: Table,
    roles: Roles,
    name: str,
    target: str,
    values: TargetValues,
    inputs: pd.DataFrame,
    contexts: pd.DataFrame,
    group: npt.NDArray[np.int64] | None,
    order: npt.NDArray[np.float64] | None,
    approved: npt.NDArray[np.bool_] | None,
) -> Dataset:
    known = values.known
    X = inputs.loc[known].reset_index(drop=True)
    X = X.loc[:, X.notna().any().to_numpy()]
    if X.shape[1] == 0:
        raise RoleError(
            f"No input column is left to learn '{target}' from."
            if target
            else "No input column is left to learn from.",
            place=table.place(),
            remedy="Give at least one column with values the kind 'condition', 'sensor' or 'proxy'.",
        )
    for column in X.columns:
        if isinstance(X[column].dtype, pd.CategoricalDtype):
            X[column] = X[column].cat.remove_unused_categories()
    return Dataset(
        name=name,
        source=table.source,
        task=values.task,
        target=target,
        X=X,
        y=values.y,
        classes=values.classes,
        contexts=contexts.loc[known].reset_index(drop=True),
        group=None if group is None else _dense(group[known]),
        order=None if order is None else order[known],
        rows=table.rows[known],
        roles=roles,
        censored=table.censored[target][known] if target in table.censored else None,
        approved=None if approved is None or values.task != "anomaly" else approved[known],
    )


def _inputs(table: Table, roles: Roles) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for role in roles.columns:
        if not role.is_input or role.name in roles.targets:
            continue
        cells = table.frame[role.name].reset_index(drop=True)
        if pd.api.types.is_datetime64_any_dtype(cells.dtype):
            raise RoleError(
                "A date cannot be an input.",
                place=table.place(column=role.name),
                remedy="Derive its year or month under 'derive', or give the column the kind 'ignored'.",
            )
        numbers = parse_numbers(cells)
        if numbers.share >= NUMERIC_SHARE or numbers.filled == 0:
            if numbers.unread.any():
                raise not_a_number(table, role.name, numbers.unread, role="input")
            columns[role.name] = pd.Series(numbers.values)
        else:
            columns[role.name] = category(cells)
    return pd.DataFrame(columns, index=range(len(table.rows)))


def category(cells: pd.Series) -> pd.Series:
    """Text cells as a pandas category of stripped text, NaN where blank."""
    texts = pd.Series(level_texts(cells), dtype=object)
    texts = texts.where(texts != BLANK, None)
    levels = sorted(texts.dropna().unique())
    # Object categories: DesignMatrix compares levels as Python texts.
    return pd.Series(pd.Categorical(texts, categories=pd.Index(levels, dtype=object)))


def _group(table: Table, roles: Roles) -> npt.NDArray[np.int64] | None:
    columns = [role.name for role in roles.columns if "group" in role.flags]
    if not columns:
        return None
    texts = [level_texts(table.frame[column]) for column in columns]
    blank = np.all([column == BLANK for column in texts], axis=0)
    keys = [
        # A row without a group label stands for itself.
        ("row", position) if blank[position] else ("group", *cells)
        for position, cells in enumerate(zip(*texts, strict=True))
    ]
    return pd.factorize(pd.Series(keys, dtype=object))[0].astype(np.int64)


def _dense(group: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def _order(table: Table, roles: Roles) -> npt.NDArray[np.float64] | None:
    """(n,) dense rank of the order columns together, NaN where one of them is blank."""
    if not roles.order:
        return None
    keys = np.column_stack([_instants(table, column) for column in roles.order])
    known = ~np.isnan(keys).any(axis=1)
    rank = np.full(len(keys), np.nan)
    if known.any():
        rank[known] = np.unique(keys[known], axis=0, return_inverse=True)[1].reshape(-1)
    return rank


def _instants(table: Table, column: str) -> npt.NDArray[np.float64]:
    numbers = parse_numbers(table.frame[column])
    is_date = pd.api.types.is_datetime64_any_dtype(table.frame[column].dtype)
    if not is_date and not numbers.unread.any():
        return numbers.values
    try:
        dates = read_dates(table, column)
    except CellError as error:
        if numbers.share < NUMERIC_SHARE:
            raise
        raise not_a_number(table, column, numbers.unread, role="time") from error
    # Microseconds keep the integers exact in float64 for any plausible year.
    micro = dates.astype("datetime64[us]").astype(np.int64).astype(float)
    return np.where(np.isnat(dates), np.nan, micro)
