"""Trained members of one variant, and the three ways to read them: plain, known context, do(x)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tabcouce.encoder.backdoor import Prior, intercepts, log_odds_intercepts
from tabcouce.encoder.packed_net import Encoded, NetShape, PackedNet
from tabcouce.encoder.proxies import readout

Outputs = npt.NDArray[np.float64]
AT_ONCE = 4096
"""Rows times members that are read at once, and at least FEWEST rows: more outgrow a processor's cache.
Three members read 4,096 rows in half the time of all at once, 320 members 1,000 rows in 0.55 of it."""
FEWEST = 64


@dataclass(frozen=True)
class TargetUnits:
    """Per member the centre (M, k) and scale (M,) of the target; 0 and 1 for classes.

    An output is read as output * scale + centre, for classes before the softmax.
    """

    centre: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]


@dataclass(frozen=True)
class GroupAnswers:
    """The groups of M members on n rows; members number their groups each in its own order.

    embedding  (M, n, k, d) unit vectors, the context's group first where there is one
    attention  (M, n, k, p) what each group reads, not what causes anything; sums to one over columns
    said       (M, groups that predict, n, 1) values each group's proxies alone read out, unit of the
               target; (M, groups, n, classes) probabilities
    """

    embedding: npt.NDArray[np.float64]
    attention: npt.NDArray[np.float64]
    said: npt.NDArray[np.float64]


class FittedView(nn.Module):
    """Members in double precision on the CPU, so that a prediction does not depend on the batch
    it comes in or on the device it was trained on.

    Regression returns (n, 1) in units of the target, classification (n, k) probabilities;
    both are means over members.
    """

    effect: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        net: PackedNet,
        units: TargetUnits,
        prior: Prior,
        effect: npt.NDArray[np.float64],
        use_context: bool,
    ) -> None:
        super().__init__()
        self.net = net.double().requires_grad_(False).eval()
        self.prior = prior
        self.use_context = use_context
        self.register_buffer("effect", torch.as_tensor(effect))  # (M, L + 1, k)
        self.register_buffer("centre", torch.as_tensor(units.centre)[:, None])
        self.register_buffer("scale", torch.as_tensor(units.scale)[:, None, None])

    @classmethod
    def of(
        cls,
        shape: NetShape,
        weights: Sequence[Mapping[str, npt.NDArray[np.float32]]],
        units: TargetUnits,
        prior: Prior,
        use_context: bool,
    ) -> FittedView:
        """From the members' trained weights, context effects still zero."""
        net = PackedNet(shape, [0] * len(weights))
        net.load_state_dict(
            {name: torch.stack([torch.as_tensor(w[name]) for w in weights]) for name in net.state_dict()}
        )
        effect = np.zeros((len(weights), shape.levels + 1, shape.outputs))
        return cls(net, units, prior, effect, use_context)

    def shrunk(self, share: float, centre: npt.NDArray[np.float64]) -> FittedView:
        """A copy that reads every member's answer z as centre + share (z - centre)."""
        own = copy.deepcopy(self)
        own.scale *= share
        own.centre.mul_(share).add_(torch.as_tensor((1 - share) * centre))
        return own

    # Tensors in, tensors out: also differentiated by attributions ------------------------

    def _encode(self, u: Tensor, hidden: Tensor | None = None) -> Encoded:
        members = self.net.members
        # Folds of one pack share the widest fold's inputs: another fold saw a level or a blank
        # that this one did not.
        u = nn.functional.pad(u, (0, self.net.shape.read - u.shape[1]))
        return self.net.encode(u.double().unsqueeze(0).expand(members, -1, -1), hidden)

    def _with_context(self, encoded: Encoded, index: Tensor) -> Tensor:
        """(M, n, k) outputs in member units for given contexts; index (n or 1, c)."""
        batch = index.unsqueeze(0).expand(self.net.members, -1, -1)
        output = self.net.output(encoded, self.net.logits(encoded, self.net.embedding_shift(batch)))
        own = torch.arange(self.net.members)[:, None, None]
        return output + self.effect[own, batch].sum(dim=2)

    def each(self, output: Tensor) -> Tensor:
        """(M, n, k) what each member's outputs say: values in target units, or probabilities."""
        read = output * self.scale + self.centre
        return read if self.net.shape.is_regression else read.softmax(-1)

    def _mean(self, output: Tensor) -> Tensor:
        """Mean over members (M, n, k) -> (n, k)."""
        return self.each(output).mean(0)

    def plain_tensor(self, u: Tensor) -> Tensor:
        """Without context: what a pooled variant predicts for everyone."""
        encoded = self._encode(u)
        return self._mean(self.net.output(encoded, self.net.logits(encoded)))

    def do_tensor(self, u: Tensor) -> Tensor:
        """sum_k P(k) prediction(u, k), term by term over the contexts of training."""
        encoded = self._encode(u)
        terms = [
            weight * self._mean(self._with_context(encoded, torch.as_tensor(combination)[None]))
            for combination, weight in zip(self.prior.combination, self.prior.weight, strict=True)
        ]
        return torch.stack(terms).sum(0)

    def known_tensor(self, u: Tensor, index: Tensor) -> Tensor:
        return self._mean(self._with_context(self._encode(u), index))

    # Arrays in, arrays out ----------------------------------------------------------------

    def plain(self, u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return self._in_parts(u, None, "plain")

    def do(self, u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return self._in_parts(u, None, "do")

    def known(self, u: npt.NDArray[np.float64], index: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return self._in_parts(u, index, "known")

    @torch.no_grad()
    def _in_parts(
        self, u: npt.NDArray[np.float64], index: npt.NDArray[np.int64] | None, way: str
    ) -> npt.NDArray[np.float64]:
        out = np.empty((len(u), self.net.shape.outputs))
        for part in self._parts(len(u)):
            block = torch.as_tensor(u[part])
            if way == "plain":
                out[part] = self.plain_tensor(block).numpy()
            elif way == "do":
                out[part] = self.do_tensor(block).numpy()
            else:
                assert index is not None
                out[part] = self.known_tensor(block, torch.as_tensor(index[part])).numpy()
        return out

    def _parts(self, rows: int) -> Iterator[slice]:
        size = max(FEWEST, AT_ONCE // self.net.members)
        return (slice(start, start + size) for start in range(0, rows, size))

    @torch.no_grad()
    def embedding(self, u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, M d) unit embeddings of the members side by side, together of length one."""
        h = self._encode(torch.as_tensor(u)).h
        z = nn.functional.normalize(h, dim=-1) / np.sqrt(self.net.members)
        return z.permute(1, 0, 2).reshape(len(u), -1).numpy()

    @torch.no_grad()
    def by_group(
        self, u: npt.NDArray[np.float64], hidden: npt.NDArray[np.bool_] | None = None
    ) -> GroupAnswers:
        """What the groups read and say of rows u (n, q), without context; needs groups."""
        mask = None if hidden is None else torch.as_tensor(hidden)
        encoded = self._encode(torch.as_tensor(u), mask)
        assert encoded.grouped is not None
        logits = torch.stack(self.net.logits_by_group(encoded))  # (k, M, n, K)
        if self.net.shape.is_regression:
            said = torch.stack([readout(one, self.net.bin_value) for one in logits])[..., None]
            said = said * self.scale + self.centre
        else:
            said = logits.softmax(-1)
        return GroupAnswers(
            encoded.grouped.embedding.numpy(),
            encoded.grouped.attention.numpy(),
            said.transpose(0, 1).numpy(),
        )

    @torch.no_grad()
    def learn_intercepts(
        self, outputs: Outputs, y: npt.NDArray[np.float64], rows: Sequence[npt.NDArray[np.int64]]
    ) -> Outputs:
        """Intercept of each member given the trained network, from rows[m] for member m; no context.

        The pass that is kept predicts held-out contexts best; the mean of its answers is wherever the last
        steps left it, which skewed targets and rare classes pay for (encoder_intercept.json among the
        benchmarks' results). For a view without context effects, which else take it up.

        outputs  (M, n, k) of the rows as the network stands; returned with the new intercepts
        """
        outputs = outputs.copy()
        for m, own in enumerate(rows):
            if self.net.shape.is_regression:
                target = (y[own] - float(self.centre[m])) / float(self.scale[m])
                shift = np.array([(target - outputs[m, own, 0]).mean()])
            else:
                alike = np.zeros((len(own), 1), dtype=np.int64)
                shift = log_odds_intercepts(outputs[m, own], y[own].astype(np.int64), alike, 1, sweeps=20)[0]
            # Weights are kept in single precision.
            before = self.net.b_head[m].clone()
            self.net.b_head[m] = (before + torch.as_tensor(shift)).float()
            outputs[m] += (self.net.b_head[m] - before).numpy()
        return outputs

    @torch.no_grad()
    def learn_effects(
        self,
        outputs: Outputs,
        y: npt.NDArray[np.float64],
        index: npt.NDArray[np.int64],
        rows: Sequence[npt.NDArray[np.int64]],
    ) -> None:
        """Closed-form context effects given the trained network, from rows[m] for member m.

        outputs  (M, n, k) of the rows without effects

        Replaces the effects of the gradient, which only served to keep context out of the
        slopes; a context that a member held out gets its effect here too.
        """
        self.effect.zero_()
        if index.shape[1] == 0:
            return
        total = self.net.shape.levels
        for m, own in enumerate(rows):
            output = outputs[m, own]
            if self.net.shape.is_regression:
                target = (y[own] - float(self.centre[m])) / float(self.scale[m])
                residual = target - output[:, 0]
                effect = intercepts(residual - residual.mean(), index[own], total)[:, None]
                # The constant that fits the training rows belongs to every context alike.
                effect[:, 0] += residual.mean() / index.shape[1]
            else:
                effect = log_odds_intercepts(output, y[own].astype(np.int64), index[own], total)
            self.effect[m] = torch.as_tensor(effect)

    @torch.no_grad()
    def outputs(self, u: npt.NDArray[np.float64], index: npt.NDArray[np.int64] | None) -> Outputs:
        """(M, n, k) outputs in member units, under the rows' own atoms and effects or without context."""
        parts = []
        for part in self._parts(len(u)):
            encoded = self._encode(torch.as_tensor(u[part]))
            if index is None:
                parts.append(self.net.output(encoded, self.net.logits(encoded)).numpy())
            else:
                parts.append(self._with_context(encoded, torch.as_tensor(index[part])).numpy())
        return np.concatenate(parts, axis=1)
