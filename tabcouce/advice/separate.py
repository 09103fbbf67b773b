"""Which runs would tell a factor's effect from that of the machine it always ran on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.advice.space import Space
from tabcouce.advice.suggest import Past, Run
from tabcouce.errors import FitError, RoleError
from tabcouce.models.kernel_inputs import KernelInputs

Floats = npt.NDArray[np.float64]
GRID = 7
"""Values of the factor tried between its limits."""
ROWS = 30
"""Past rows per level that candidates are made of."""
RIDGE = 1e-6
INSEPARABLE = 1e-3
"""Share of the ridge's own variance, 1 / RIDGE, above which the past runs say nothing of the slope."""


@dataclass(frozen=True)
class Separation:
    """Runs, and the standard error of the factor's slope with them as a share of what it is now.

    error_left  None where the factor never varied within a level: there is no slope to begin with
    """

    runs: tuple[Run, ...]
    error_left: float | None


def separate(
    past: Past,
    labels: npt.NDArray[np.object_],
    space: Space,
    *,
    factor: str,
    context: str,
    n: int,
    seed: int,
    level: str | None = None,
) -> Separation:
    """n runs, each a past row's settings with another value of the factor, on a named level of the context.

    labels  (n,) text of the context of each past run
    level   the only level on which runs shall be made; None for any
    Ds-optimal for the factor's slope in a straight line with a mean per level (Atkinson, Donev and
    Tobias, 2007, chapter 10): each run in turn takes most from its variance,
    (M^-1 x)_a^2 / (1 + x' M^-1 x) with M = X'X.
    Raises  RoleError if the factor is no numeric setting; FitError with no candidate
    """
    numeric = [s.name for s in space.numbers]
    if factor not in numeric:
        raise RoleError(
            f"'{factor}' is not a numeric condition, so no run can set it.",
            remedy=f"Choose among: {', '.join(numeric) or 'none'}; or give it the kind 'condition'.",
        )
    levels = sorted(set(labels))
    if len(levels) < 2:
        raise RoleError(f"'{context}' has one level only; there is nothing to separate.")
    if level is not None and level not in levels:
        raise RoleError(
            f"'{context}' has no level '{level}'.", remedy=f"Levels: {', '.join(map(str, levels[:10]))}."
        )
    inputs = KernelInputs.of(past.settings)
    at = inputs.columns.matrix.names.index(factor)
    column = len(levels) + int(np.flatnonzero(inputs.columns.owner == at)[0])

    def design(settings: pd.DataFrame, label: npt.NDArray[np.object_]) -> Floats:
        return np.hstack([label[:, None] == np.array(levels, object)[None], inputs(settings)]).astype(float)

    X = design(past.settings, labels)
    inverse = np.linalg.inv(X.T @ X + RIDGE * np.eye(X.shape[1]))
    before = inverse[column, column]
    pool, where = candidates(past, labels, space, factor, seed)
    if level is not None:
        pool, where = pool[where == level].reset_index(drop=True), where[where == level]
    if pool.empty:
        raise FitError("No setting meets the limits, steps and constraints together.")
    P = design(pool, where)
    runs: list[Run] = []
    taken = np.zeros(len(P), bool)
    for _ in range(min(n, len(P))):
        if taken.all():
            break
        reach = P @ inverse
        gain = reach[:, column] ** 2 / (1 + np.einsum("ij,ij->i", reach, P))
        gain[taken] = -np.inf  # a repeat would serve the slope as well, but teach nothing else
        best = int(np.argmax(gain))
        taken |= (P[best] == P).all(axis=1)
        x = P[best]
        spread = inverse @ x
        inverse -= np.outer(spread, spread) / (1 + x @ spread)
        settings = {
            str(k): v if isinstance(v, str) else float(v)
            for k, v in zip(pool.columns, pool.iloc[best], strict=True)
        }
        runs.append(Run(settings, "separate", {}, context={context: str(where[best])}))
    left = float(np.sqrt(inverse[column, column] / before))
    return Separation(tuple(runs), None if before > INSEPARABLE / RIDGE else left)


def candidates(
    past: Past, labels: npt.NDArray[np.object_], space: Space, factor: str, seed: int
) -> tuple[pd.DataFrame, npt.NDArray[np.object_]]:
    """Past settings of each level with the factor at values between its limits, as the space allows."""
    rng = np.random.default_rng(seed)
    setting = next(s for s in space.numbers if s.name == factor)
    values = np.array(setting.values) if setting.values else np.linspace(setting.low, setting.high, GRID)
    frames, where = [], []
    for level in sorted(set(labels)):
        mine = rng.permutation(np.flatnonzero(labels == level))[:ROWS]
        rows = past.settings.iloc[np.repeat(mine, len(values))].reset_index(drop=True)
        rows[factor] = np.tile(values, len(mine))
        made = space.mended(rows.dropna())
        frames.append(made)
        where += [level] * len(made)
    return pd.concat(frames, ignore_index=True), np.array(where, dtype=object)
