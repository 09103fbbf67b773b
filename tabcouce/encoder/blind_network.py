"""The blind prediction as one differentiable map, for attributions that need gradients."""

from __future__ import annotations

from torch import Tensor, nn

from tabcouce.encoder.fitted_view import FittedView


class BlindNetwork(nn.Module):
    """(n, q) network inputs -> (n, 1) target values, or (n, k) log-probabilities."""

    def __init__(self, view: FittedView, summed: bool) -> None:
        super().__init__()
        self.view = view
        self.summed = summed

    def forward(self, u: Tensor) -> Tensor:
        mean = self.view.do_tensor(u) if self.summed else self.view.plain_tensor(u)
        return mean if self.view.net.shape.is_regression else mean.clamp_min(1e-12).log()
