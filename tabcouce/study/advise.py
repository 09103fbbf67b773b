"""What a study keeps and measures for the questions after it: similar rows, a new machine's start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tabcouce.advice.far_rows import FarRows, far_rows
from tabcouce.advice.neighbour_quality import NeighbourQuality, neighbour_quality
from tabcouce.advice.past_rows import PastRows
from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.evaluation.shots_curve import ShotsCurve, shots_curve
from tabcouce.evaluation.trial import Trial
from tabcouce.models.contract import Model
from tabcouce.study.judge import JudgedModels
from tabcouce.study.progress import Report
from tabcouce.system.stack import StackModel

ENCODER = "couce"
COMPARED = ("lightgbm", ENCODER, "system")
"""Models with a curve of their own beside the recommended one."""
Encoder = CouceRegressor | CouceClassifier
ENCODERS = (CouceRegressor, CouceClassifier)


@dataclass(frozen=True)
class Advice:
    """For one target.

    shots    error against the number of labelled rows of a new context; None where no context of
             enough rows was held out
    past     training rows as `similar` searches them
    encoder  what made their embedding; None where no encoder was trained
    far      which new rows are unlike all of them, and how often that is said of good rows
    """

    neighbours: NeighbourQuality
    past: PastRows
    encoder: Encoder | None
    shots: ShotsCurve | None = None
    far: FarRows | None = None


def advise(judged: JudgedModels, report: Report) -> Advice:
    """From the blind trials of the headline split; nothing is fitted here."""
    headline, dataset, split = judged.headline, judged.dataset, judged.split
    draws, seed = judged.effort.draws, judged.seed
    report("neighbours", 0.0)
    quality = neighbour_quality(headline, dataset, split, draws=draws, seed=seed)
    report("embedding", 0.6)
    encoder = kept_encoder(judged.final, headline.get(ENCODER))
    embedding = None if encoder is None else encoder.embed(dataset.X).astype(np.float32)
    trained_on = int(getattr(encoder, "rows_used_", 0))
    report("labelled rows", 0.7)
    shots = shots_curve(headline, (judged.recommended, *COMPARED), dataset, split, draws=draws, seed=seed)
    far = far_rows(embedding, headline.get(ENCODER), dataset, split)
    return Advice(quality, PastRows.of(dataset, embedding, trained_on), encoder, shots, far)


def kept_encoder(final: Mapping[str, Model], trial: Trial | None) -> Encoder | None:
    """The encoder of all rows where the study refitted one, else the fold's with most rows.

    One of a fold is an encoder too: it only never saw the contexts of its fold. So that no
    second training is needed for `similar` alone.
    """
    stacks = [model for model in final.values() if isinstance(model, StackModel)]
    held: list[object] = [final.get(ENCODER), *(stack.members.get(ENCODER) for stack in stacks)]
    for model in held:
        if isinstance(model, ENCODERS):
            return model
    fitted = [] if trial is None else [model for model in trial.fitted if isinstance(model, ENCODERS)]
    return max(fitted, key=lambda model: model.rows_used_, default=None)
