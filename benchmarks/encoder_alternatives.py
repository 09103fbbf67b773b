"""What the encoder does without, put in from outside: tabular.md 7.6, A9, A13 and A14.

    python benchmarks/encoder_alternatives.py ../shared/data [--seeds 1] [--rows 400] [--minutes 40]
    python benchmarks/encoder_alternatives.py ../shared/data --shuffled --parts trained --out NAME

The tables of benchmarks/encoder_ablation.py that have contexts, and its simulated processes; the same folds,
modes and scores. A gain is the encoder with the addition less the encoder as it is. Each penalty
enters the training loss after the package's own terms, faded in as they are, at two strengths, of the
first context column:

  trained         members keep the intercept of their last step (`FittedView.learn_intercepts`)
  rows            members hold out rows in place of contexts, as a shuffled split does
  skip            A9: a linear skip for every member, not for intervened ones only, and its straight
                  line as the start
  neighbours      the soft-nearest-neighbour term, any two rows of the batch
  across          A13: the same term, neighbours of other contexts only
  coral           A14: difference of the contexts' means and covariances of h (Sun and Saenko, 2016, in the
                  form of Gulrajani and Lopez-Paz, 2021)
  irm             A14: squared gradient of each context's risk by a scale on the answer (IRMv1, Arjovsky et
                  al., 2019)
  dann            A14: an adversary that tells the context from h, its gradient reversed (Ganin et al., 2016)

None of them is in the package but for the intercepts that `trained` leaves out: these are the figures that
say why.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

import numpy as np
import torch
from encoder_ablation import DEFAULT, asked, fitted, read_sets, run_sets
from encoder_head import scores
from peers.benchmark_set import BenchmarkSet
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder import members, packed_training
from tabcouce.encoder.batches import Drawn, PackedRows
from tabcouce.encoder.fitted_view import FittedView
from tabcouce.encoder.hosts import HOST_SCALE, soft_neighbours
from tabcouce.encoder.losses import Fade, training_loss
from tabcouce.encoder.members import Variant
from tabcouce.encoder.packed_net import PackedNet
from tabcouce.splits import Split

Penalty = Callable[[PackedNet, Tensor, Tensor, Tensor, Tensor], Tensor]
"""net, h (M, B, d), output (M, B, k), target (M, B, k), member (M, B, L) one-hot context -> (M,)."""
STRENGTHS = (0.1, 1.0)
ADVERSARY_RATE = 1e-2


def any_neighbour(net: PackedNet, h: Tensor, output: Tensor, target: Tensor, member: Tensor) -> Tensor:
    return soft_neighbours(h, target)


def neighbours_across(net: PackedNet, h: Tensor, output: Tensor, target: Tensor, member: Tensor) -> Tensor:
    """`soft_neighbours` without the rows of a row's own context; a row without others counts nothing."""
    z = F.normalize(h, dim=-1)
    other = torch.bmm(member, member.transpose(1, 2)) < 0.5
    has_other = other.any(-1)
    closeness = (HOST_SCALE * torch.bmm(z, z.transpose(1, 2))).masked_fill(~other, -torch.inf)
    closeness = torch.where(has_other[..., None], closeness, torch.zeros_like(closeness))
    log_weight = F.log_softmax(closeness, dim=-1)
    if target.shape[-1] == 1:
        error = (target - torch.bmm(log_weight.exp(), target)).square().sum(-1)
        return (error * has_other).sum(-1) / has_other.sum(-1).clamp_min(1)
    same = (torch.bmm(target, target.transpose(1, 2)) > 0.5) & other
    has_peer = same.any(-1)
    agreed = torch.where(same, log_weight, -torch.inf)
    agreed = torch.where(has_peer[..., None], agreed, torch.zeros_like(agreed)).logsumexp(-1)
    return -(agreed * has_peer).sum(-1) / has_peer.sum(-1).clamp_min(1)


def coral(net: PackedNet, h: Tensor, output: Tensor, target: Tensor, member: Tensor) -> Tensor:
    """Mean over pairs of contexts with two rows or more of squared differences of means and covariances."""
    count = member.sum(1)
    mean = torch.einsum("mbl,mbd->mld", member, h) / count.clamp_min(1)[..., None]
    centred = h - torch.einsum("mbl,mld->mbd", member, mean)
    spread = torch.einsum("mbl,mbd,mbe->mlde", member, centred, centred)
    spread = spread / (count - 1).clamp_min(1)[..., None, None]
    known = (count >= 2).to(h.dtype)
    moments = (mean, spread.flatten(2))
    return sum((_apart(each, known) for each in moments), start=torch.zeros_like(known[:, 0]))


def _apart(x: Tensor, known: Tensor) -> Tensor:
    """(M,) mean over pairs i != j of mean((x_i - x_j)^2), of the known ones; x (M, L, w), known (M, L).

    sum over pairs |x_i - x_j|^2 = 2 (n sum |x_i|^2 - |sum x_i|^2): hundreds of lots need no pair of them.
    """
    x = x * known[..., None]
    n = known.sum(1)
    total = 2 * (n * x.square().sum((1, 2)) - x.sum(1).square().sum(1))
    return total / (n * (n - 1)).clamp_min(1) / x.shape[-1]


