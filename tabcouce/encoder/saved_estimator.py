"""A fitted estimator as arrays and JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np

from tabcouce.encoder.answers import CouceAnswers
from tabcouce.encoder.backdoor import ContextLevels
from tabcouce.encoder.column_code import ColumnCode
from tabcouce.encoder.inner_selection import InnerTrial
from tabcouce.encoder.members import Variant
from tabcouce.encoder.nuisance import Nuisance
from tabcouce.encoder.random_slopes import RandomSlopes
from tabcouce.encoder.saved_head import head_arrays, head_from, head_settings
from tabcouce.encoder.saved_view import view_arrays, view_from, view_settings
from tabcouce.encoder.shots import LeftOutRows
from tabcouce.encoder.within_context import TypicalContext
from tabcouce.models.contract import State

Fitted = TypeVar("Fitted", bound=CouceAnswers)

KEPT = (
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "view_",
    "calibration_slope_",
    "intervention_",
    "rows_used_",
    "range_",
    "overlap_",
)
"""Fitted attributes that are kept as they are."""
SLOPES = ("centre", "whiten", "atoms", "codes")
"""Arrays of the random slopes."""


def saved(model: CouceAnswers) -> State:
    """Settings and weights of a fitted estimator."""
    views = {"blind": model.blind_}
    if model.adjusted_ is not model.blind_:
        views["adjusted"] = model.adjusted_
    if model.within_ is not None:
        views["within"] = model.within_
    settings = {
        "parameters": _plain(model.get_params()),
        "code": model.code_.settings(),
        "levels": model.levels_.settings(),
        "views": {name: view_settings(view) for name, view in views.items()},
        "selection": [
            {"variant": asdict(one.variant), "unit": _plain(one.unit), "loss": _plain(one.loss)}
            for one in model.selection_
        ],
        "fitted": {name: _plain(getattr(model, name)) for name in KEPT if hasattr(model, name)},
    }
    arrays: dict[str, Any] = {}
    for name, view in views.items():
        arrays |= view_arrays(view, name)
    if model.typical_ is not None:
        arrays["typical"] = np.stack([model.typical_.mean, model.typical_.variance])
    if model.slopes_ is not None:
        settings["slopes_column"] = model.slopes_.column
        arrays |= {f"slopes.{name}": getattr(model.slopes_, name) for name in SLOPES}
    if model.head_ is not None:
        settings["head"] = head_settings(model.head_)
        arrays |= head_arrays(model.head_)
    rows = model.left_out_rows_
    arrays |= {"left_out.y": rows.y, "left_out.unit": rows.unit}
    arrays |= {f"left_out.estimate.{view}": value for view, value in rows.estimate.items()}
    return State(settings=settings, arrays=arrays)


def restored(kind: type[Fitted], state: State) -> Fitted:
    """Inverse of `saved`."""
    settings = state.settings
    own = kind(**settings["parameters"])
    if own.nuisance is not None:
        own.nuisance = Nuisance.from_settings(settings["parameters"]["nuisance"])
    own.code_ = ColumnCode.from_settings(settings["code"])
    own.levels_ = ContextLevels.from_settings(settings["levels"])
    views = settings["views"]
    own.blind_ = view_from(views["blind"], state.arrays, "blind")
    own.adjusted_ = own.blind_
    if "adjusted" in views:
        own.adjusted_ = view_from(views["adjusted"], state.arrays, "adjusted")
    own.within_ = view_from(views["within"], state.arrays, "within") if "within" in views else None
    own.typical_ = TypicalContext(*state.arrays["typical"]) if "typical" in state.arrays else None
    if "slopes_column" in settings:
        own.slopes_ = RandomSlopes(
            settings["slopes_column"], *(np.asarray(state.arrays[f"slopes.{name}"]) for name in SLOPES)
        )
    own.selection_ = tuple(
        InnerTrial(Variant(**one["variant"]), np.asarray(one["unit"]), np.asarray(one["loss"]))
        for one in settings["selection"]
    )
    if "head" in settings:
        own.head_ = head_from(settings["head"], state.arrays)
        own.answer_ = "head" if own.head_.blind else "blind"
    prefix = "left_out.estimate."
    own.left_out_rows_ = LeftOutRows(
        np.asarray(state.arrays["left_out.y"]),
        np.asarray(state.arrays["left_out.unit"]),
        {name.removeprefix(prefix): v for name, v in state.arrays.items() if name.startswith(prefix)},
    )
    for name, value in settings["fitted"].items():
        listed = name in ("classes_", "feature_names_in_")
        setattr(own, name, np.asarray(value) if listed else value)
    return own


def _plain(value: Any) -> Any:
    """Arrays, tuples and numpy scalars as lists and plain numbers."""
    if isinstance(value, Nuisance):
        return value.settings()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return value.item() if isinstance(value, np.generic) else value
