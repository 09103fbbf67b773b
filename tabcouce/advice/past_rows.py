"""The training rows as a study keeps them for `similar`: inputs, outcome, address and embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.contract import State
from tabcouce.roles.dataset import Dataset


@dataclass(frozen=True)
class PastRows:
    """n rows of the training file.

    X          (n, p) inputs, float64 or category, as the models saw them
    outcome    (n,) value or class number
    rows       (n,) 1-based row of the file
    contexts   (n, c) text
    embedding  (n, d) float32 in the encoder's space; None where no encoder was trained
    trained_on rows that the encoder was trained on; fewer than n where it is one of a fold
    classes    number of classes; 0 for values
    """

    X: pd.DataFrame
    outcome: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    contexts: pd.DataFrame
    embedding: npt.NDArray[np.float32] | None = None
    trained_on: int = 0
    classes: int = 0

    @classmethod
    def of(
        cls, dataset: Dataset, embedding: npt.NDArray[np.float32] | None = None, trained_on: int = 0
    ) -> Self:
        found = (dataset.X, dataset.y, dataset.rows, dataset.contexts)
        return cls(*found, embedding, trained_on, len(dataset.classes))

    def context(self, position: int) -> dict[str, str]:
        """Context column -> level of one row."""
        return {str(name): str(self.contexts[name].iloc[position]) for name in self.contexts.columns}

    def state(self) -> State:
        """Names and texts in the settings, all else as arrays: one file to mask, one of numbers."""
        arrays: dict[str, npt.NDArray[Any]] = {"outcome": self.outcome, "rows": self.rows}
        inputs: list[dict[str, Any]] = []
        contexts: list[dict[str, Any]] = []
        for j, name in enumerate(self.X.columns):
            column = self.X[name]
            if isinstance(column.dtype, pd.CategoricalDtype):
                arrays[f"input.{j}"] = column.cat.codes.to_numpy(np.int32)
                inputs.append({"name": str(name), "levels": [str(v) for v in column.cat.categories]})
            else:
                arrays[f"input.{j}"] = column.to_numpy(np.float64, na_value=np.nan)
                inputs.append({"name": str(name), "levels": None})
        for j, name in enumerate(self.contexts.columns):
            codes, levels = pd.factorize(self.contexts[name])
            arrays[f"context.{j}"] = codes.astype(np.int32)
            contexts.append({"name": str(name), "levels": [str(v) for v in levels]})
        if self.embedding is not None:
            arrays["embedding"] = self.embedding
        settings = {"inputs": inputs, "contexts": contexts}
        return State({**settings, "trained_on": self.trained_on, "classes": self.classes}, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        inputs: dict[str, Any] = {}
        for j, column in enumerate(state.settings["inputs"]):
            values = state.arrays[f"input.{j}"]
            levels = column["levels"]
            inputs[column["name"]] = (
                values
                if levels is None
                else pd.Categorical.from_codes(values, categories=pd.Index(levels, dtype=object))
            )
        n = len(state.arrays["rows"])
        contexts = {
            column["name"]: np.asarray(column["levels"], object)[state.arrays[f"context.{j}"]]
            for j, column in enumerate(state.settings["contexts"])
        }
        return cls(
            pd.DataFrame(inputs, index=range(n)),
            state.arrays["outcome"],
            state.arrays["rows"],
            pd.DataFrame(contexts, index=range(n), dtype=object),
            state.arrays.get("embedding"),
            int(state.settings["trained_on"]),
            int(state.settings["classes"]),
        )
