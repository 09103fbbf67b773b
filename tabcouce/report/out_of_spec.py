"""How many rows of contexts never seen the model expects outside the limits, and how many were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.system.spec_risk import SpecRisk


@dataclass(frozen=True)
class OutOfSpec:
    """Shares of the held-out rows of the headline split.

    expected     mean predicted chance of a value outside the limits
    observed     share of the same rows that were outside
    n            rows
    per_context  context -> (expected share, observed share, rows)
    """

    model: str
    expected: float
    observed: float
    n: int
    per_context: Mapping[str, tuple[float, ...]]


def out_of_spec(
    risk: SpecRisk | None,
    model: str,
    observed: npt.NDArray[np.float64],
    prediction: npt.NDArray[np.float64],
    context: npt.NDArray[np.object_],
) -> OutOfSpec | None:
    """None without limits or held-out predictions; prediction (n,), NaN where a row was not held out."""
    if risk is None:
        return None
    known = np.isfinite(prediction) & np.isfinite(observed)
    if not known.any():
        return None
    chance = risk(prediction[known])
    value, name = observed[known], context[known].astype(str)
    outside = np.zeros(len(value), bool)
    if risk.lower is not None:
        outside |= value < risk.lower
    if risk.upper is not None:
        outside |= value > risk.upper
    return OutOfSpec(
        model=model,
        expected=float(chance.mean()),
        observed=float(outside.mean()),
        n=int(known.sum()),
        per_context={
            str(each): (
                float(chance[name == each].mean()),
                float(outside[name == each].mean()),
                float((name == each).sum()),
            )
            for each in np.unique(name)
        },
    )
