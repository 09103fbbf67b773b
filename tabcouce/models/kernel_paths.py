"""Contributions of the inputs to the kernel's blind answer, from its exact gradient."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.kernel import KernelModel
from tabcouce.models.kernel_machine import KernelMachine

Floats = npt.NDArray[np.float64]


def kernel_contributions(
    model: KernelModel, X: pd.DataFrame, background: pd.DataFrame, *, paths: int, seed: int
) -> Floats:
    """(n, p + 1), or (n, k, p + 1) for more than two classes: share of each input, base last.

    Expected gradients (Erion et al., 2021) from rows of the background to each row: the mean of
    gradient times way over `paths` lines, each met at one point, the points spread evenly. They
    add up to the value before it is held within the range, or to the log-odds, but for the error
    of that mean.
    """
    machine = model.machines_["blind"]
    zero = np.zeros(model.inputs_.movable.size)
    here = machine.seen(model.inputs_(X), zero)
    start = machine.seen(model.inputs_(background), zero)
    parts = _expected(machine, here, start, paths, seed)  # (n, k, u)
    score = (
        machine.setting.metric.kernel(start[np.arange(paths) % len(start)], _rows(machine)) @ machine.alpha
    )
    base = score.mean(axis=0)
    owner = model.inputs_.columns.owner
    if machine.setting.view == "both":
        owner = np.concatenate([owner, owner[model.inputs_.movable]])
    parts = parts @ (owner[:, None] == np.arange(X.shape[1])).astype(float)
    if model.odds_ is None:
        parts, base = parts * model.scale_, base * model.scale_ + model.centre_
    else:
        parts, base = parts * model.odds_.slope, model.odds_.log_odds(base)
    if len(base) == 2:
        parts, base = parts[:, 1:] - parts[:, :1], base[1:] - base[:1]
    out = np.concatenate([parts, np.broadcast_to(base[None, :, None], (*parts.shape[:2], 1))], axis=2)
    return out[:, 0] if out.shape[1] == 1 else out


def _rows(machine: KernelMachine) -> Floats:
    return machine.rows.seen(machine.setting.view)


def _expected(machine: KernelMachine, here: Floats, start: Floats, paths: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    # One point in each of `paths` equal parts of the line, in an order of its own for every row.
    part = np.argsort(rng.random((len(here), paths)), axis=1)
    share = (part + rng.random(part.shape)) / paths
    rows = _rows(machine)
    total = np.zeros((len(here), machine.alpha.shape[1], here.shape[1]))
    for k in range(paths):
        way = here - start[k % len(start)]
        points = start[k % len(start)] + share[:, k, None] * way
        for c, alpha in enumerate(machine.alpha.T):
            total[:, c] += machine.setting.metric.gradient(points, rows, alpha) * way
    return total / paths
