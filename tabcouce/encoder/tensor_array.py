"""Tensors as arrays and back: what a file of fitted models needs of torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["Tensor", "array_of", "tensor_of"]


def array_of(tensor: Tensor) -> tuple[np.ndarray, bool, bool]:
    """Its values, whether it is a Parameter, and whether gradients reach it."""
    learned = isinstance(tensor, torch.nn.Parameter)
    return tensor.detach().cpu().numpy(), learned, tensor.requires_grad


def tensor_of(array: np.ndarray, *, learned: bool, trained: bool) -> Tensor:
    values = torch.from_numpy(array)
    return torch.nn.Parameter(values, trained) if learned else values.requires_grad_(trained)
