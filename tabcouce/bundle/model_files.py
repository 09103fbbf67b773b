"""Models and detectors as files: settings as JSON, arrays, LightGBM's text, treelite; never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as dump_arrays

from tabcouce.advice.past_rows import PastRows
from tabcouce.encoder import CouceDetector
from tabcouce.models.contract import Model, State
from tabcouce.models.control_chart import ControlChart
from tabcouce.models.detection import Detector
from tabcouce.models.labelled_detector import BoostedDetector
from tabcouce.models.outlier_models import OutlierModel
from tabcouce.system.alarm import Alarm
from tabcouce.system.jury import Jury
from tabcouce.system.stack import KINDS, StackModel

MODELS: dict[str, Any] = {**KINDS, StackModel.__name__: StackModel}
DETECTORS: dict[str, Any] = {
    cls.__name__: cls for cls in (BoostedDetector, ControlChart, CouceDetector, OutlierModel)
}


def dump_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()


def model_files(model: Model | Detector | PastRows, stem: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Add a model's files; returns the manifest entry that brings it back."""
    state = model.state()
    files[f"{stem}.settings.json"] = dump_json(state.settings)
    entry: dict[str, Any] = {"class": type(model).__name__, "settings": f"{stem}.settings.json"}
    if state.arrays:
        arrays = {name: np.asarray(array, order="C") for name, array in state.arrays.items()}
        entry["arrays"] = f"{stem}.safetensors"
        files[entry["arrays"]] = dump_arrays(arrays)
    entry["texts"] = {name: f"{stem}.{name}.txt" for name in state.texts}
    files |= {entry["texts"][name]: text.encode() for name, text in state.texts.items()}
    entry["blobs"] = {name: f"{stem}.{name}.treelite" for name in state.blobs}
    files |= {entry["blobs"][name]: blob for name, blob in state.blobs.items()}
    return entry


def alarm_entry(alarm: Alarm, stem: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Add the alarm's detectors; a jury that serves twice is kept once, under its first name."""
    kept: dict[int, str] = {}
    juries: dict[str, Any] = {}
    for name, jury in alarm.juries.items():
        first = kept.setdefault(id(jury.members), name)
        juries[name] = (
            first
            if first != name
            else [
                model_files(one, f"{stem}-{name}-{k}", files) for k, one in enumerate(jury.members, start=1)
            ]
        )
    return {**alarm.settings(), "juries": juries}


def restore_model(entry: Mapping[str, Any], contents: Mapping[str, bytes]) -> Model:
    model: Model = MODELS[entry["class"]].from_state(restore_state(entry, contents))
    return model


def restore_alarm(entry: Mapping[str, Any], contents: Mapping[str, bytes]) -> Alarm:
    juries: dict[str, Jury] = {}
    for name, kept in entry["juries"].items():
        juries[name] = (
            juries[kept]
            if isinstance(kept, str)
            else Jury(tuple(DETECTORS[one["class"]].from_state(restore_state(one, contents)) for one in kept))
        )
    return Alarm.from_settings(entry, juries)


def restore_state(entry: Mapping[str, Any], contents: Mapping[str, bytes]) -> State:
    return State(
        settings=json.loads(contents[entry["settings"]]),
        arrays=load_arrays(contents[entry["arrays"]]) if "arrays" in entry else {},
        texts={name: contents[path].decode() for name, path in entry["texts"].items()},
        blobs={name: contents[path] for name, path in entry["blobs"].items()},
    )
