"""How members are trained: passes, rates, weights of the losses, optimiser and its schedule."""

from __future__ import annotations

import math
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


def optimiser(net: PackedNet, recipe: Recipe) -> torch.optim.AdamW:
    """Rates per kind of weight: proxies and atoms fast (methods: 5 x), frequencies and skip slow."""
    fast, slow, plain, free, gates, front = [], [], [], [], [], []
    for name, weight in net.named_parameters():
        if name in ("proxy", "atom", "effect", "share"):
            fast.append(weight)
        elif name in ("frequency", "phase", "skip", "step"):
            slow.append(weight)
        elif name == "gate":
            gates.append(weight)
        elif name == "front":
            front.append(weight)
        elif name.startswith("b"):
            free.append(weight)
        else:
            plain.append(weight)
    groups = [
        {"params": plain, "lr": recipe.rate, "weight_decay": recipe.decay},
        {"params": free, "lr": recipe.rate, "weight_decay": 0.0},
        {"params": fast, "lr": 5 * recipe.rate, "weight_decay": 1e-3},
        {"params": slow, "lr": 0.1 * recipe.rate, "weight_decay": 0.0},
        {"params": gates, "lr": GATE_RATE * recipe.rate, "weight_decay": 0.0},
        {"params": front, "lr": FRONT_RATE * recipe.rate, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)


def schedule(progress: float, warm_up: float) -> float:
    """Share of the full rate: a short ramp, then a cosine to zero; progress in [0, 1]."""
    if progress < warm_up:
        return (progress + 1e-3) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))
