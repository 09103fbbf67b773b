"""The blind prediction as one differentiable map, for attributions that need gradients."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tabcouce.encoder.fitted_view import FittedView
from tabcouce.encoder.kernel_head import LEAST_CHANCE, KernelHead
from tabcouce.models.feature_machine import CONSTANT
from tabcouce.models.scaling import CLIP


class BlindNetwork(nn.Module):
    """(n, q) network inputs -> (n, 1) target values, or (n, k) log-probabilities."""

    def __init__(self, view: FittedView, summed: bool) -> None:
        super().__init__()
        self.view = view
        self.summed = summed

    def forward(self, u: Tensor) -> Tensor:
        mean = self.view.do_tensor(u) if self.summed else self.view.plain_tensor(u)
        return mean if self.view.net.shape.is_regression else mean.clamp_min(1e-12).log()


class HeadedNetwork(nn.Module):
    """The same through the kernel head: what `KernelHead.blind` computes, on tensors."""

    def __init__(self, network: BlindNetwork, head: KernelHead) -> None:
        super().__init__()
        self.network, self.head = network, head
        machine = head.machines["blind"]
        metric = machine.setting.metric
        root = torch.as_tensor(np.sqrt(metric.weight))
        rows = torch.as_tensor(machine.rows.seen(machine.setting.view)) * root
        self.root, self.rows, self.alpha = root, rows, torch.as_tensor(machine.alpha)
        self.bandwidth, self.slope = metric.bandwidth, metric.linear / len(metric.weight)
        self.number = torch.as_tensor(head.inputs.reads < head.inputs.numeric)
        self.movable = torch.as_tensor(head.inputs.movable)

    def forward(self, u: Tensor) -> Tensor:
        target = self.head.target
        seen = self._columns(u.double(), self.network(u)) * self.root
        product = seen @ self.rows.T
        square = seen.square().sum(1, keepdim=True) + self.rows.square().sum(1) - 2 * product
        # At a training row the root has a tip; held off it, its slope is 0 there, as in `Metric`.
        distance = square.clamp_min(1e-10).sqrt()
        score = ((-distance / self.bandwidth).exp() + self.slope * product + CONSTANT) @ self.alpha
        if target.odds is not None:
            return (target.odds.slope * score + torch.as_tensor(target.odds.shift)).log_softmax(-1)
        return torch.as_tensor(target.centre) + target.scale * score

    def _columns(self, u: Tensor, output: Tensor) -> Tensor:
        """What the blind kernel compares: `HeadInputs`, seen without a context's place."""
        inputs, own = self.head.inputs, u[:, torch.as_tensor(self.head.inputs.reads)]
        bent = torch.where(self.number, own * torch.rsqrt(1 + (own / CLIP).square()), own)
        shown = (bent - torch.as_tensor(inputs.mean)) * torch.as_tensor(inputs.factor)
        answer = (self._answer(output) - torch.as_tensor(inputs.centre)) / torch.as_tensor(inputs.scale)
        Z = torch.cat([shown, answer], dim=1)
        both = self.head.machines["blind"].setting.view == "both"
        return torch.cat([Z, Z[:, self.movable]], dim=1) if both else Z

    def _answer(self, output: Tensor) -> Tensor:
        if self.head.target.odds is None:
            bounds = self.head.target.range
            return output.clamp(bounds.lower, bounds.upper)
        odds = output.clamp_min(float(np.log(LEAST_CHANCE)))
        odds = odds - odds.mean(1, keepdim=True)
        return odds[:, 1:] if odds.shape[1] == 2 else odds
