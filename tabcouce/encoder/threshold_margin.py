"""TCM: absolute margins on pair similarities, so that one threshold means the same everywhere.

Threshold-consistent margin loss (Zhang et al., ICLR 2024, arXiv 2307.04047): pairs that belong
together should be more alike than m+, others less alike than m-, in every context. Unlike the
margins of a margin softmax these are similarities of pairs, not offsets to class centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

MarginMode = Literal["off", "fixed", "adaptive"]

POSITIVE_RANGE, NEGATIVE_RANGE = (0.7, 0.95), (0.2, 0.6)
POSITIVE_QUANTILE, NEGATIVE_QUANTILE = 0.7, 0.95
LEAST_GAP = 0.25
MEMORY = 0.95
"""Share of the running quantile that a step keeps."""
FAR_BINS = 3
"""Target bins this far apart are negatives; nearer ones are a grey zone that no margin moves."""


@dataclass(frozen=True)
class Margins:
    """Absolute cosine margins and the weights of the two sides.

    Raises  ValueError if m+ < m-, a margin is no cosine, or a weight is negative
    """

    positive: float = 0.9
    negative: float = 0.5
    positive_weight: float = 1.0
    negative_weight: float = 1.0

    def __post_init__(self) -> None:
        if not -1.0 <= self.negative <= self.positive <= 1.0:
            raise ValueError(
                "The margins must satisfy -1 <= negative <= positive <= 1. "
                f"Got negative {self.negative!r} and positive {self.positive!r} instead."
            )
        if min(self.positive_weight, self.negative_weight) < 0:
            raise ValueError("The weights of the margins must not be negative.")


@dataclass(frozen=True)
class Pairs:
    """Which ordered pairs (i, j), i != j, belong together and which do not; (M, B, B) bool each."""

    positive: Tensor
    negative: Tensor


def pairs_of(labels: Tensor, context: Tensor, *, ordinal: bool) -> Pairs:
    """Pairs of a batch by label; positives join different contexts, negatives any.

    Positives of one context would be pulled together by what the context itself looks like.

    labels   (M, B) int class or target bin
    context  (M, B, c) int levels; c may be 0, then all positives count
    ordinal  whether labels are bins of a number: only bins three or more apart are negatives
    """
    gap = (labels[:, :, None] - labels[:, None, :]).abs()
    others = ~torch.eye(labels.shape[1], dtype=torch.bool, device=labels.device)
    positive = (gap == 0) & others
    if context.shape[2]:
        positive = positive & (context[:, :, None, :] != context[:, None, :, :]).any(-1)
    return Pairs(positive, gap >= (FAR_BINS if ordinal else 1))


def threshold_loss(h: Tensor, pairs: Pairs, low: Tensor, high: Tensor, weights: Margins) -> Tensor:
    """(M,) TCM of embeddings h (M, B, d) under margins low = m- (M,) and high = m+ (M,).

    L = l+ mean(m+ - s | s in S+, s <= m+) + l- mean(s - m- | s in S-, s >= m-),
    each mean over its violators only and 0 where there is none (arXiv 2307.04047, section 3).
    """
    s = _cosine(h)
    short = (high[:, None, None] - s).clamp(min=0.0)
    excess = (s - low[:, None, None]).clamp(min=0.0)
    near = pairs.positive & (s <= high[:, None, None])
    far = pairs.negative & (s >= low[:, None, None])
    return weights.positive_weight * _mean(short, near) + weights.negative_weight * _mean(excess, far)


class ThresholdTerm:
    """The margins in use during one packed run: fixed, or following the batches' similarities.

    Adaptive: m+ is a running 0.7 quantile of the positive similarities within [0.7, 0.95], m- a
    running 0.95 quantile of the negative ones within [0.2, 0.6], at least 0.25 apart. It is ours
    (methods note 4.4), no published rule; members never share a margin.

    low, high  (M,) the margins now
    """

    def __init__(
        self, members: int, *, margins: Margins, adaptive: bool, ordinal: bool, device: torch.device
    ) -> None:
        self.margins, self.adaptive, self.ordinal = margins, adaptive, ordinal
        self.low = torch.full((members,), margins.negative, device=device)
        self.high = torch.full((members,), margins.positive, device=device)

    def __call__(self, h: Tensor, labels: Tensor, context: Tensor) -> Tensor:
        """(M,) loss of a batch; h (M, B, d), soft labels (M, B, K), context (M, B, c)."""
        pairs = pairs_of(labels.argmax(-1), context, ordinal=self.ordinal)
        if self.adaptive:
            self.follow(_cosine(h.detach()), pairs)
        return threshold_loss(h, pairs, self.low, self.high, self.margins)

    @torch.no_grad()
    def follow(self, s: Tensor, pairs: Pairs) -> None:
        """Move the margins towards the quantiles of similarities s (M, B, B)."""
        for m in range(len(s)):
            near, far = s[m][pairs.positive[m]], s[m][pairs.negative[m]]
            if len(near):
                now = near.quantile(POSITIVE_QUANTILE).clamp(*POSITIVE_RANGE)
                self.high[m] = MEMORY * self.high[m] + (1 - MEMORY) * now
            if len(far):
                now = far.quantile(NEGATIVE_QUANTILE).clamp(*NEGATIVE_RANGE)
                self.low[m] = MEMORY * self.low[m] + (1 - MEMORY) * now
        self.low = torch.minimum(self.low, self.high - LEAST_GAP)


def _cosine(h: Tensor) -> Tensor:
    z = F.normalize(h, dim=-1)
    return torch.bmm(z, z.transpose(1, 2))


def _mean(value: Tensor, chosen: Tensor) -> Tensor:
    """(M,) mean of value (M, B, B) over the chosen pairs; 0 without any."""
    return (value * chosen).sum((1, 2)) / chosen.sum((1, 2)).clamp(min=1)
