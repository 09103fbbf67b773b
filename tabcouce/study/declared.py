"""What the roles declare of the process, as the encoder takes it."""

from __future__ import annotations

import numpy as np

from tabcouce.encoder import Nuisance
from tabcouce.errors import RoleError
from tabcouce.roles.dataset import Dataset


def declared_graphs(dataset: Dataset) -> dict[str, str]:
    """Context column -> what it is to the process, where the roles say so."""
    found = {name: dataset.role(name).graph for name in dataset.contexts.columns}
    return {name: graph for name, graph in found.items() if graph is not None}


def declared_nuisance(dataset: Dataset) -> Nuisance | None:
    """Blocks of two sensors or more that share a card, their order, repeatability, loading and drift.

    Raises  RoleError for a drift where the rows are not known to be in time order
    """
    blocks: dict[str, list[str]] = {}
    ordered: dict[str, None] = {}
    roles = {name: dataset.role(name) for name in dataset.X.columns}
    for name, role in roles.items():
        if role.block is not None and role.kind == "sensor":
            blocks.setdefault(role.block, []).append(name)
            if role.ordered:
                ordered[role.block] = None
    shared = {block: columns for block, columns in blocks.items() if len(columns) > 1}
    drift = {name: role.drift for name, role in roles.items() if role.drift}
    in_order = dataset.order is not None and bool((np.diff(dataset.order) >= 0).all())
    if drift and not in_order:
        raise RoleError(
            f"'{next(iter(drift))}' is declared to drift, but the rows are not known to be in time order.",
            remedy="Name the time column in order = [...] and sort the rows by it, or leave the drift out.",
        )
    found = Nuisance(
        blocks=shared,
        ordered=tuple(block for block in ordered if block in shared),
        repeatability={name: role.repeatability for name, role in roles.items() if role.repeatability},
        loading={name: role.loading for name, role in roles.items() if role.loading},
        drift=drift,
        in_time_order=in_order,
    )
    return found if shared or found.repeatability or found.loading or drift else None


def declared_tolerances(dataset: Dataset) -> dict[str, tuple[float, float]]:
    """Input -> (offset, gain) of its declared calibration budget."""
    found = {name: dataset.role(name).tolerance for name in dataset.X.columns}
    return {name: (budget.offset, budget.gain) for name, budget in found.items() if budget is not None}
