"""Weights along training, kept for training-path attribution, and the network cut behind its first layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder.member_task import Weights
from tabcouce.encoder.packed_net import CODE_WIDTH, Encoded, NetShape, PackedNet

Array = npt.NDArray[np.float64]

MOST = 48
"""Checkpoints kept; past it every other one is dropped and the step between them doubled."""


class Recorder:
    """Weights of a pack at the start and after every m-th step."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.steps: list[int] = []
        self.weights: list[Weights] = []
        self.cut: npt.NDArray[np.int64] | None = None

    def record(self, net: PackedNet, step: int) -> None:
        if step % self.every:
            return
        self.steps.append(step)
        self.weights.append(
            {name: value.detach().cpu().numpy().copy() for name, value in net.state_dict().items()}
        )
        if len(self.steps) > MOST:
            self.steps, self.weights = self.steps[::2], self.weights[::2]
            self.every *= 2

    def looked(self, step: int, better: npt.NDArray[np.bool_]) -> None:
        """Which members keep the weights of this step, as far as training has come."""
        before = np.zeros(len(better), dtype=np.int64) if self.cut is None else self.cut
        self.cut = np.where(better, step, before)

    def paths(self, kept: Sequence[Weights]) -> list[MemberPath]:
        """The way of each member to the weights it kept: later steps are no part of it."""
        ends = np.zeros(len(kept), dtype=np.int64) if self.cut is None else self.cut
        found = []
        for m, (end, last) in enumerate(zip(ends.tolist(), kept, strict=True)):
            own = [k for k, step in enumerate(self.steps) if step < end or k == 0]
            points = [{name: value[m] for name, value in self.weights[k].items()} for k in own]
            found.append(MemberPath((*(self.steps[k] for k in own), end), (*points, last)))
        return found


@dataclass(frozen=True)
class MemberPath:
    """One member's weights after `steps` optimiser steps; the last are the ones it predicts with."""

    steps: tuple[int, ...]
    weights: tuple[Weights, ...]


@dataclass(frozen=True)
class TrainingPath:
    """The members of the blind view along training.

    scale  (M,) target units per unit of a member's output, 1 for classes; times the calibration slope
    owner  (q,) input column of each network input
    """

    shape: NetShape
    members: tuple[MemberPath, ...]
    scale: Array
    owner: npt.NDArray[np.int64]

    def checkpoints(self, member: int) -> list[CutNetwork]:
        """The member's networks from first to last."""
        scale = float(self.scale[member])
        return [
            CutNetwork(self.shape, weights, scale, self.owner) for weights in self.members[member].weights
        ]


class CutNetwork:
    """One network, cut where the columns meet: its first layer and what goes past it.

    What column j adds to both (its token, H = width + outputs numbers) depends on parameters that
    only column j uses: its rows of the first layer and of a linear skip, its periodic code, its ramps.
    Context atoms are left out: the answer is the context-free one, value in units of the target or
    log-odds of the second of two classes, without the target's centre and the intercept learnt after
    training (`FittedView.learn_intercepts`).
    """

    def __init__(self, shape: NetShape, weights: Weights, scale: float, owner: npt.NDArray[np.int64]) -> None:
        self.net = PackedNet(shape, [0])
        self.net.load_state_dict({name: torch.as_tensor(value)[None] for name, value in weights.items()})
        self.net = self.net.double().requires_grad_(False)
        self.scale, self.columns = scale, int(owner.max()) + 1
        code = np.repeat(owner[: shape.numeric], CODE_WIDTH if shape.frequencies else 0)
        ramp = owner[np.asarray(weights["ramp_column"], dtype=np.int64)]
        self.input_owner, self.ramp_owner = owner, ramp
        self.first_owner = np.concatenate([owner, code, ramp])

    def tokens(self, x: Array) -> Array:
        """(n, q) network inputs -> (n, p, H)."""
        net = self.net
        z = net.scaled(torch.as_tensor(x)[None])
        ramp = net.on_ramps(z) if net.shape.ramps else z[..., :0]
        first = torch.cat([net.coded(z), ramp], dim=-1)[0]
        w0 = net.get_parameter("w0")[0]
        out = torch.zeros(len(x), self.columns, net.shape.width + net.shape.outputs, dtype=torch.float64)
        for j in range(self.columns):
            rows = torch.as_tensor(np.flatnonzero(self.first_owner == j))
            inputs = torch.as_tensor(np.flatnonzero(self.input_owner == j))
            ramps = torch.as_tensor(np.flatnonzero(self.ramp_owner == j))
            out[:, j, : net.shape.width] = first[:, rows] @ w0[rows]
            if net.shape.linear_skip:
                out[:, j, net.shape.width :] = z[0, :, inputs] @ net.skip[0, inputs]
            out[:, j, net.shape.width :] += ramp[0, :, ramps] @ net.step[0, ramps]
        return out.numpy()

    def answer(self, total: Array) -> Array:
        """(..., H) sums over columns -> (...) answers."""
        with torch.no_grad():
            found = self._answer(torch.as_tensor(total.reshape(-1, total.shape[-1])))
        return found.numpy().reshape(total.shape[:-1])

    def slope(self, total: Array) -> Array:
        """(n, H) derivative of the answer with respect to the sum over columns."""
        at = torch.as_tensor(total).clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(self._answer(at).sum(), at)
        return gradient.numpy()

    def _answer(self, total: Tensor) -> Tensor:
        net = self.net
        a, straight = total[None].split([net.shape.width, net.shape.outputs], dim=-1)
        a = F.silu(a + net.get_parameter("b0")[:, None])
        for layer in range(1, net.shape.depth):
            weight, bias = net.get_parameter(f"w{layer}"), net.get_parameter(f"b{layer}")
            a = F.silu(a @ weight + bias[:, None])
        h = a @ net.w_embed + net.b_embed[:, None]
        encoded = Encoded(h=h, supervised=h @ net.w_head + net.b_head[:, None] + straight)
        output = net.output(encoded, net.logits(encoded))[0]
        one = output[:, 0] if net.shape.is_regression else output[:, 1] - output[:, 0]
        return one * self.scale
