"""ODBA's detector atoms: running means of where each context pulls the embedding, and the penalty.

An auxiliary, off by default: with it the machine is read from embeddings a little worse (balanced
accuracy -0.04, where -0.05 was claimed) and unseen machines are predicted no better; the gate is
not as sharp as claimed (`benchmarks/results/couce_claims.json`, C4 and C5).
Detectors (no gradient) are not the adjustment atoms of the backdoor sum, which are trained.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

RATE = 0.1
"""rho of the running mean; tables have fewer batches than images."""


def class_residual(z: Tensor, labels: Tensor) -> Tensor:
    """r_i = z_i less the mean embedding of its target bin (type Y), bins smoothed by soft labels.

    Type Y because under selection z may depend on the context through the target alone. The
    reference has no gradient. z (M, B, d) unit; labels (M, B, K); returns (M, B, d).
    """
    with torch.no_grad():
        weight = labels.transpose(1, 2)
        mean = torch.bmm(weight, z) / weight.sum(-1, keepdim=True).clamp_min(1e-9)
        reference = torch.bmm(labels, mean)
    return z - reference


def variance_gate(noise: Tensor, atom: Tensor) -> Tensor:
    """G1: max(0, 1 - s2 / |D|^2), the positive part of James and Stein: closed for noise.

    noise (...,) s2, variance of the atom as an estimate; atom (..., d).
    """
    size = atom.square().sum(-1)
    return torch.where(size > 0, (1 - noise / size.clamp_min(1e-30)).clamp_min(0.0), 0.0)


def soft_orthogonality(residual: Tensor, atoms: Tensor, gate: Tensor) -> Tensor:
    """mean_i sum_k g_k (r_i . D_k / |D_k|)^2; atoms and gates are constants.

    residual (M, B, d), atoms (M, L, d), gate (M, L); returns (M,). DIFF: the penalty between
    atoms is left out; atoms have no gradient, so it would move nothing.
    """
    direction = F.normalize(atoms.detach(), dim=-1)
    along = torch.bmm(residual, direction.transpose(1, 2))
    return (along.square() * gate.detach()[:, None]).sum(-1).mean(-1)


class Detectors:
    """The running dictionary of a pack: atoms (M, L, d), one a context level of every member."""

    def __init__(self, rows_of_level: Tensor, embedding: int, *, gated: bool = True) -> None:
        """rows_of_level (M, L): training rows of each level; gated: G1, or always open (G0)."""
        self.rows = rows_of_level
        self.gated = gated
        self.atoms = torch.zeros(*rows_of_level.shape, embedding, device=rows_of_level.device)
        self.per_batch = torch.zeros_like(rows_of_level)
        self.scatter = torch.zeros(len(rows_of_level), device=rows_of_level.device)
        self.seen = torch.zeros_like(rows_of_level, dtype=torch.bool)

    @torch.no_grad()
    def update(self, residual: Tensor, context: Tensor) -> None:
        """D <- (1 - rho) D + rho m for levels in the batch; context (M, B, c) level numbers."""
        levels = self.rows.shape[1]
        member = F.one_hot(context, levels + 1).sum(2)[..., :levels].to(residual)
        count = member.sum(1)
        mean = torch.bmm(member.transpose(1, 2), residual) / count[..., None].clamp_min(1)
        present = count > 0
        rate = torch.where(self.seen, RATE, 1.0) * present
        self.atoms += rate[..., None] * (mean - self.atoms)
        self.per_batch += rate * (count - self.per_batch)
        spread = (residual - residual.mean(1, keepdim=True)).square().sum(-1).mean(-1)
        self.scatter = torch.where(self.seen.any(-1), self.scatter + RATE * (spread - self.scatter), spread)
        self.seen |= present

    def gate(self) -> Tensor:
        """(M, L) gates; 0 for a level not met yet.

        s2 = tr Var(r) / n_eff with n_eff = n_k (2 - rho) / rho, the variance of a running mean of
        batch means. DIFF: never more than the level's training rows, which the batches repeat:
        three rows read a hundred times are still three.
        """
        if not self.gated:
            return self.seen.to(self.atoms)
        effective = torch.minimum(self.per_batch * (2 - RATE) / RATE, self.rows).clamp_min(1e-9)
        return variance_gate(self.scatter[:, None] / effective, self.atoms) * self.seen

    def penalty(self, h: Tensor, labels: Tensor, context: Tensor) -> Tensor:
        """(M,) soft orthogonality of the batch against the updated dictionary; h (M, B, d)."""
        residual = class_residual(F.normalize(h, dim=-1), labels)
        self.update(residual.detach(), context)
        return soft_orthogonality(residual, self.atoms, self.gate())
