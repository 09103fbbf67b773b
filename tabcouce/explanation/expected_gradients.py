"""Expected gradients of a differentiable model (Erion et al. 2021)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

ROWS_AT_ONCE = 16

Floats = npt.NDArray[np.float64]


def expected_gradients(
    network: nn.Module,
    inside: Floats,
    background: Floats,
    own: npt.NDArray[np.int64],
    *,
    paths: int,
    seed: int,
) -> Floats:
    """(m, q) mean of (x - x') times the gradient at a random point between row x and reference x'.

    Erion et al. (2021), eq. 3. DIFF: the shares of the way are drawn one from each of `paths` equal
    parts, so that no stretch of it is left out by chance.

    network     (n, q) -> (n, k); of two outputs the difference is explained
    inside      (m, q) rows, background (b, q) references
    own         (m,) the output explained for each row
    """
    rng = np.random.default_rng(seed)
    out = np.empty(inside.shape)
    for start in range(0, len(inside), ROWS_AT_ONCE):
        rows = inside[start : start + ROWS_AT_ONCE]
        reference = background[rng.integers(len(background), size=(len(rows), paths))]  # (r, paths, q)
        place = rng.permuted(np.tile(np.arange(paths), (len(rows), 1)), axis=1)
        share = (place + rng.random(place.shape)) / paths
        way = rows[:, None] - reference
        point = torch.as_tensor((reference + share[..., None] * way).reshape(-1, inside.shape[1]))
        point.requires_grad_()
        told = network(point)
        if told.shape[1] == 2:
            score = told[:, 1] - told[:, 0]
        else:
            column = torch.as_tensor(np.repeat(own[start : start + len(rows)], paths))
            score = told.gather(1, column[:, None])
        (slope,) = torch.autograd.grad(score.sum(), point)
        out[start : start + len(rows)] = (slope.numpy().reshape(way.shape) * way).mean(axis=1)
    return out
