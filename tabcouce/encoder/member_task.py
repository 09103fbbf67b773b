"""One member to be trained: its rows, its start, and what it may never see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.ramps import Ramps

FEWEST_HELD = 40
"""Held-out rows below which a look at them would be noise."""


@dataclass(frozen=True)
class MemberTask:
    """One member: its rows and how it starts.

    u          (n, q) float32 code of the fold's rows, shared by the fold's members
    target     (n, k) float32: the target in member units for regression, one-hot classes else
    labels     (n, K) float32 soft proxy labels
    context    (n, c) level numbers of the fold
    joint      (n,) number of the row's combination of contexts
    train      rows the member learns from; held: rows it never sees, in its context block
    owner      (q,) column of each input
    centre, factor (q,) the member's own scale; shrink (L + 1,); bin_value (K,)
    skip, bias (q, k), (k,) what the output starts at: the straight line, or zeros and the mean
    effect     (L + 1, k) context effects beside the straight line, before shrinkage
    ramps      the member's target-aware code
    front      (q,) start of the front scale, ones where it is off
    penalty    of the straight line
    use_context whether context effects are learnt (backdoor) or not (pooled)
    stop       look whose weights are kept; None: the best on the held-out rows
    """

    u: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]
    context: npt.NDArray[np.int64]
    joint: npt.NDArray[np.int64]
    train: npt.NDArray[np.int64]
    held: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]
    centre: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]
    shrink: npt.NDArray[np.float64]
    frequency: npt.NDArray[np.float64]
    bin_value: npt.NDArray[np.float64]
    skip: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]
    effect: npt.NDArray[np.float64]
    ramps: Ramps
    front: npt.NDArray[np.float64]
    penalty: float
    use_context: bool
    seed: int
    stop: int | None = None
    budget: Budget | None = None
    """What may be moved in the intervened view; None trains on the clean view only."""

    @property
    def is_judged(self) -> bool:
        """Whether the held-out rows are enough to choose the look that is kept."""
        return len(self.held) >= FEWEST_HELD


Weights = dict[str, npt.NDArray[np.float32]]
"""One member's weights and buffers by name."""


@dataclass(frozen=True)
class TrainedMember:
    """What training keeps of a member.

    look  number of the look that its weights are of; 0 is what it began with
    """

    weights: Weights
    look: int
