"""Which columns an encoder gathered its evidence from while it was trained, and when.

A diagnostic of training, not a ranking of causes. Shared layers make half of the change. Measured on
three draws with known truth (benchmarks/results/training_path.json): of the five first columns 0.80 are
causes, as by occlusion, 0.73 from a near-zero first layer (claim X5 fails); two seeds of the encoder
agree on the causes' order at 0.80 (X8 fails at 0.9); swapping proxies lowers their share from 0.16 to
0.15 only (X6 fails at a half); a shuffled target's path ranks the columns a little like the real one's
(0.34, X4 fails at 0.2); neither focus raises the share on causes (X9 fails).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.errors import FitError
from tabcouce.explanation.evidence import Formation
from tabcouce.explanation.training_path import Focus, PathAttribution, path_attribution

POINTS = 21
"""Places along training at which the evidence is told, from the first weights to the kept ones."""


def formation(
    model: CouceRegressor | CouceClassifier,
    X: pd.DataFrame,
    proxies: Sequence[str],
    *,
    every: int = 1,
    focus: Focus = "none",
) -> Formation | None:
    """Evidence of rows X (n, p) along the recorded path; None where no member left its start.

    every  uses every m-th checkpoint only (Xstep)
    Raises  FitError without a recorded path or with more than two classes
    """
    if model.path_ is None:
        raise FitError("The encoder recorded no training path.", remedy="Fit it with checkpoints=10.")
    if model.path_.shape.outputs > 2:
        raise FitError("A training path is told for a value or for two classes only.")
    u = model.gradient_inputs(X)
    progress = np.linspace(0, 1, POINTS)
    found: list[PathAttribution] = []
    shares = []
    for m, member in enumerate(model.path_.members):
        if member.steps[-1] == 0:
            continue
        one = path_attribution(model.path_.checkpoints(m), u, every=every, focus=focus)
        steps = np.array([*member.steps[:-1:every], member.steps[-1]], dtype=float)
        whole = one.formation.sum(axis=1, keepdims=True)
        share = np.divide(one.formation, whole, out=np.zeros_like(one.formation), where=whole > 0)
        at = steps / steps[-1]
        share = np.vstack([np.zeros(share.shape[1]), share])
        shares.append(np.column_stack([np.interp(progress, at, column) for column in share.T]))
        found.append(one)
    if not found:
        return None
    change = np.mean([np.abs(one.end - one.start).mean() for one in found])
    columns = tuple(map(str, X.columns))
    return Formation(
        columns=columns,
        proxies=tuple(name for name in columns if name in set(proxies)),
        progress=progress,
        evidence=np.mean(shares, axis=0),
        size=np.mean([np.abs(one.values).mean(axis=0) for one in found], axis=0),
        shared=float(np.mean([np.abs(one.shared).mean() for one in found]) / max(change, 1e-12)),
        gap=float(np.mean([np.abs(one.gap).mean() for one in found]) / max(change, 1e-12)),
        members=len(found),
    )
