"""How much work a study does: the three settings of `--effort`, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    also            keys of installed libraries whose models compete too (`outside_model.LIBRARIES`)
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
    also: tuple[str, ...] = ()
    explain_all: bool = False


EFFORTS: dict[EffortName, Effort] = {
    "quick": Effort("quick", 5, 20_000, 100, 2.0, None, None, 4_000, False, 2_000, 400, 300, 200, 12, 8),
    "standard": Effort(
        "standard", 5, 100_000, 300, 1.0, 4, None, 10_000, False, 4_000, 700, 1000, 1000, 40, 20
    ),
    "thorough": Effort(
        "thorough",
        10,
        500_000,
        500,
        1.0,
        8,
        None,
        100_000,
        True,
        4_000,
        700,
        2000,
        3000,
        100,
        40,
        10,
        explain_all=True,
    ),
}