def irm(net: PackedNet, h: Tensor, output: Tensor, target: Tensor, member: Tensor) -> Tensor:
    """Mean over contexts of (d risk / d w)^2 at w = 1 for the answer w f: in closed form.

    (2 mean (f - y) f)^2 for values, (mean sum_k (p_k - y_k) f_k)^2 for classes.
    """
    if target.shape[-1] == 1:
        slope = 2 * ((output - target) * output).sum(-1)
    else:
        slope = ((F.softmax(output, -1) - target) * output).sum(-1)
    count = member.sum(1)
    each = torch.einsum("mbl,mb->ml", member, slope) / count.clamp_min(1)
    known = (count > 0).float()
    return (known * each.square()).sum(-1) / known.sum(-1).clamp_min(1)


class Adversary:
    """A linear reader of the context from h for every network that is trained, one step of its own a step."""

    def __init__(self) -> None:
        self.readers: WeakKeyDictionary[PackedNet, tuple[nn.Parameter, torch.optim.Adam]] = (
            WeakKeyDictionary()
        )

    def __call__(self, net: PackedNet, h: Tensor, output: Tensor, target: Tensor, member: Tensor) -> Tensor:
        if net not in self.readers:
            weight = nn.Parameter(torch.zeros(h.shape[0], h.shape[-1], member.shape[-1]))
            self.readers[net] = weight, torch.optim.Adam([weight], lr=ADVERSARY_RATE)
        weight, adam = self.readers[net]
        adam.zero_grad()
        self._mistakes(h.detach(), weight, member).sum().backward()
        adam.step()
        return -self._mistakes(h, weight.detach(), member)

    @staticmethod
    def _mistakes(h: Tensor, weight: Tensor, member: Tensor) -> Tensor:
        """(M,) cross-entropy of the context."""
        return -(F.log_softmax(torch.bmm(h, weight), -1) * member).sum(-1).mean(-1)


PENALTIES: dict[str, Callable[[], Penalty]] = {
    "neighbours": lambda: any_neighbour,
    "across": lambda: neighbours_across,
    "coral": lambda: coral,
    "irm": lambda: irm,
    "dann": Adversary,
}


def with_penalty(penalty: Penalty, strength: float) -> AbstractContextManager[Any]:
    """The package's training loss plus the penalty."""

    def loss(net: PackedNet, data: PackedRows, drawn: Drawn, *rest: Any) -> Tensor:
        own = training_loss(net, data, drawn, *rest)
        fade: Fade = rest[2]
        index = drawn.rows
        context, target = data.take(data.context, index), data.take(data.target, index)
        member = F.one_hot(context[..., 0], net.shape.levels + 1).float()
        encoded = net.encode(data.take(data.u, index))
        effect = net.output_shift(context)
        if target.shape[-1] == 1:  # as in the package: a context's level must not define neighbourhoods
            target = target - effect.detach()
        return own + strength * fade.invariance * penalty(net, encoded.h, encoded.supervised, target, member)

    return mock.patch.object(packed_training, "training_loss", loss)


def with_skip() -> AbstractContextManager[Any]:
    """Every variant has a linear skip."""
    return mock.patch.object(Variant, "linear_skip", True)


def with_trained_intercepts() -> AbstractContextManager[Any]:
    """No intercept is learnt after training."""
    return mock.patch.object(FittedView, "learn_intercepts", lambda _, outputs, *__: outputs)


def with_rows_held_out() -> AbstractContextManager[Any]:
    """Members hold out rows, not contexts."""
    return mock.patch.object(members, "held_out_unit", lambda context, _: np.arange(len(context)))


PARTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "rows": with_rows_held_out,
    "trained": with_trained_intercepts,
    "skip": with_skip,
} | {
    f"{name} {strength:g}": lambda name=name, strength=strength: with_penalty(PENALTIES[name](), strength)
    for name in PENALTIES
    for strength in STRENGTHS
}


def measured(one: BenchmarkSet, split: Split, seed: int, parts: list[str]) -> dict[str, Any]:
    """Per variant and mode the score of every fold, and what training cost."""
    out: dict[str, Any] = {}
    for name in [DEFAULT, *parts]:
        start = time.process_time()
        with PARTS.get(name, nullcontext)():
            models = fitted(one, split, seed, {})
        spent = time.process_time() - start
        out[name] = {**scores(one, split, models, seed), "cpu_s": round(spent, 1)}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shuffled", action="store_true", help="shuffled rows of every set, blind")
    args = asked(parser, [*PARTS], "encoder_alternatives")
    place = 0 if args.shuffled else -1
    tables = [
        (name, one)
        for name, one in read_sets(args.folder, args.rows, args.only)
        if args.shuffled or one.splits[place].key.startswith("unseen:")
    ]
    run_sets(args, tables, lambda one, seed: measured(one, one.splits[place], seed, args.parts), PARTS)


if __name__ == "__main__":
    main()
