"""What is trained for every fold, and how much of it: sizes and passes by the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tabcouce.encoder.hosts import HOSTS
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.members import FoldRows, Variant
from tabcouce.encoder.recipe import Recipe

WIDE = 4
"""With fewer than four rows per input the periodic code is left out: it would only fit noise."""
FEW_ROWS = 300
MANY_COLUMNS = 200
"""Columns have no thresholds looked for with fewer rows, or in spectra and other wide tables."""
LEAST_STEPS = 300
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Plan:
    """What is trained for every fold."""

    members: int
    width: int
    depth: int
    embedding: int
    frequencies: int
    readout: bool
    piecewise: bool
    recipe: Recipe
    variants: tuple[Variant, ...]
    view: str
    interventions: str
    seed: int
    threads: int
    cuda_graph: bool
    checkpoints: int
    first_layer: float
    front: str
    refit: bool
    groups: int
    context_query: bool


def planned(
    settings: Mapping[str, Any], folds: Sequence[FoldRows], budgets: Sequence[Budget], seed: int
) -> Plan:
    """The plan for folds of these sizes; settings are the estimator's constructor arguments."""
    n = max(len(fold.y) for fold in folds)
    inputs = max(fold.code.width for fold in folds)
    batch = settings["batch"] or automatic_batch(n)
    recipe = Recipe(
        epochs=settings["epochs"] or automatic_epochs(n, batch),
        batch=batch,
        rate=settings["learning_rate"],
        proxy_weight=settings["proxy_weight"],
        invariance_weight=settings["invariance_weight"],
        host=settings["host"],
        neighbour_weight=settings["neighbour_weight"],
        orthogonality=settings["orthogonality"],
        variance_gate=settings["variance_gate"],
        threshold_margin=settings["threshold_margin"],
        group_diversity=settings["group_diversity"],
    )
    return Plan(
        members=settings["members"] or automatic_members(n),
        width=settings["width"],
        depth=settings["depth"],
        embedding=settings["embedding"],
        frequencies=settings["frequencies"] if n >= WIDE * inputs else 0,
        readout=settings["proxy_weight"] > 0,
        piecewise=settings["piecewise"]
        and n >= FEW_ROWS
        and folds[0].code.numeric <= min(MANY_COLUMNS, n / WIDE),
        recipe=recipe,
        variants=variants(folds, budgets, settings["view"], settings["interventions"])
        + batch_variants(folds, settings["within"]),
        view=settings["view"],
        interventions=settings["interventions"],
        seed=seed,
        threads=settings["threads"],
        cuda_graph=settings["cuda_graph"],
        checkpoints=settings["checkpoints"],
        first_layer=settings["first_layer"],
        front=settings["front"],
        refit=settings["refit"],
        groups=settings["groups"],
        context_query=settings["context_query"],
    )


def automatic_members(rows: int) -> int:
    """Three, which hold out a third of the contexts each; five where rows are few and members cheap.

    Measured on five simulated processes with 3 seeds and on nasa_milling (146 rows): mean R2 on
    other machines with 2 and with 5 members 0.607 and 0.624 at 80 rows, 0.674 and 0.692 at 150,
    -0.01 and 0.20 on nasa_milling.
    """
    return 5 if rows < FEW_ROWS else 3


def automatic_batch(rows: int) -> int:
    """Rows per step: small tables need the steps more than the smooth gradient."""
    return 32 if rows < 400 else 64 if rows < 800 else 128 if rows < 3000 else 256


def automatic_epochs(rows: int, batch: int) -> int:
    """Passes over the rows: fewer where rows are many, but at least 300 steps and at most 120 passes.

    Measured on simulated processes of 800 rows: with the default rate, 24 passes are as good as 48.
    """
    passes = 32 if rows < 2000 else 24 if rows < 5000 else 16
    return int(np.clip(np.ceil(LEAST_STEPS * batch / rows), passes, 120))


def variants(
    folds: Sequence[FoldRows], budgets: Sequence[Budget], view: str, interventions: str
) -> tuple[Variant, ...]:
    """The variants worth training: what the data cannot tell apart or a person ruled out is left out."""
    movable = not all(budget.is_empty for budget in budgets) and interventions != "off"
    several = any(fold.has_context for fold in folds) and view != "pooled"
    views = [False] * (view != "do" or not several) + [True] * several
    moves = [False] * (interventions != "on" or not movable) + [True] * movable
    return tuple(Variant(view, move) for move in moves for view in views)


def batch_variants(folds: Sequence[FoldRows], within: bool) -> tuple[Variant, ...]:
    """The within-context variant, where asked for and every fold has contexts to measure.

    Without context effects: an effect per context would take up what a shifted sensor does to the
    target, and the gate would have nothing to learn from.
    """
    able = within and all(fold.typical is not None for fold in folds)
    return (Variant(use_context=False, intervene=False, within=True),) if able else ()


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse constructor arguments outside what they may be."""
    for name, allowed in (
        ("host", HOSTS),
        ("view", ("auto", "pooled", "do")),
        ("interventions", ("auto", "on", "off")),
        ("threshold_margin", ("off", "fixed", "adaptive")),
        ("head", ("auto", "off")),
        ("front", ("off", "even", "feature_machine")),
        ("device", DEVICES),
    ):
        if settings[name] not in allowed:
            raise ValueError(f"{name} must be one of {allowed}. Got {settings[name]!r} instead.")
    for name in ("members", "epochs", "batch", "width", "depth", "embedding", "max_rows", "threads"):
        if settings[name] is not None and settings[name] < 1:
            raise ValueError(f"{name} must be at least 1. Got {settings[name]!r} instead.")
    if settings["checkpoints"] < 0 or not settings["first_layer"] > 0:
        raise ValueError("checkpoints must be 0 or more and first_layer above 0.")
    if settings["checkpoints"] and settings["front"] != "off":
        raise ValueError(
            "The training path of a front scale has no attribution: set checkpoints=0 or front='off'."
        )
    groups = settings["groups"]
    if not 0 <= groups <= settings["embedding"]:
        raise ValueError(f"groups must be 0 or from 1 to embedding. Got {groups!r} instead.")
    if groups and settings["checkpoints"]:
        raise ValueError("The training path of groups has no attribution: set checkpoints or groups to 0.")
    if settings["context_query"] and not groups:
        raise ValueError("context_query needs groups of 1 or more.")
