"""Training rows as the kernel sees them, and the ways to predict that it is judged for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tabcouce.models.kernel_intercept import same_context
from tabcouce.models.within import View, viewed

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mode = Literal["blind", "known", "batch", "shots"]
MODES: tuple[Mode, ...] = ("blind", "known", "batch", "shots")


@dataclass(frozen=True)
class KernelRows:
    """Training rows as the kernel sees them.

    Z        (n, q) scaled columns
    y        (n, k) standardised target, or centred class membership
    code     (n, c) level per context column; c = 0 where there is no context
    mean     (n, q) shrunken mean of each row's context (of its first column)
    movable  (q,) columns that an offset can move
    """

    Z: Floats
    y: Floats
    code: Codes
    mean: Floats
    movable: npt.NDArray[np.bool_]

    def of(self, rows: Codes) -> KernelRows:
        """Some of the rows; the contexts keep their means."""
        return replace(self, Z=self.Z[rows], y=self.y[rows], code=self.code[rows], mean=self.mean[rows])

    def seen(self, view: View) -> Floats:
        """(n, u) as training rows of a known context."""
        return viewed(self.Z, self.mean, self.movable, view)

    @property
    def unit(self) -> Codes:
        """(n,) what is left out: the level of the first context column, or the row."""
        return self.code[:, 0] if self.code.shape[1] else np.arange(len(self.Z))

    def same(self) -> Floats | None:
        return same_context(self.code, self.code) if self.code.shape[1] else None
