"""Proxies: points on the sphere that stand for classes or target bins, and the default host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

HOST_SCALE = 18.0
"""ProxyNCA++ with sigma = 3: -|3z - 3P|^2 = 18 cos - 18 (Teh et al., 2020, eq. 4 on the sphere)."""


def bin_count(rows: int) -> int:
    """Number of target bins: a hundred rows each, between 8 and 20."""
    return int(np.clip(round(rows / 100), 8, 20))


@dataclass(frozen=True)
class TargetBins:
    """Quantile bins of a continuous target.

    value        (K,) median of the training targets in each bin, ascending
    temperature  half the median gap between neighbouring values; unit of the target
    """

    value: npt.NDArray[np.float64]
    temperature: float

    @classmethod
    def of(cls, y: npt.NDArray[np.float64], count: int) -> Self:
        """Bins of training targets y (n,); repeated values may repeat a bin value."""
        parts = np.array_split(np.sort(y), count) if len(y) >= count else [np.sort(y)]
        value = np.array([np.median(part) for part in parts])
        value = np.pad(value, (0, count - len(value)), mode="edge")
        gaps = np.diff(value)
        gaps = gaps[gaps > 0]
        temperature = float(np.median(gaps)) / 2 if len(gaps) else 1.0
        return cls(value=value, temperature=temperature)

    def soft_labels(self, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, K) distance-softmax labels q_ik ~ exp(-|y_i - v_k| / temperature).

        Soft ordinal labels of Diaz and Marathe (CVPR 2019); a temperature near 0 gives one-hot
        rows. DIFF: temperature from the bins' own spacing.
        """
        distance = np.abs(y[:, None] - self.value[None, :]) / self.temperature
        weight = np.exp(-(distance - distance.min(axis=1, keepdims=True)))
        return weight / weight.sum(axis=1, keepdims=True)


def proxy_logits(h: Tensor, proxies: Tensor) -> Tensor:
    """18 cos(h_i, P_k); h (M, B, d), proxies (M, K, d); returns (M, B, K)."""
    z, p = F.normalize(h, dim=-1), F.normalize(proxies, dim=-1)
    return HOST_SCALE * torch.bmm(z, p.transpose(1, 2))


def proxy_nca(logits: Tensor, labels: Tensor) -> Tensor:
    """Soft ProxyNCA++: -sum_k q_ik log softmax_k(18 s_ik), mean over rows.

    logits, labels (M, B, K); returns (M,).
    """
    return -(labels * F.log_softmax(logits, dim=-1)).sum(-1).mean(-1)


def readout(logits: Tensor, value: Tensor) -> Tensor:
    """Expected bin value sum_k p_ik v_k; logits (M, B, K), value (M, K); returns (M, B)."""
    return torch.bmm(logits.softmax(-1), value.unsqueeze(-1)).squeeze(-1)
