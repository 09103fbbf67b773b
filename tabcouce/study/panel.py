"""The models of a study, sized by effort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.errors import FitError
from tabcouce.evaluation import Candidate
from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ContextBoostingModel,
    ForestModel,
    KernelModel,
    LinearModel,
    ModelTask,
)
from tabcouce.models.checkpoint import Checkpoint
from tabcouce.models.further import Further
from tabcouce.models.in_context import InContextModel
from tabcouce.models.outside_model import BoostingLibrary, OutsideModel
from tabcouce.roles.dataset import Dataset
from tabcouce.study.declared import declared_graphs, declared_nuisance, declared_tolerances
from tabcouce.study.effort import Effort


def panel(dataset: Dataset, effort: Effort, *, seed: int, device: str) -> tuple[Candidate, ...]:
    """Every model of the panel, simplest first, with the roles the encoder needs.

    The encoder learns which inputs are proxies and which sensors have a declared tolerance;
    context columns are given to `fit` beside the inputs, never among them.
    """
    task: ModelTask = "regression" if dataset.is_regression else "classification"
    trees = partial(ForestModel, task, trees=effort.trees, seed=seed)
    couce = CouceRegressor if dataset.is_regression else CouceClassifier
    encoder = partial(
        couce,
        proxy_columns=tuple(name for name in dataset.X.columns if dataset.role(name).kind == "proxy"),
        tolerances=declared_tolerances(dataset),
        graphs=declared_graphs(dataset),
        nuisance=declared_nuisance(dataset),
        members=effort.members,
        epochs=effort.epochs,
        max_rows=effort.encoder_rows,
        checkpoints=effort.checkpoints,
        within=effort.batch and dataset.contexts.shape[1] > 0,
        device=device,
        random_state=seed,
    )
    return (
        Candidate("constant", partial(ConstantModel, task)),
        Candidate("linear", partial(LinearModel, task, seed=seed)),
        Candidate("random_forest", trees),
        Candidate("lightgbm", partial(BoostingModel, task, seed=seed, pace=effort.pace)),
        Candidate(
            "lightgbm_context",
            partial(ContextBoostingModel, task, seed=seed, pace=effort.pace, within=effort.batch),
            uses_context=True,
        ),
        Candidate(
            "kernel",
            partial(
                KernelModel,
                task,
                seed=seed,
                max_rows=effort.kernel_rows,
                choice_rows=effort.kernel_choice,
            ),
            uses_context=True,
        ),
        *further_candidates(effort.also, task, seed=seed, device=device),
        Candidate("couce", encoder, uses_context=True),
    )


def further_candidates(
    also: Iterable[Further], task: ModelTask, *, seed: int, device: str
) -> Iterator[Candidate]:
    """The further models that can have this task; detectors compete elsewhere."""
    for one in also:
        if isinstance(one, BoostingLibrary):
            yield Candidate(one.key, partial(OutsideModel, one.key, task, seed=seed))
        elif isinstance(one, Checkpoint) and one.task == task:
            yield Candidate(one.key, partial(InContextModel, one, task, seed=seed, device=device))


def check_device(device: str) -> None:
    """Say at once that there is no GPU, not after the other models have been trained.

    Raises  FitError if 'cuda' or 'mps' is asked for and torch finds none
    """
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device, True):
        raise FitError(
            f"--device {device} was asked for, but torch finds no {device.upper()} device here.",
            remedy="Leave --device out, or install the torch build that fits the driver.",
        )
