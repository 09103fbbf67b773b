"""A fitted view as plain arrays and JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tabcouce.encoder.backdoor import Prior
from tabcouce.encoder.fitted_view import FittedView, TargetUnits
from tabcouce.encoder.packed_net import NetShape, PackedNet

Arrays = dict[str, npt.NDArray[Any]]


def view_settings(view: FittedView) -> dict[str, Any]:
    """Sizes and kind; JSON values."""
    return {
        "shape": view.net.shape.settings(),
        "members": view.net.members,
        "use_context": view.use_context,
    }


def view_arrays(view: FittedView, prefix: str) -> Arrays:
    """Weights (as trained, single precision), context effects and prior, under `prefix.`."""
    arrays: Arrays = {
        f"{prefix}.net.{name}": value.numpy().astype(np.float32)
        for name, value in view.net.state_dict().items()
    }
    arrays[f"{prefix}.effect"] = view.effect.numpy()
    arrays[f"{prefix}.centre"] = view.centre.numpy()[:, 0]
    arrays[f"{prefix}.scale"] = view.scale.numpy()[:, 0, 0]
    arrays[f"{prefix}.combination"] = view.prior.combination
    arrays[f"{prefix}.weight"] = view.prior.weight
    return arrays


def view_from(settings: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> FittedView:
    """Inverse of `view_settings` and `view_arrays`."""
    net = PackedNet(NetShape(**settings["shape"]), [0] * int(settings["members"]))
    net.load_state_dict({name: torch.as_tensor(arrays[f"{prefix}.net.{name}"]) for name in net.state_dict()})
    return FittedView(
        net,
        TargetUnits(
            np.asarray(arrays[f"{prefix}.centre"], dtype=float),
            np.asarray(arrays[f"{prefix}.scale"], dtype=float),
        ),
        Prior(np.asarray(arrays[f"{prefix}.combination"]), np.asarray(arrays[f"{prefix}.weight"])),
        np.asarray(arrays[f"{prefix}.effect"], dtype=float),
        bool(settings["use_context"]),
    )
