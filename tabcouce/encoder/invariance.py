"""What an intervention is asked to leave unchanged: proxy rankings and the supervised output."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it


def symmetric_kl(logits: Tensor, moved: Tensor) -> Tensor:
    """1/2 [KL(sg(p) || p~) + KL(sg(p~) || p)] over proxies, mean over rows.

    Stop-gradient on each target: neither view may pull its teacher towards itself.
    logits, moved (M, B, K); returns (M,).
    """
    log_p, log_m = F.log_softmax(logits, -1), F.log_softmax(moved, -1)
    p, m = log_p.detach().exp(), log_m.detach().exp()
    forward = (p * (log_p.detach() - log_m)).sum(-1)
    backward = (m * (log_m.detach() - log_p)).sum(-1)
    return 0.5 * (forward + backward).mean(-1)


def output_change(output: Tensor, moved: Tensor) -> Tensor:
    """The same invariance for the supervised output, which the proxies' term leaves free.

    Classes: symmetric KL. Regression: symmetric KL of two Gaussians of unit variance, D^2 / 2
    from each side, D the difference in standardised target units.
    output, moved (M, B, k); returns (M,).
    """
    if output.shape[-1] > 1:
        return symmetric_kl(output, moved)
    return (output - moved).square().mean((1, 2))


def ramp(progress: float) -> float:
    """exp(-5 (1 - t)^2): the invariance term fades in (schedule of FACT, Xu et al., CVPR 2021)."""
    return float(np.exp(-5.0 * (1.0 - min(progress, 1.0)) ** 2))
