"""A fitted kernel head as plain arrays and JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.head_choice import ChosenHead
from tabcouce.encoder.head_contexts import HeadContexts
from tabcouce.encoder.kernel_head import HeadInputs, HeadTarget, KernelHead
from tabcouce.models.class_odds import ClassOdds
from tabcouce.models.estimator import TargetRange
from tabcouce.models.feature_machine import Metric
from tabcouce.models.kernel_choice import Setting
from tabcouce.models.kernel_machine import KernelMachine
from tabcouce.models.kernel_rows import MODES, KernelRows, Mode

Arrays = dict[str, npt.NDArray[Any]]
INPUTS = ("reads", "mean", "factor", "centre", "scale")


def head_settings(chosen: ChosenHead) -> dict[str, Any]:
    """Where it is believed, and what its kernels are; JSON values."""
    head, target = chosen.head, chosen.head.target
    return {
        "blind": chosen.blind,
        "shots": chosen.shots,
        "known": None if chosen.known is None else list(chosen.known.columns),
        "numeric": head.inputs.numeric,
        "scale": target.scale,
        "range": [target.range.lower, target.range.upper],
        "slope": None if target.odds is None else target.odds.slope,
        "machines": [
            {
                "modes": modes,
                "view": machine.setting.view,
                "bandwidth": machine.setting.metric.bandwidth,
                "linear": machine.setting.metric.linear,
                "ridge": machine.setting.ridge,
                "tau2": machine.setting.tau2,
            }
            for modes, machine in _distinct(head)
        ],
    }


def head_arrays(chosen: ChosenHead) -> Arrays:
    """Rows of the fit, column scales, metrics and coefficients, under `head.`."""
    head = chosen.head
    rows = head.machines["blind"].rows
    arrays: Arrays = {f"head.{name}": getattr(head.inputs, name) for name in INPUTS}
    arrays |= {"head.target": head.target.centre, "head.Z": rows.Z, "head.y": rows.y}
    arrays |= {"head.code": rows.code, "head.row_mean": rows.mean, "head.means": head.means}
    if chosen.known is not None:
        arrays |= {f"head.levels_{k}": level for k, level in enumerate(chosen.known.levels)}
    if head.target.odds is not None:
        arrays["head.shift"] = head.target.odds.shift
    for k, (_, machine) in enumerate(_distinct(head)):
        arrays |= {f"head.weight_{k}": machine.setting.metric.weight, f"head.alpha_{k}": machine.alpha}
    return arrays


def head_from(settings: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> ChosenHead:
    """Inverse of `head_settings` and `head_arrays`; it has no left-out answers."""
    reads, *scales = (arrays[f"head.{name}"] for name in INPUTS)
    inputs = HeadInputs(reads, settings["numeric"], *scales)
    odds = None if settings["slope"] is None else ClassOdds(settings["slope"], arrays["head.shift"])
    target = HeadTarget(arrays["head.target"], settings["scale"], TargetRange(*settings["range"]), odds)
    rows = KernelRows(
        arrays["head.Z"], arrays["head.y"], arrays["head.code"], arrays["head.row_mean"], inputs.movable
    )
    machines: dict[Mode, KernelMachine] = {}
    for k, one in enumerate(settings["machines"]):
        metric = Metric(arrays[f"head.weight_{k}"], one["bandwidth"], one["linear"])
        setting = Setting(one["view"], metric, one["ridge"], one["tau2"])
        machine = KernelMachine(setting, rows, arrays[f"head.alpha_{k}"])
        machines |= dict.fromkeys(one["modes"], machine)
    # Studies from before the head answered for known contexts have neither means nor levels.
    means = arrays.get("head.means", np.zeros((1, rows.Z.shape[1])))
    head = KernelHead(inputs, target, machines, rows, means, np.zeros(0))
    known = settings.get("known")
    if known is not None:
        known = HeadContexts(tuple(known), tuple(arrays[f"head.levels_{k}"] for k in range(len(known))))
    return ChosenHead(head, settings["blind"], settings["shots"], known)


def _distinct(head: KernelHead) -> list[tuple[list[Mode], KernelMachine]]:
    """Each machine once, with the modes it serves."""
    found: dict[int, tuple[list[Mode], KernelMachine]] = {}
    for mode in MODES:
        machine = head.machines[mode]
        found.setdefault(id(machine), ([], machine))[0].append(mode)
    return list(found.values())
