"""How members are trained: passes, rates, weights of the losses, optimiser and its schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from tabcouce.encoder.hosts import Host
from tabcouce.encoder.packed_net import PackedNet
from tabcouce.encoder.threshold_margin import MarginMode

GATE_RATE = 10.0
"""Rate of the gate over the others'. Shifted sensors, R2 in batch mode on two seeds kept for
development: 0.875 with 3 (the plan), 0.898 with 10, 0.904 with 30; no other process minds."""
FRONT_RATE = 6.0
"""Rate of the front scale over the others', as in RealMLP (Holzmueller et al., 2024, section 3)."""


@dataclass(frozen=True)
class Recipe:
    """How members are trained; one for the whole run."""

    epochs: int = 32
    batch: int = 128
    rate: float = 1e-2
    decay: float = 1e-2
    proxy_weight: float = 0.1
    invariance_weight: float = 1.0
    host: Host = "proxy_nca"
    neighbour_weight: float = 0.0
    orthogonality: float = 0.0
    variance_gate: bool = True
    threshold_margin: MarginMode = "off"
    group_diversity: float = 0.02
    warm_up: float = 0.05
    looks: int = 8
    """Times the held-out block is looked at; the best look is kept."""


def optimiser(net: PackedNet, recipe: Recipe, *, replayed: bool = False) -> torch.optim.AdamW:
    """AdamW with a rate and a decay per kind of weight.

    replayed  whether its steps will be recorded (`cuda_graph`): rates are then read from the device
    """

    def of_step(rate: float) -> float | torch.Tensor:
        return torch.tensor(rate, device=net.centre.device) if replayed else rate

    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, weight in net.named_parameters():
        groups.setdefault(_rate_and_decay(name, recipe), []).append(weight)
    return torch.optim.AdamW(
        [
            {"params": weights, "lr": of_step(rate * recipe.rate), "weight_decay": decay}
            for (rate, decay), weights in groups.items()
        ],
        betas=(0.9, 0.95),
        fused=True,
        capturable=replayed,
    )


def set_rates(adam: torch.optim.AdamW, rates: Sequence[float], share: float) -> None:
    """Set every group's rate to that share of its full one."""
    for group, rate in zip(adam.param_groups, rates, strict=True):
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate * share)
        else:
            group["lr"] = rate * share


def _rate_and_decay(name: str, recipe: Recipe) -> tuple[float, float]:
    """Multiple of the recipe's rate: proxies and atoms fast (methods: 5 x), frequencies and skip slow."""
    if name in ("proxy", "atom", "effect", "share"):
        return 5.0, 1e-3
    if name in ("frequency", "phase", "skip", "step"):
        return 0.1, 0.0
    if name == "gate":
        return GATE_RATE, 0.0
    if name == "front":
        return FRONT_RATE, 0.0
    return 1.0, 0.0 if name.startswith("b") else recipe.decay


def schedule(progress: float, warm_up: float) -> float:
    """Share of the full rate: a short ramp, then a cosine to zero; progress in [0, 1]."""
    if progress < warm_up:
        return (progress + 1e-3) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))
