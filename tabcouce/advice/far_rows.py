"""Rows unlike all that was made before: far from every past row in the encoder's space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tabcouce.advice.row_space import Embeds, Gallery
from tabcouce.evaluation.trial import Trial
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split

FAR_QUANTILE = 0.95
SAMPLED = 1_000


@dataclass(frozen=True)
class FarRows:
    """The flag and what it costs.

    limit         distance to the nearest past row beyond which a row is flagged
    false_alarms  share of the rows of contexts never seen that a fold's own limit flags; None where
                  no fold has an encoder. These rows are real: what is flagged among them is new to
                  the model, not wrong
    asked         rows behind that share
    """

    limit: float
    false_alarms: float | None
    asked: int

    def __call__(self, embedding: npt.NDArray[Any], past: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        """(m,) whether each of the rows (m, d) is flagged; past (n, d) in the same space."""
        found = Gallery("encoder", past).nearest(embedding.astype(np.float32), 1)
        return found.distance[:, 0] > self.limit


def far_from(gallery: Gallery, own: npt.NDArray[Any]) -> float:
    """Distance that 5 % of past rows keep from their nearest row of another context.

    own  (n,) context of each row of the gallery; where there is none, something of its own for each
    """
    n = len(gallery.rows)
    drawn = np.sort(np.random.default_rng(0).choice(n, min(SAMPLED, n), replace=False))
    rows = gallery.rows[drawn]
    found = Gallery(gallery.space, rows).nearest(rows, len(rows))
    other = own[drawn][found.position] != own[drawn][:, None]
    apart = np.where(other, found.distance, np.inf).min(axis=1)
    known = apart[np.isfinite(apart)]
    return float(np.quantile(known, FAR_QUANTILE)) if len(known) else float("inf")


def far_rows(
    embedding: npt.NDArray[np.float32] | None, trial: Trial | None, dataset: Dataset, split: Split
) -> FarRows | None:
    """The flag for use, and how often it is raised on contexts that neither encoder nor limit knows.

    embedding  (n, d) of all rows by the encoder that is kept; None where none is
    trial      of the encoder on the split: its fold models embed the rows they left out
    """
    if embedding is None:
        return None
    raised, asked = 0, 0
    for fold, model in zip(split.folds, () if trial is None else trial.fitted, strict=False):
        if not isinstance(model, Embeds):
            continue
        rng = np.random.default_rng(0)
        train = np.sort(rng.choice(fold.train, min(SAMPLED, len(fold.train)), replace=False))
        test = np.sort(rng.choice(fold.test, min(SAMPLED, len(fold.test)), replace=False))
        past = model.embed(dataset.X.iloc[train]).astype(np.float32)
        own = FarRows(far_from(Gallery("encoder", past), split.unit[train]), None, 0)
        raised += int(own(model.embed(dataset.X.iloc[test]), past).sum())
        asked += len(test)
    limit = far_from(Gallery("encoder", embedding), split.unit)
    return FarRows(limit, raised / asked if asked else None, asked)
