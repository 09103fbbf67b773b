"""What a step minimises: host, supervised and invariance terms, one number a member."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder.batches import Drawn, IntervenedView, PackedRows
from tabcouce.encoder.detectors import Detectors
from tabcouce.encoder.hosts import host_loss, soft_neighbours
from tabcouce.encoder.invariance import output_change, ramp, symmetric_kl
from tabcouce.encoder.packed_net import PackedNet
from tabcouce.encoder.recipe import Recipe
from tabcouce.encoder.threshold_margin import ThresholdTerm

DETECTORS_FROM = 0.1
"""Share of the passes after which the dictionary starts: before, embeddings mean nothing."""


@dataclass(frozen=True)
class Fade:
    """Share of their weight that the terms have which fade in; detectors: None before they start."""

    invariance: float | Tensor
    detectors: float | None

    @classmethod
    def at(cls, progress: float) -> Fade:
        """progress in [0, 1]: share of the passes that are over."""
        begun = progress >= DETECTORS_FROM
        return cls(ramp(4 * progress), ramp(4 * (progress - DETECTORS_FROM)) if begun else None)


def training_loss(
    net: PackedNet,
    data: PackedRows,
    drawn: Drawn,
    move: IntervenedView | None,
    recipe: Recipe,
    fade: Fade,
    margin: ThresholdTerm | None = None,
    detectors: Detectors | None = None,
) -> Tensor:
    """(M,) host and supervised loss, mean of both views, plus the invariance term.

    margin     adds the threshold margin on the clean view's embedding, the one `embed` gives
    detectors  add their orthogonality there, after a tenth of the passes
    """
    index = drawn.rows
    context = data.take(data.context, index)
    target, labels = data.take(data.target, index), data.take(data.labels, index)
    shift, effect = net.embedding_shift(context), net.output_shift(context)

    def view(u: Tensor, *, is_clean: bool) -> tuple[Tensor, Tensor, Tensor]:
        encoded = net.encode(u)
        parts = net.logits_by_group(encoded, shift)
        logits = parts[0] if len(parts) == 1 else torch.stack(parts).mean(0)
        output = net.output(encoded, logits) + effect
        host = torch.stack([host_loss(recipe.host, one, labels, net.proxy) for one in parts]).mean(0)
        if net.grouping is not None and encoded.grouped is not None:
            host = host + net.grouping.penalty(encoded.grouped, context, recipe.group_diversity)
        error = supervised_loss(output, target) + recipe.proxy_weight * host
        if recipe.neighbour_weight:
            # Context effects of classes shift log-odds and cannot be taken out of a label.
            centred = target - effect.detach() if target.shape[-1] == 1 else target
            error = error + recipe.neighbour_weight * soft_neighbours(encoded.h, centred)
        if is_clean and detectors is not None and fade.detectors is not None:
            penalty = detectors.penalty(encoded.h, labels, context)
            error = error + recipe.orthogonality * fade.detectors * penalty
        if is_clean and margin is not None:
            error = error + margin(encoded.h, labels, context)
        return error, logits, output

    u = data.take(data.u, index)
    clean, logits, output = view(u, is_clean=True)
    if move is None:
        return clean
    moved, moved_logits, moved_output = view(move(u, drawn), is_clean=False)
    invariance = symmetric_kl(logits, moved_logits) + output_change(output, moved_output)
    return 0.5 * (clean + moved) + recipe.invariance_weight * fade.invariance * invariance


def supervised_loss(output: Tensor, target: Tensor) -> Tensor:
    """(M,) mean squared error for one output, cross-entropy for classes; both (M, B, k)."""
    if target.shape[-1] == 1:
        return (output - target).square().mean((1, 2))
    return -(target * F.log_softmax(output, -1)).sum(-1).mean(-1)
