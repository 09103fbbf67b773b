"""Attentive grouping (DGML-style): k learnable queries that each read their own mix of columns.

After Xu et al. (arXiv 2011.08877) with columns in place of image positions: every column is a token,
a query attends over the tokens, and the attention says which columns a group reads. With
`CouceRegressor(groups=3)` it takes the place of the encoder's layers; context effects, backdoor sum
and interventions stay. Off by default (benchmarks/results/attentive_grouping.json, one
draw of each process): on contexts never seen R2 -.041 against the layers over six processes (-.089 to
.007), for 1.7 times the CPU time; diversity costs the groups' own answers .32 (G2); the groups did not
become the mechanisms (G3: purity .54, chance a third), so no group may be sold as a root cause; a context
query did not take the machine out of the other groups (G5), and attention did not rank as occlusion
does (G6). The order of columns does not matter (G1), and a group needs the columns it attends to (G4).

DIFF: columns have no order, so a token is a learned identity plus its inputs; the encoder's host in
place of the margin loss; token, key and group widths for few columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder.proxies import proxy_logits, proxy_nca

TOKEN = 16
"""Width of tokens, keys and queries."""


@dataclass(frozen=True)
class Grouped:
    """embedding (M, B, k, d) unit vectors; attention (M, B, k, p), sums to one over columns."""

    embedding: Tensor
    attention: Tensor


class AttentiveGrouping(nn.Module):
    """M members' tokens, keys and queries; members never meet.

    Shape: a (M, B, f) inputs, owner (M, f) their columns in [0, p) -> k embeddings (M, B, k, d)

    late     of the f inputs, so many at the end start at zero weight: their number must not change
             what else is drawn (ramps)
    context  levels that query 0 is taught to name; 0: every query predicts
    """

    identity: Tensor
    value: Tensor
    w0: Tensor
    b0: Tensor
    w1: Tensor
    b1: Tensor
    key: Tensor
    read: Tensor
    query: Tensor
    place: Tensor
    own_level: Tensor

    def __init__(
        self,
        seeds: Sequence[int],
        *,
        columns: int,
        inputs: int,
        groups: int,
        embedding: int,
        late: int = 0,
        context: int = 0,
    ) -> None:
        super().__init__()
        w = TOKEN
        sizes = {
            "identity": (columns, w),
            "value": (inputs - late, w),
            "w0": (w, 2 * w),
            "w1": (2 * w, w),
            "key": (w, w),
            "read": (w, embedding),
            "query": (groups, w),
            "place": (context, embedding),
        }
        drawn = []
        for seed in seeds:
            rng = torch.Generator().manual_seed(seed)
            one = {n: torch.randn(*s, generator=rng) / max(s[0 if n[0] == "w" else 1], 1) ** 0.5
                   for n, s in sizes.items()}  # fmt: skip
            one["value"] = torch.cat([one["value"], torch.zeros(late, w)])
            one |= {"b0": torch.zeros(2 * w), "b1": torch.zeros(w)}
            drawn.append(one)
        for name in drawn[0]:
            self.register_parameter(name, nn.Parameter(torch.stack([one[name] for one in drawn])))
        self.register_buffer("own_level", torch.ones(len(seeds), context))

    def tokens(self, a: Tensor, owner: Tensor) -> Tensor:
        """t_j = MLP(id_j + sum over the column's inputs of a_f w_f); (M, B, f) -> (M, B, p, w)."""
        parts = a[..., None] * self.value[:, None]  # (M, B, f, w)
        summed = self.identity[:, None].expand(-1, a.shape[1], -1, -1)
        summed = summed.scatter_add(2, owner[:, None, :, None].expand_as(parts), parts)
        flat = F.silu(torch.baddbmm(self.b0[:, None], summed.flatten(1, 2), self.w0))
        return torch.baddbmm(self.b1[:, None], flat, self.w1).view_as(summed)

    def attend(self, tokens: Tensor, hidden: Tensor | None = None) -> Grouped:
        """att_g = softmax over columns of key . query_g; e_g = unit(sum att value) (section 6.2).

        Tokens are not mixed before, so attention belongs to a column; their order does not matter.
        hidden  (p,) columns that are masked before the softmax
        """
        asked = torch.bmm(self.key, self.query.transpose(1, 2))  # (M, w, k)
        score = tokens @ asked[:, None]  # (M, B, p, k)
        if hidden is not None:
            score = score.masked_fill(hidden[:, None], -torch.inf)
        attention = score.softmax(dim=2).transpose(2, 3)
        return Grouped(F.normalize(attention @ (tokens @ self.read[:, None]), dim=-1), attention)

    def forward(self, a: Tensor, owner: Tensor, hidden: Tensor | None = None) -> Grouped:
        return self.attend(self.tokens(a, owner), hidden)

    @property
    def naming(self) -> int:
        """1 where query 0 names the context and predicts nothing."""
        return int(self.place.shape[1] > 0)

    def predicting(self, grouped: Grouped) -> Tensor:
        """(M, B, k d) embeddings of the groups that predict, side by side."""
        return grouped.embedding[:, :, self.naming :].flatten(2)

    def penalty(self, grouped: Grouped, context: Tensor, weight: float) -> Tensor:
        """(M,) weight * L_div, and the context's host for query 0; context (M, B, c) level numbers."""
        loss = weight * diversity(grouped.embedding)
        if not self.naming:
            return loss
        logits = proxy_logits(grouped.embedding[:, :, 0], self.place)
        # Levels of another fold in the pack are no choice of this member.
        logits = logits.masked_fill(self.own_level[:, None] == 0, -1e4)
        levels = torch.arange(self.place.shape[1], device=context.device)
        named = (context[..., None] == levels).to(logits).mean(2)
        return loss + proxy_nca(logits, named)


def diversity(embedding: Tensor) -> Tensor:
    """1 / (k - 1) sum over i < j of mean softplus(50 (cos(e_i, e_j) - 0.5)); (M, B, k, d) -> (M,).

    beta_1 = 2, C_n = 25 and beta_2 = 0.5 of the paper: pairs of groups above 0.5 are pushed apart.
    """
    k = embedding.shape[2]
    cosine = embedding @ embedding.transpose(2, 3)
    i, j = torch.triu_indices(k, k, offset=1, device=embedding.device)
    return F.softplus(50 * (cosine[:, :, i, j] - 0.5)).mean(1).sum(1) / max(k - 1, 1)
