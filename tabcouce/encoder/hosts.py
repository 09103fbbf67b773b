"""Host losses: what draws embeddings to the proxies of their class or target bin.

All take soft labels q and equal their published formula where q is one-hot. Shapes: cosine and
labels (M, B, K); each returns (M,), one loss a member. ProxyNCA++ is the default: over 13
simulated processes and five seeds neither another host nor the neighbour term earns its place by
the drop rule (benchmarks/results/encoder_hosts.json).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from tabcouce.encoder.proxies import HOST_SCALE, proxy_nca

Host = Literal["proxy_nca", "proxy_anchor", "soft_triple"]
HOSTS: tuple[Host, ...] = ("proxy_nca", "proxy_anchor", "soft_triple")
CENTRES = 2
"""Proxies a class under SoftTriple. DIFF: 10 in the paper, whose classes are many images."""
ANCHOR_SCALE, ANCHOR_MARGIN = 32.0, 0.1
TRIPLE_SCALE, TRIPLE_MARGIN, TRIPLE_SPREAD = 20.0, 0.01, 0.2
TRIPLE_GAMMA = 0.1


def host_loss(host: Host, logits: Tensor, labels: Tensor, proxies: Tensor) -> Tensor:
    """The named host on logits 18 cos (M, B, K); proxies (M, K * centres, d)."""
    if host == "proxy_anchor":
        return proxy_anchor(logits / HOST_SCALE, labels)
    if host == "soft_triple":
        return soft_triple(logits / HOST_SCALE, labels) + TRIPLE_SPREAD * centre_spread(
            proxies, labels.shape[-1]
        )
    return proxy_nca(logits, labels)


def proxy_anchor(cosine: Tensor, labels: Tensor) -> Tensor:
    """Proxy-Anchor (Kim et al., CVPR 2020, eq. 4), soft: w+ = q / max_k q and w- = 1 - w+.

    mean over proxies with positives of log(1 + sum_i w+ exp(-32 (s - 0.1)))
    + mean over all proxies of log(1 + sum_i w- exp(32 (s + 0.1))).
    A proxy has positives where its weights sum to more than one half.
    """
    near = labels / labels.amax(dim=-1, keepdim=True).clamp_min(1e-12)
    attract = _log_one_plus(near, -ANCHOR_SCALE * (cosine - ANCHOR_MARGIN))
    repel = _log_one_plus(1 - near, ANCHOR_SCALE * (cosine + ANCHOR_MARGIN))
    there = (near.sum(dim=1) > 0.5).to(cosine)
    return (attract * there).sum(-1) / there.sum(-1).clamp_min(1) + repel.mean(-1)


def _log_one_plus(weight: Tensor, exponent: Tensor) -> Tensor:
    """log(1 + sum_i w_i e^{a_i}) over rows, stable; (M, B, K) -> (M, K)."""
    # A weight of zero is a row that is not there; log of a tiny number would still pull.
    terms = torch.where(weight > 0, exponent + weight.clamp_min(1e-30).log(), -torch.inf)
    return torch.cat([torch.zeros_like(terms[:, :1]), terms], dim=1).logsumexp(dim=1)


def triple_similarity(cosine: Tensor, classes: int) -> Tensor:
    """S'_ic = sum_k softmax_k(cos_ick / 0.1) cos_ick (Qian et al., ICCV 2019, eq. 6).

    cosine (M, B, C * centres), a class's centres side by side; returns (M, B, C).
    """
    own = cosine.unflatten(-1, (classes, -1))
    return ((own / TRIPLE_GAMMA).softmax(-1) * own).sum(-1)


def soft_triple(similarity: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of 20 (S' - 0.01 q) against q (SoftTriple, eq. 7); similarity (M, B, C)."""
    logits = TRIPLE_SCALE * (similarity - TRIPLE_MARGIN * labels)
    return -(labels * F.log_softmax(logits, -1)).sum(-1).mean(-1)


def centre_spread(proxies: Tensor, classes: int) -> Tensor:
    """sum_c sum_{s<t} sqrt(2 + 1e-5 - 2 w_cs . w_ct) / (C K (K - 1)): lets centres merge (eq. 9).

    proxies (M, C * K, d); returns (M,), 0 for one centre a class.
    """
    centre = F.normalize(proxies, dim=-1).unflatten(1, (classes, -1))
    count = centre.shape[2]
    if count < 2:
        return proxies.new_zeros(len(proxies))
    row, column = torch.triu_indices(count, count, offset=1, device=proxies.device)
    cosine = (centre[:, :, row] * centre[:, :, column]).sum(-1)
    return (2.0 + 1e-5 - 2.0 * cosine).sqrt().sum((1, 2)) / (classes * count * (count - 1))


def soft_neighbours(h: Tensor, target: Tensor) -> Tensor:
    """Error of predicting each row from the others of its batch, near ones first.

    w_ij ~ exp(18 cos(h_i, h_j)), j != i. Classes: -log sum_{j: y_j = y_i} w_ij (Frosst et al.,
    ICML 2019); a row alone in its class counts nothing. Values: (y_i - sum_j w_ij y_j)^2, with
    the rows' context effects taken out of y by the caller, so that machines do not define
    neighbourhoods (ModernNCA, Ye et al., ICLR 2025, with that DIFF).

    h (M, B, d); target (M, B, k): one-hot classes, or k = 1 value.
    """
    z = F.normalize(h, dim=-1)
    closeness = HOST_SCALE * torch.bmm(z, z.transpose(1, 2))
    self_pair = torch.eye(h.shape[1], dtype=torch.bool, device=h.device)
    log_weight = F.log_softmax(closeness.masked_fill(self_pair, -torch.inf), dim=-1)
    if target.shape[-1] == 1:
        return (target - torch.bmm(log_weight.exp(), target)).square().mean((1, 2))
    same = torch.bmm(target, target.transpose(1, 2)).masked_fill(self_pair, 0.0) > 0.5
    has_peer = same.any(-1)
    agreed = torch.where(same, log_weight, -torch.inf)
    # Rows without a peer get a finite stand-in before the mask: their gradient must be 0, not NaN.
    agreed = torch.where(has_peer[..., None], agreed, torch.zeros_like(agreed)).logsumexp(-1)
    return -(agreed * has_peer).sum(-1) / has_peer.sum(-1).clamp_min(1)
