"""Detectors of the folds, asked together: what is in use is what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import FitError
from tabcouce.models.detection import Detector

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Jury:
    """Mean of the detectors that held something out, as in cross-conformal prediction.

    A detector fitted anew on all rows scores on another level than those of the folds did (it may
    even choose another view), and the limit set from their scores would not be its own. DIFF from
    Vovk (2015): the mean score is compared with the limit, not each score with its own fold's.

    Raises  FitError without members
    """

    members: tuple[Detector, ...]

    def __post_init__(self) -> None:
        if not self.members:
            raise FitError("No fold had enough normal rows for a detector.")

    def abnormality(self, X: pd.DataFrame) -> Floats:
        """(n,) mean abnormality."""
        return np.mean([one.abnormality(X) for one in self.members], axis=0)

    def contributions(self, X: pd.DataFrame) -> Floats:
        """(n, p) mean contributions."""
        return np.mean([one.contributions(X) for one in self.members], axis=0)
