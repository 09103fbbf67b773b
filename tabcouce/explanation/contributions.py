"""Contributions of the inputs to held-out predictions, by the exact method each model allows."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy.special import expit, softmax

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.errors import FitError
from tabcouce.evaluation import Trial
from tabcouce.explanation.expected_gradients import expected_gradients
from tabcouce.explanation.factor import Attribution
from tabcouce.explanation.sampled_shapley import sampled_shapley
from tabcouce.models import (
    BoostingModel,
    ConstantModel,
    ForestModel,
    KernelModel,
    LinearModel,
)
from tabcouce.models.in_context import InContextModel
from tabcouce.models.kernel_paths import kernel_contributions
from tabcouce.models.outside_model import OutsideModel
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split
from tabcouce.system.stack import StackModel

BACKGROUND = 64
"""Training rows that expected gradients average over."""
FOREST_ROWS = 100
"""Exact tree SHAP grows with depth squared: rows explained per forest, at most."""
ASKED_ROWS = 50
ORDERS = 8
"""Rows explained, and orders of the columns for each, of a network that can only be asked."""
PATHS = 64
"""Random points on the lines between row and background, per explained row."""

Floats = npt.NDArray[np.float64]


def attribute(trial: Trial, dataset: Dataset, split: Split, *, rows: int, seed: int) -> Attribution:
    """Explain held-out rows of every fold by the model that did not see them.

    rows  explained rows at most, shared out over the folds in proportion to their size
    Source  Lundberg et al. 2020 (exact tree SHAP); Erion et al. 2021 (expected gradients)
    """
    rng = np.random.default_rng(seed)
    tested = sum(len(fold.test) for fold in split.folds)
    values, base, chosen, number, gap = [], [], [], [], 0.0
    method = ""
    for k, (fold, model) in enumerate(zip(split.folds, trial.fitted, strict=True)):
        share = max(1, round(rows * len(fold.test) / tested))
        share = min(share, max(1, most_rows(model) // len(split.folds)))
        some = np.sort(rng.choice(fold.test, min(share, len(fold.test)), replace=False))
        train = rng.choice(fold.train, min(BACKGROUND, len(fold.train)), replace=False)
        part = explain(model, dataset.X.iloc[some], dataset.X.iloc[train], seed)
        values.append(part.values)
        base.append(part.base)
        chosen.append(some)
        number.append(np.full(len(some), k))
        gap = max(gap, part.gap)
        method = part.method
    return Attribution(
        model=trial.model,
        columns=tuple(map(str, dataset.X.columns)),
        values=np.vstack(values),
        base=np.concatenate(base),
        rows=np.concatenate(chosen).astype(np.int64),
        fold=np.concatenate(number).astype(np.int64),
        gap=gap,
        method=method,
    )


def most_rows(model: object) -> int:
    """Rows explained by all folds together: fewer where each is dear."""
    if isinstance(model, StackModel):
        return min(most_rows(model.members[key]) for key in model.weights())
    if isinstance(model, InContextModel):
        return ASKED_ROWS
    return FOREST_ROWS if isinstance(model, ForestModel) else sys.maxsize


@dataclass(frozen=True)
class Explained:
    """Contributions of one model to some rows.

    values  (m, p), base (m,)
    gap     largest distance between what they add up to and what the model predicts, in the
            unit of the prediction; a value held within the target's range shows here
    """

    values: Floats
    base: Floats
    gap: float
    method: str


def largest_gap(values: Floats, base: Floats, output: Floats) -> float:
    return float(np.abs(base + values.sum(axis=1) - output).max(initial=0.0))


@singledispatch
def explain(model: object, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    """Contributions to the value, the log-odds, or the score of the predicted class."""
    raise FitError(f"There is no attribution for {type(model).__name__}.")


@explain.register
def _(model: ConstantModel, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    return Explained(np.zeros(X.shape), np.zeros(len(X)), 0.0, "constant")


@explain.register(OutsideModel)
@explain.register(BoostingModel)
def _(model: BoostingModel | OutsideModel, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    return from_scores(model.contributions(X), model.estimate(X), "tree contributions")


@explain.register
def _(model: LinearModel, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    return from_scores(model.contributions(X), model.estimate(X), "linear contributions")


@explain.register
def _(model: KernelModel, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    parts = kernel_contributions(model, X, background, paths=PATHS, seed=seed)
    return from_scores(parts, model.estimate(X), "expected gradients")


@explain.register
def _(model: InContextModel, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    """Shares of the value, or of the probability of the class explained."""
    output = model.estimate(X)
    output = output[:, None] if output.ndim == 1 else output
    own = own_class(output)

    def score(steps: pd.DataFrame) -> Floats:
        told = model.estimate(steps)
        told = told[:, None] if told.ndim == 1 else told
        return told[np.arange(len(told)), np.repeat(own, len(told) // len(own))]

    parts = sampled_shapley(score, X, background, draws=ORDERS, seed=seed)
    values, base = parts[:, :-1], parts[:, -1]
    gap = largest_gap(values, base, output[np.arange(len(X)), own])
    return Explained(values, base, gap, "sampled orders")


def from_scores(parts: Floats, estimate: Floats, method: str) -> Explained:
    """Contributions to a value or to log-odds, reduced to each row's own predicted class.

    parts     (n, p + 1), or (n, k, p + 1) for more than two classes; base last
    estimate  (n,) values or (n, k) probabilities, to measure the gap against
    """
    total = parts.sum(axis=-1)
    if estimate.ndim == 1:
        gap = np.abs(total - estimate)
    elif parts.ndim == 2:
        gap = np.abs(expit(total) - estimate[:, 1])
    else:
        gap = np.abs(softmax(total, axis=1) - estimate).max(axis=1)
        parts = parts[np.arange(len(parts)), total.argmax(axis=1)]
    return Explained(parts[:, :-1], parts[:, -1], float(gap.max(initial=0.0)), method)


@explain.register
def _(model: ForestModel, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    import shap  # a second of plotting libraries that only this one attribution waits for

    explainer = shap.TreeExplainer(model.forest_)
    codes = model.codes(X)
    values = np.asarray(explainer.shap_values(codes, check_additivity=False), float) * model.unit_
    expected = np.asarray(explainer.expected_value, float).reshape(-1) * model.unit_
    output = model.estimate(X)
    if values.ndim == 2:
        values, output = values[:, :, None], output[:, None]
    at = np.arange(len(X))
    own = own_class(output)
    values, base = values[at, :, own], expected[own]
    gap = largest_gap(values, base, output[at, own])
    return Explained(values, base, gap, "tree contributions")


def own_class(output: Floats) -> npt.NDArray[np.int64]:
    """(n,) the column explained: the value, the positive class, or the predicted class."""
    if output.shape[1] <= 2:
        return np.full(len(output), output.shape[1] - 1)
    return output.argmax(axis=1)


@explain.register(CouceRegressor)
@explain.register(CouceClassifier)
def _(
    model: CouceRegressor | CouceClassifier, X: pd.DataFrame, background: pd.DataFrame, seed: int
) -> Explained:
    """Expected gradients of the blind output, summed over the dense columns of each input."""
    network = model.network().eval()
    inside, reference = model.gradient_inputs(X), model.gradient_inputs(background)
    with torch.no_grad():
        output = network(torch.as_tensor(inside)).double().numpy()
        start = network(torch.as_tensor(reference)).double().numpy().mean(axis=0)
    chosen = own_class(output)
    dense = expected_gradients(network, inside, reference, chosen, paths=PATHS, seed=seed)
    if output.shape[1] == 2:
        # Two classes: the log-odds of the positive one.
        output, start = output[:, 1:] - output[:, :1], start[1:] - start[:1]
    at, own = np.arange(len(X)), own_class(output)
    columns = np.zeros((X.shape[1], dense.shape[1]))
    columns[model.owner_, np.arange(dense.shape[1])] = 1.0
    values = dense @ columns.T
    base = start[own]
    return Explained(values, base, largest_gap(values, base, output[at, own]), "expected gradients")


@explain.register
def _(model: StackModel, X: pd.DataFrame, background: pd.DataFrame, seed: int) -> Explained:
    """Weighted mean of the members' contributions; for classes those of the heaviest member.

    Values add up in the unit of the target. Log-odds of some members and probabilities of others
    do not, and members may predict different classes.
    """
    weights = model.weights()
    if len(model.classes_):
        weights = {max(weights, key=lambda key: weights[key]): 1.0}
    parts = {key: explain(model.members[key], X, background, seed) for key in weights}
    return Explained(
        sum((w * parts[key].values for key, w in weights.items()), np.zeros(X.shape)),
        sum((w * parts[key].base for key, w in weights.items()), np.zeros(len(X))),
        sum(w * parts[key].gap for key, w in weights.items()),
        parts[next(iter(weights))].method if len(parts) == 1 else "weighted contributions",
    )
