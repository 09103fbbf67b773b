"""The encoder as one batched model: M members with their own weights, one matrix product each.

Column code -> body -> embedding h -> supervised head + proxy readout, with additive context atoms on h
(for the proxies) and on the output; a linear skip beside it where members are trained with interventions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder.attentive_grouping import AttentiveGrouping, Grouped
from tabcouce.encoder.hosts import triple_similarity
from tabcouce.encoder.proxies import HOST_SCALE, proxy_logits, readout
from tabcouce.models.scaling import CLIP

CODE_WIDTH = 3
FREQUENCY_SCALE = 0.1
FIRST_LAYER = 0.5
"""Start of the first layer, as a share of the usual scale: with half of it the simulated processes
are predicted as well or up to 0.01 R2 better (two seeds, three scales tried)."""


@dataclass(frozen=True)
class NetShape:
    """Sizes of one member.

    numeric      p, numeric inputs, which come first
    inputs       q, all inputs
    frequencies  of the periodic code; 0 leaves the raw numbers only
    outputs      1 for regression, the number of classes otherwise
    proxies      K
    levels       L, context levels over all context columns
    """

    numeric: int
    inputs: int
    outputs: int
    proxies: int
    levels: int
    width: int
    depth: int
    embedding: int
    frequencies: int
    readout: bool = True
    """Whether the proxies' expected value takes part in the output."""
    centres: int = 1
    """Proxies a class or bin (`hosts.triple_similarity`)."""
    linear_skip: bool = False
    """Whether a straight line on the inputs adds to the output (`Variant.linear_skip`)."""
    ramps: int = 0
    """R, of the target-aware code (`ramps`)."""
    within: bool = False
    """Whether the 2p numbers of the context's place stand before the inputs (`within_context`)."""
    first_layer: float = FIRST_LAYER
    """Start of the first layer, as a share of the usual scale."""
    front: bool = False
    """Whether a learned scale stands before the first layer (`front_scale`)."""
    groups: int = 0
    """Groups of columns that make the embedding in place of the layers (`attentive_grouping`)."""
    columns: int = 0
    """Columns behind the inputs; only groups need them."""
    context_query: bool = False
    """Whether one more query names the context."""

    @property
    def read(self) -> int:
        """Width of what the network reads."""
        return self.inputs + (2 * self.numeric if self.within else 0)

    @property
    def coded(self) -> int:
        """Inputs of the body, ramps apart."""
        code = self.numeric * CODE_WIDTH if self.frequencies else 0
        return self.inputs + code

    @property
    def part(self) -> int:
        """Width of one group's embedding; of the whole one without groups."""
        return self.embedding // max(self.groups, 1)

    @property
    def is_regression(self) -> bool:
        return self.outputs == 1

    def settings(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Encoded:
    """What the body makes of a batch: h (M, B, d) and the supervised output (M, B, k)."""

    h: Tensor
    supervised: Tensor
    grouped: Grouped | None = None


class PackedNet(nn.Module):
    """M encoders side by side; members never meet.

    Shape: u (M, B, q) scaled inputs -> h (M, B, d), outputs (M, B, k).
    Every member is drawn from its own seed, so a member alone equals the member in a pack.
    """

    centre: Tensor
    factor: Tensor
    ramp_column: Tensor
    ramp_left: Tensor
    ramp_steep: Tensor
    step: Tensor
    shrink: Tensor
    bin_value: Tensor
    frequency: Tensor
    phase: Tensor
    code: Tensor
    w_embed: Tensor
    b_embed: Tensor
    w_head: Tensor
    b_head: Tensor
    skip: Tensor
    proxy: Tensor
    share: Tensor
    gate: Tensor
    atom: Tensor
    effect: Tensor
    owner: Tensor
    front: Tensor

    def __init__(self, shape: NetShape, seeds: Sequence[int]) -> None:
        super().__init__()
        self.shape = shape
        members = len(seeds)
        drawn = [_draw(shape, torch.Generator().manual_seed(seed)) for seed in seeds]
        for name in drawn[0]:
            self.register_parameter(name, nn.Parameter(torch.stack([one[name] for one in drawn])))
        # Set from each member's own training rows.
        self.register_buffer("centre", torch.zeros(members, shape.inputs))
        self.register_buffer("factor", torch.ones(members, shape.inputs))
        self.register_buffer("shrink", torch.zeros(members, shape.levels + 1))
        self.register_buffer("bin_value", torch.zeros(members, shape.proxies))
        # A ramp that a member lacks has steepness 0 and stays 0.
        self.register_buffer("ramp_column", torch.zeros(members, shape.ramps, dtype=torch.int64))
        self.register_buffer("ramp_left", torch.zeros(members, shape.ramps))
        self.register_buffer("ramp_steep", torch.zeros(members, shape.ramps))
        self.grouping: AttentiveGrouping | None = None
        if shape.groups:
            self.register_buffer("owner", torch.zeros(members, shape.inputs, dtype=torch.int64))
            self.grouping = AttentiveGrouping(
                seeds,
                columns=shape.columns,
                inputs=shape.coded + shape.ramps,
                groups=shape.groups + shape.context_query,
                embedding=shape.part,
                late=shape.ramps,
                context=shape.levels if shape.context_query else 0,
            )

    @property
    def members(self) -> int:
        return self.centre.shape[0]

    def gated(self, u: Tensor) -> Tensor:
        """(M, B, 2p + q) -> (M, B, q): x_j = (u_j - s(a_j) mean_j) exp(-s(b_j) log_sd_j), s the sigmoid.

        Shut (s = 0) a column is read as it stands, open (s = 1) as it stands in its context.
        """
        p = self.shape.numeric
        share = self.gate.sigmoid()  # (M, 2, p)
        mean, log_sd, number, rest = u.split([p, p, p, self.shape.inputs - p], dim=-1)
        number = (number - share[:, :1] * mean) * (-share[:, 1:] * log_sd).exp()
        return torch.cat([number, rest], dim=-1)

    def scaled(self, u: Tensor) -> Tensor:
        """Member's own robust scale and the smooth clip of RealMLP; (M, B, q) -> (M, B, q)."""
        z = (u - self.centre[:, None]) * self.factor[:, None]
        return z * torch.rsqrt(1.0 + (z / CLIP).square())

    def coded(self, z: Tensor) -> Tensor:
        """PBLD: cos(2 pi (z w + b)) -> linear to 3, beside the raw input (RealMLP, section 3).

        DIFF: 8 frequencies rather than 16, they are half of the cost of a step; sine, which with
        a random phase is the same family and has the cheaper derivative.
        """
        if not self.shape.frequencies:
            return z
        p = self.shape.numeric
        number = z[..., :p].transpose(1, 2).unsqueeze(-1)  # (M, p, B, 1)
        wave = torch.addcmul(self.phase[:, :, None], number, self.frequency[:, :, None]).sin()
        # A column that is constant in training has factor 0 and must not act as a hidden bias.
        alive = (self.factor[:, :p] != 0).to(z)[:, :, None, None]
        code = torch.matmul(wave, self.code * alive)  # (M, p, B, f) -> (M, p, B, 3)
        flat = code.permute(0, 2, 1, 3).reshape(z.shape[0], z.shape[1], -1)
        return torch.cat([z, flat], dim=-1)

    def start_front(self, member: int, scale: Tensor) -> None:
        """Begin a member at its inputs' scales (q,); codes and ramps follow their number."""
        codes = scale[: self.shape.numeric] if self.shape.frequencies else scale[:0]
        parts = [codes.repeat_interleave(CODE_WIDTH), scale[self.ramp_column[member]]]
        self.front[member, : len(scale)] = scale
        self.front[member, self.shape.inputs :] = torch.cat(parts)

    def on_ramps(self, z: Tensor) -> Tensor:
        """(M, B, q) -> (M, B, R): how far up each ramp the row's number stands (`Ramps`)."""
        number = z.gather(2, self.ramp_column[:, None].expand(-1, z.shape[1], -1))
        return ((number - self.ramp_left[:, None]) * self.ramp_steep[:, None]).clamp(0.0, 1.0)

    @property
    def first_owner(self) -> Tensor:
        """(M, coded + R) column of each input of the body; needs groups."""
        number = self.owner[:, : self.shape.numeric] if self.shape.frequencies else self.owner[:, :0]
        code = number.repeat_interleave(CODE_WIDTH, dim=1)
        return torch.cat([self.owner, code, self.owner.gather(1, self.ramp_column)], dim=1)

    def encode(self, u: Tensor, hidden: Tensor | None = None) -> Encoded:
        """Inputs (M, B, read) to the embedding and the context-free supervised output.

        hidden  (p,) columns that no group may attend to
        """
        z = self.scaled(self.gated(u) if self.shape.within else u)
        a = self.coded(z)
        ramp = self.on_ramps(z) if self.shape.ramps else None
        if ramp is not None:
            a = torch.cat([a, ramp], dim=-1)
        if self.shape.front:
            a = a * self.front[:, None]
        grouped = None
        if self.grouping is not None:
            grouped = self.grouping(a, self.first_owner, hidden)
            h = self.grouping.predicting(grouped)
        else:
            for layer in range(self.shape.depth):
                a = F.silu(_affine(a, self.get_parameter(f"w{layer}"), self.get_parameter(f"b{layer}")))
            h = _affine(a, self.w_embed, self.b_embed)
        head = _affine(h, self.w_head, self.b_head)
        out = torch.baddbmm(head, z, self.skip) if self.shape.linear_skip else head
        if ramp is not None:
            out = torch.baddbmm(out, ramp, self.step)
        return Encoded(h=h, supervised=out, grouped=grouped)

    def embedding_shift(self, index: Tensor) -> Tensor:
        """Shrunken adjustment atoms of the rows' contexts; index (M, B, c) -> (M, B, d)."""
        return self._lookup(self.atom * self.shrink[..., None], index)

    def output_shift(self, index: Tensor) -> Tensor:
        """Shrunken context effects on the output; index (M, B, c) -> (M, B, k)."""
        return self._lookup(self.effect * self.shrink[..., None], index)

    def mean_shift(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Frequency-weighted mean atom and effect, (M, 1, d) and (M, 1, k); weight (M, L + 1)."""
        shrunk = (weight * self.shrink)[:, None]  # (M, 1, L + 1)
        return torch.bmm(shrunk, self.atom), torch.bmm(shrunk, self.effect)

    def _lookup(self, table: Tensor, index: Tensor) -> Tensor:
        size = table.shape[1]
        own = torch.arange(table.shape[0], device=table.device)[:, None, None] * size
        return F.embedding(index + own, table.reshape(-1, table.shape[-1])).sum(dim=2)

    def logits(self, encoded: Encoded, shift: Tensor | None = None) -> Tensor:
        """(M, B, K) proxy logits 18 cos(h + E_c, P), the mean over groups where there are any."""
        parts = self.logits_by_group(encoded, shift)
        return parts[0] if len(parts) == 1 else torch.stack(parts).mean(0)

    def logits_by_group(self, encoded: Encoded, shift: Tensor | None = None) -> list[Tensor]:
        """The same of each group alone, with its own part of the proxies; one without groups."""
        h, size = encoded.h if shift is None else encoded.h + shift, self.shape.part
        parts = [
            proxy_logits(one, own)
            for one, own in zip(h.split(size, dim=-1), self.proxy.split(size, dim=-1), strict=True)
        ]
        if self.shape.centres == 1:
            return parts
        return [HOST_SCALE * triple_similarity(one / HOST_SCALE, self.shape.proxies) for one in parts]

    def output(self, encoded: Encoded, logits: Tensor) -> Tensor:
        """(M, B, k) supervised head plus the learned share of the proxies' own answer.

        Regression adds alpha * sum_k p_k v_k, classification alpha * 18 cos.
        """
        if not self.shape.readout:
            return encoded.supervised
        answer = readout(logits, self.bin_value).unsqueeze(-1) if self.shape.is_regression else logits
        return encoded.supervised + self.share[:, None] * answer


def _affine(a: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.baddbmm(bias.unsqueeze(1), a, weight)


def _draw(shape: NetShape, rng: torch.Generator) -> dict[str, Tensor]:
    """One member's initial weights.

    The head starts at zero: training begins at the bias and the context effects, or with a skip at
    the straight line (`linear_start`).
    """

    def normal(*size: int, scale: float) -> Tensor:
        return torch.randn(*size, generator=rng) * scale

    weights: dict[str, Tensor] = {}
    if shape.frequencies:
        p, f = shape.numeric, shape.frequencies
        weights["frequency"] = normal(p, f, scale=2 * math.pi * FREQUENCY_SCALE)
        weights["phase"] = torch.rand(p, f, generator=rng) * 2 * math.pi
        weights["code"] = normal(p, f, CODE_WIDTH, scale=1 / math.sqrt(f))
    if not shape.groups:
        size = shape.coded
        for layer in range(shape.depth):
            share = shape.first_layer if layer == 0 else 1.0
            weights[f"w{layer}"] = normal(size, shape.width, scale=share * math.sqrt(1 / max(size, 1)))
            weights[f"b{layer}"] = normal(shape.width, scale=0.3)
            size = shape.width
        # Ramps begin at zero weight: another number of them in the pack draws the same other weights.
        weights["w0"] = torch.cat([weights["w0"], torch.zeros(shape.ramps, shape.width)])
        weights["w_embed"] = normal(size, shape.embedding, scale=math.sqrt(2 / size))
        weights["b_embed"] = torch.zeros(shape.embedding)
    weights["step"] = torch.zeros(shape.ramps, shape.outputs)
    weights["w_head"] = torch.zeros(shape.embedding, shape.outputs)
    weights["b_head"] = torch.zeros(shape.outputs)
    if shape.linear_skip:
        weights["skip"] = torch.zeros(shape.inputs, shape.outputs)
    weights["proxy"] = normal(
        shape.proxies * shape.centres, shape.embedding, scale=1 / math.sqrt(shape.embedding)
    )
    weights["share"] = torch.zeros(1)
    if shape.front:
        weights["front"] = torch.ones(shape.coded + shape.ramps)
    if shape.within:
        weights["gate"] = torch.zeros(2, shape.numeric)
    weights["atom"] = torch.zeros(shape.levels + 1, shape.embedding)
    weights["effect"] = torch.zeros(shape.levels + 1, shape.outputs)
    return weights
