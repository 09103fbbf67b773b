"""The system: one estimator out of the panel's fitted models, weighted for each way of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.errors import FitError
from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ContextBoostingModel,
    ForestModel,
    KernelModel,
    LinearModel,
)
from tabcouce.models.calibration import Estimator, calibrated
from tabcouce.models.contract import BatchModel, Model, State
from tabcouce.models.in_context import InContextModel
from tabcouce.models.outside_model import OutsideModel
from tabcouce.system.weights import Mix

Floats = npt.NDArray[np.float64]
T = TypeVar("T")

KINDS: dict[str, Any] = {
    cls.__name__: cls
    for cls in (
        BoostingModel,
        ConstantModel,
        ContextBoostingModel,
        CouceClassifier,
        CouceRegressor,
        ForestModel,
        InContextModel,
        KernelModel,
        LinearModel,
        OutsideModel,
    )
}
"""Models that may be members, by the name under which a state is stored."""


@dataclass(frozen=True)
class StackModel:
    """Weighted mean of fitted models; nothing is trained here.

    members  fitted models by key
    mixes    weights by way of use: 'blind' always, 'known', 'batch' and 'shots' where they were
             measured; without them blind weights stand in
    """

    members: Mapping[str, Estimator]
    mixes: Mapping[str, Mix]

    @property
    def classes_(self) -> npt.NDArray[np.float64]:
        """(k,) class numbers of the members' training rows; empty for regression."""
        return np.asarray(getattr(next(iter(self.members.values())), "classes_", np.zeros(0)), dtype=float)

    @property
    def notes_(self) -> tuple[str, ...]:
        """How the weights were found, for the report: a stable key."""
        return (f"stack-{self.mixes['blind'].kind}",)

    def mix(self, mode: str) -> Mix:
        return self.mixes.get(mode, self.mixes["blind"])

    def weights(self, mode: str = "blind") -> dict[str, float]:
        """Weight of every member that counts, by key."""
        mix = self.mix(mode)
        return {key: w for key, w in zip(mix.members, mix.weight, strict=True) if w > 0}

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        """Raises FitError: a stack is made of fitted models."""
        raise FitError("A stack is made of models that are fitted already.")

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        """(n,) value or (n, k) probabilities; for a known context by the weights of known contexts."""
        mode = "blind" if context is None else "known"
        parts = [w * self.members[key].estimate(X, context) for key, w in self.weights(mode).items()]
        return np.asarray(sum(parts[1:], parts[0]))

    def adapt(self, X: pd.DataFrame) -> StackModel:
        """The stack for the context of the unlabelled rows X (m, p): members that can adapt do."""
        moved = {key: adapted(member, X) for key, member in self.members.items()}
        return StackModel(moved, {"blind": self.mix("batch")})

    def calibrate(self, X: pd.DataFrame, y: Floats) -> StackModel:
        """The stack for the context of the k labelled rows X (k, p), y (k,): every member is moved."""
        moved = {key: calibrated(self.members[key], X, y) for key in self.weights("shots")}
        return StackModel(moved, {"blind": self.mix("shots")})

    def state(self) -> State:
        stored: dict[str, Any] = {}
        arrays: dict[str, npt.NDArray[Any]] = {}
        texts: dict[str, str] = {}
        blobs: dict[str, bytes] = {}
        for key, member in self.members.items():
            state = _as_model(member).state()
            stored[key] = {"class": type(member).__name__, "settings": dict(state.settings)}
            arrays |= {f"{key}.{name}": array for name, array in state.arrays.items()}
            texts |= {f"{key}.{name}": text for name, text in state.texts.items()}
            blobs |= {f"{key}.{name}": blob for name, blob in state.blobs.items()}
        mixes = {mode: asdict(mix) for mode, mix in self.mixes.items()}
        return State({"mixes": mixes, "members": stored}, arrays, texts, blobs)

    @classmethod
    def from_state(cls, state: State) -> Self:
        members = {}
        for key, stored in state.settings["members"].items():
            own = State(
                stored["settings"], _own(key, state.arrays), _own(key, state.texts), _own(key, state.blobs)
            )
            members[key] = KINDS[stored["class"]].from_state(own)
        return cls(members, {mode: _mix(stored) for mode, stored in state.settings["mixes"].items()})


def adapts(model: Estimator) -> bool:
    """Whether the model was fitted so that it can use unlabelled rows of a new context."""
    return isinstance(model, BatchModel) and bool(getattr(model, "within", True))


def adapted(model: Estimator, X: pd.DataFrame) -> Estimator:
    """The model for the context of the rows X (m, p); the model as it is where it cannot use them."""
    if not (isinstance(model, BatchModel) and adapts(model)):
        return model
    own: Estimator = model.adapt(X)
    return own


def _own(key: str, contents: Mapping[str, T]) -> dict[str, T]:
    """A member's share of the stored contents, under the member's own names."""
    return {name.removeprefix(f"{key}."): c for name, c in contents.items() if name.startswith(f"{key}.")}


def _as_model(member: Estimator) -> Model:
    if type(member).__name__ not in KINDS:
        raise FitError(f"A {type(member).__name__} cannot be stored as part of a stack.")
    model: Any = member
    found: Model = model
    return found


def _mix(stored: Mapping[str, Any]) -> Mix:
    return Mix(tuple(stored["members"]), tuple(stored["weight"]), stored["kind"])
