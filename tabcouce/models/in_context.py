"""A network that learns from the rows it is shown beside the question: a further member of the panel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.models.checkpoint import Checkpoint, wrong_task
from tabcouce.models.contract import State
from tabcouce.models.design_matrix import DesignMatrix
from tabcouce.models.estimator import (
    ModelTask,
    PanelEstimator,
    TargetRange,
    checked_target,
    plain,
    restored_prior,
    task_classes,
)
from tabcouce.models.inner_split import enough_folds, held_out_levels, inner_folds
from tabcouce.models.kernel import spread_rows
from tabcouce.models.outside_model import required
from tabcouce.models.scaling import RobustScale

Floats = npt.NDArray[np.float64]
MOST_ROWS = 2_000
"""Training rows shown at most: what the network remembers of them grows with their number."""
VIEWS = 4
"""Shuffled and rescaled views that are averaged; the package's 8 take twice the time and memory."""
ASKED_AT_ONCE = 1_000
ONE_AT_A_TIME = Lock()
"""A network uses all threads of torch itself; folds that ask side by side would wait for each other."""


class InContextModel(PanelEstimator):
    """TabICL (Qu et al., ICML 2025) with weights from a checkpoint on disk, which are never changed.

    `fit` keeps the coded training rows, at most `MOST_ROWS`, drawn evenly from the contexts with every
    class among them; `estimate` shows them to the network beside the rows asked about. Numbers are
    scaled robustly, cut at 10 interquartile ranges, a blank is the median; a level code is a rank by
    frequency. Context columns are no inputs. Only the checkpoint's place and checksum are stored.

    checkpoint  weights, of the same task
    device      'auto', 'cpu' or 'cuda'; the processor where there is no GPU
    rows_used_  training rows shown
    """

    def __init__(
        self, checkpoint: Checkpoint, task: ModelTask = "regression", seed: int = 0, device: str = "auto"
    ) -> None:
        self.checkpoint = checkpoint
        self.task = task
        self.seed = seed
        self.device = device

    def fit(self, X: pd.DataFrame, y: Floats, context: pd.DataFrame | None = None) -> Self:
        """Raises FitError for a checkpoint of the other task, BundleError where it is gone."""
        target = checked_target(X, y, self.task)
        if self.checkpoint.task != self.task:
            raise wrong_task(self.checkpoint)
        self.classes_ = task_classes(target, self.task)
        k = len(self.classes_)
        self.range_ = TargetRange.of(target)
        self.matrix_ = DesignMatrix.of(X)
        codes = self.matrix_.codes(X)
        self.columns_ = RobustScale.of(codes)
        rows = self.columns_.straight(codes)
        self.scale_ = (0.0, 1.0) if k else (float(target.mean()), float(target.std()) or 1.0)
        middle, spread = self.scale_
        label = np.searchsorted(self.classes_, target).astype(float) if k else (target - middle) / spread
        levels = held_out_levels(context)
        unit = np.zeros(len(label), dtype=np.int64) if levels is None else levels
        folds = inner_folds(label, context, folds=4, classes=k > 0, seed=self.seed)
        if context is None:
            folds = enough_folds(folds, len(label))
        left_out = np.full((len(label), k) if k else len(label), np.nan)
        for fold in folds:
            if k and len(np.unique(label[fold.train])) < 2:
                continue
            shown = self._shown(rows, label, unit, fold.train)
            left_out[fold.test] = self._bounded(shown.answer(rows[fold.test]))
        self.shown_ = self._shown(rows, label, unit, np.arange(len(label)))
        self.rows_used_ = len(self.shown_.label)
        self._keep_left_out(target, context, left_out)
        return self

    def _shown(
        self, rows: Floats, label: Floats, unit: npt.NDArray[np.int64], some: npt.NDArray[np.int64]
    ) -> Shown:
        kept = some[spread_rows(unit[some], MOST_ROWS, self.seed)]
        if len(self.classes_):
            kept = np.union1d(kept, some[np.unique(label[some], return_index=True)[1]])
        return Shown(self.checkpoint, rows[kept], label[kept], len(self.classes_), self.seed, self.device)

    def _bounded(self, told: Floats) -> Floats:
        """Values in the target's unit, within its range; probabilities as they are."""
        if len(self.classes_):
            return told
        middle, spread = self.scale_
        return self.range_(told * spread + middle)

    def estimate(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> Floats:
        """Raises BundleError where the checkpoint is gone or another, MissingExtraError."""
        return self._bounded(self.shown_.answer(self.columns_.straight(self.matrix_.codes(X))))

    def state(self) -> State:
        settings = {
            "checkpoint": self.checkpoint.settings(),
            "task": self.task,
            "seed": self.seed,
            "device": self.device,
            "classes": plain(self.classes_),
            "range": [self.range_.lower, self.range_.upper],
            "matrix": self.matrix_.settings(),
            "scale": list(self.scale_),
            "shots": self.shot_prior_.settings(),
        }
        arrays = {
            "rows": self.shown_.rows,
            "label": self.shown_.label,
            "centre": self.columns_.centre,
            "factor": self.columns_.factor,
        }
        return State(settings, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        settings, arrays = state.settings, state.arrays
        checkpoint = Checkpoint(**settings["checkpoint"])
        model = cls(checkpoint, settings["task"], settings["seed"], settings["device"])
        model.classes_ = np.array(settings["classes"], dtype=float)
        model.range_ = TargetRange(*settings["range"])
        model.matrix_ = DesignMatrix.from_settings(settings["matrix"])
        model.columns_ = RobustScale(arrays["centre"], arrays["factor"])
        middle, spread = settings["scale"]
        model.scale_ = (middle, spread)
        model.shot_prior_ = restored_prior(state)
        model.shown_ = Shown(
            checkpoint, arrays["rows"], arrays["label"], len(model.classes_), model.seed, model.device
        )
        model.rows_used_ = len(model.shown_.label)
        return model


@dataclass(frozen=True, eq=False)
class Shown:
    """Training rows as the network is shown them.

    rows     (m, p) scaled, no blank
    label    (m,) scaled value, or place of the class
    classes  0 for a number, else how many classes
    """

    checkpoint: Checkpoint
    rows: Floats
    label: Floats
    classes: int
    seed: int
    device: str

    def answer(self, asked: Floats) -> Floats:
        """(n,) scaled values or (n, k) probabilities for rows (n, p) without a blank."""
        out = np.zeros((len(asked), self.classes) if self.classes else len(asked))
        with ONE_AT_A_TIME:
            for start in range(0, len(asked), ASKED_AT_ONCE):
                part = slice(start, start + ASKED_AT_ONCE)
                network = ready(self)
                if self.classes:
                    # A class that none of the rows shown has keeps the probability 0.
                    out[part, network.classes_.astype(int)] = network.predict_proba(asked[part])
                else:
                    out[part] = network.predict(asked[part])
        return out


@lru_cache(maxsize=1)
def ready(shown: Shown) -> Any:
    """The network with the rows before it; the last one is kept, for it is asked again and again."""
    import torch

    tabicl = required(shown.checkpoint.library)
    kind = tabicl.TabICLClassifier if shown.classes else tabicl.TabICLRegressor
    network = kind(
        n_estimators=VIEWS,
        # Of more classes than the network knows the package makes several questions, without memory.
        kv_cache=shown.classes <= shown.checkpoint.classes,
        model_path=shown.checkpoint.found(),
        allow_auto_download=False,
        device="cuda" if shown.device != "cpu" and torch.cuda.is_available() else "cpu",
        use_amp=False,  # half precision would make the numbers depend on the device
        use_fa3=False,
        random_state=shown.seed,
    )
    return network.fit(shown.rows, shown.label)
