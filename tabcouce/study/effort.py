"""How much work a study does: the three settings of `--effort`, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tabcouce.models.further import Further

EffortName = Literal["quick", "standard", "thorough"]


@dataclass(frozen=True)
class Effort:
    """Sizes that trade time for certainty; none of them is chosen by looking at scores.

    folds           folds a split has at most
    compared_rows   rows that models are compared on, explained and searched on, at most; the final
                    models are fitted on all rows
    trees           trees of the Random Forest
    pace            learning rate of LightGBM over the tuned one
    members         encoders trained per fold, each holding out a block of training contexts; None:
                    5 below 300 rows, else 3
    epochs          passes over the training rows; None scales them to n
    batch           whether the encoder also learns to use unlabelled rows of a new context, which
                    makes it half as slow again
    encoder_rows    training rows per fold the encoder uses at most
    kernel_rows     training rows per fold the kernel uses at most
    kernel_choice   rows on which its kernel, ridge and metric are chosen at most
    draws           redrawn sets of contexts behind each interval
    explained_rows  held-out rows explained per model
    permuted        columns whose permutation importance is measured, the most important first
    campaigns       starts of the replay that says how many experiments a search saves
    also            further models that compete too; detectors of PyOD for the task 'anomaly'
    explain_all     whether every model of the panel is explained, not only the recommended one and LightGBM
    checkpoints     training steps between two recorded sets of the final encoder's weights; 0: none
    """

    name: EffortName
    folds: int
    compared_rows: int
    trees: int
    pace: float
    members: int | None
    epochs: int | None
    encoder_rows: int
    batch: bool
    kernel_rows: int
    kernel_choice: int
    draws: int
    explained_rows: int
    permuted: int
    campaigns: int
    checkpoints: int = 0
    also: tuple[Further, ...] = ()
    explain_all: bool = False


EFFORTS: dict[EffortName, Effort] = {
    "quick": Effort(
        name="quick",
        folds=5,
        compared_rows=10_000,
        trees=100,
        pace=2.0,
        members=None,
        epochs=None,
        encoder_rows=4_000,
        batch=False,
        kernel_rows=2_000,
        kernel_choice=400,
        draws=300,
        explained_rows=200,
        permuted=12,
        campaigns=8,
    ),
    "standard": Effort(
        name="standard",
        folds=5,
        compared_rows=100_000,
        trees=300,
        pace=1.0,
        members=4,
        epochs=None,
        encoder_rows=10_000,
        batch=False,
        kernel_rows=4_000,
        kernel_choice=700,
        draws=1_000,
        explained_rows=1_000,
        permuted=40,
        campaigns=20,
    ),
    "thorough": Effort(
        name="thorough",
        folds=10,
        compared_rows=500_000,
        trees=500,
        pace=1.0,
        members=8,
        epochs=None,
        encoder_rows=100_000,
        batch=True,
        kernel_rows=4_000,
        kernel_choice=700,
        draws=2_000,
        explained_rows=3_000,
        permuted=100,
        campaigns=40,
        checkpoints=10,
        explain_all=True,
    ),
}
