"""Trees that also read each number relative to its own context: what they need, and whether it pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tabcouce.models.boosted_trees import TreeSettings, as_text, from_text, grow, raw_score
from tabcouce.models.inner_split import InnerFold
from tabcouce.models.scaling import RobustScale
from tabcouce.models.within import shrunken_means

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
LEAST_BATCH = 10
"""Unlabelled rows below which a new context's own level says too little to be used."""


@dataclass(frozen=True)
class WithinCode:
    """Codes for trees beside the same numbers less the shrunken mean of the row's context.

    numbers  columns of the codes that an offset can move; the categories stay as read
    """

    numbers: tuple[int, ...]
    scale: RobustScale

    @classmethod
    def of(cls, codes: Floats, categorical: Sequence[int]) -> Self:
        """Learn scales from training rows (n, p)."""
        numbers = tuple(j for j in range(codes.shape[1]) if j not in categorical)
        return cls(numbers, RobustScale.of(codes[:, numbers]))

    def straight(self, codes: Floats) -> Floats:
        """(n, q) numbers in interquartile ranges; a blank stands at the median."""
        return self.scale.straight(codes[:, self.numbers])

    def place(self, codes: Floats) -> Floats:
        """(q,) shrunken mean of rows (m, p) of one context."""
        return shrunken_means(self.straight(codes), np.zeros(len(codes), np.int64), 1)[0]

    def __call__(self, codes: Floats, place: Floats) -> Floats:
        """(n, p + q); place (q,) or (n, q), the level of each row's context."""
        relative = self.straight(codes) - place
        blank = ~np.isfinite(codes[:, self.numbers])
        return np.hstack([codes, np.where(blank, np.nan, relative)])


@dataclass(frozen=True)
class WithinTrees:
    """Trees on both, and the place of every training context.

    booster  LightGBM on `code`; levels names of the contexts of `means` (G, q)
    """

    code: WithinCode
    booster: Any
    levels: tuple[str, ...]
    means: Floats
    threads: int

    def places(self, level: npt.NDArray[np.object_]) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """(n, q) place of each row's context and (n,) whether it is a training context."""
        at = {name: k for k, name in enumerate(self.levels)}
        found = np.array([at.get(str(text), -1) for text in level], dtype=np.int64)
        return self.means[np.maximum(found, 0)], found >= 0

    def raw(self, codes: Floats, place: Floats) -> Floats:
        """(n,) or (n, k) raw score of rows with codes (n, p), the context's place (q,) or (n, q)."""
        return raw_score(self.booster, self.code(codes, place), self.threads)

    def settings(self) -> dict[str, Any]:
        return {"numbers": list(self.code.numbers), "levels": list(self.levels), "threads": self.threads}

    def arrays(self) -> dict[str, Floats]:
        return {
            "within_centre": self.code.scale.centre,
            "within_factor": self.code.scale.factor,
            "within_means": self.means,
        }

    def text(self) -> str:
        return as_text(self.booster)

    @classmethod
    def restored(cls, settings: dict[str, Any], arrays: dict[str, Floats], text: str) -> Self:
        scale = RobustScale(np.asarray(arrays["within_centre"]), np.asarray(arrays["within_factor"]))
        code = WithinCode(tuple(settings["numbers"]), scale)
        means = np.asarray(arrays["within_means"])
        return cls(code, from_text(text), tuple(settings["levels"]), means, settings["threads"])


def within_trees(
    codes: Floats,
    label: Floats,
    offset: Floats,
    level: npt.NDArray[np.object_],
    categorical: Sequence[int],
    rounds: int,
    settings: TreeSettings,
) -> WithinTrees:
    """Grown on all rows, each read beside the level of its own context.

    codes (n, p); label, offset, rounds, settings as for `grow`; level (n,) context of each row
    """
    code = WithinCode.of(codes, categorical)
    names, own = np.unique(level.astype(str), return_inverse=True)
    means = shrunken_means(code.straight(codes), own.astype(np.int64), len(names))
    trees = grow(code(codes, means[own]), label, offset, categorical, rounds, settings)
    return WithinTrees(code, trees, tuple(map(str, names)), means, settings.threads)


def within_left_out(
    codes: Floats,
    label: Floats,
    offset: Floats,
    level: npt.NDArray[np.object_],
    categorical: Sequence[int],
    folds: Sequence[InnerFold],
    rounds: int,
    settings: TreeSettings,
) -> Floats:
    """(n,) or (n, k) raw score of rows whose context no tree saw, read beside that context's own rows.

    That is batch mode rehearsed: the inputs of the left-out context are known, its target is not.
    NaN for rows that no fold tested.
    """
    raw = np.full(offset.shape, np.nan)
    for fold in folds:
        trees = within_trees(
            codes[fold.train], label[fold.train], offset[fold.train], level[fold.train],
            categorical, rounds, settings,
        )  # fmt: skip
        for name in np.unique(level[fold.test].astype(str)):
            rows = fold.test[level[fold.test].astype(str) == name]
            raw[rows] = trees.raw(codes[rows], trees.code.place(codes[rows]))
    return raw


def pays(better: Floats, worse: Floats, unit: Codes) -> bool:
    """Whether a row error falls by more than a standard error over contexts, each counting by its rows.

    better, worse  (n,) error of each row with and without; unit (n,) its context
    """
    own = np.unique(unit, return_inverse=True)[1]
    rows = np.bincount(own)
    gain = np.bincount(own, worse - better) / rows
    share = rows / rows.sum()
    if len(rows) < 2:
        return False
    mean = share @ gain
    spread = np.square(share) @ np.square(gain - mean) * len(rows) / (len(rows) - 1)
    return bool(mean > np.sqrt(spread))
